import { describe, expect, it } from 'vitest';
import { findUnknownEntries, profilesOf, resolveToolPolicy } from '../../server/agent/tools/policy.ts';
import { isWildcardMatch } from '../../server/agent/tools/wildcard.ts';
import type { ToolPolicySetting } from '../../server/config/config.ts';

const names = ['read', 'write', 'edit', 'sessions_list', 'sessions_history', 'session_status', 'agents_list'];

function left(gateway?: ToolPolicySetting, agent?: ToolPolicySetting): string[] {
  const policy = resolveToolPolicy([
    { place: 'tools', setting: gateway },
    { place: 'agents.entries.a.tools', setting: agent },
  ]);
  return names.filter((name) => policy.refusal(name) === undefined);
}

describe('a pattern', () => {
  it.each<[string, string, boolean]>([
    ['*', '', true],
    ['*', 'read', true],
    ['re*', 'read', true],
    ['*ad', 'read', true],
    ['r*d', 'read', true],
    ['r*a*d', 'read', true],
    ['**', 'read', true],
    ['read*read', 'read', false],
    ['re*ead', 'read', false],
    ['r.*d', 'read', false],
    ['r*x', 'read', false],
    ['ab*ab*ab', 'abab', false],
    ['a*bc*c', 'abc', false],
    ['a*bc*c', 'abcbcc', true],
  ])('%s and %s', (pattern, name, expected) => {
    expect(isWildcardMatch(pattern, name)).toBe(expected);
  });

  it('of many stars is decided at once', () => {
    expect(isWildcardMatch(`${'a*'.repeat(200)}b`, 'a'.repeat(100_000))).toBe(false);
  });
});

describe('a tool policy', () => {
  it('allows everything when it says nothing', () => {
    expect(left()).toEqual(names);
    expect(left({ allow: [] }, { deny: [] })).toEqual(names);
  });

  it.each<[string, ToolPolicySetting, string[]]>([
    ['a name', { allow: ['read'] }, ['read']],
    ['any case, and blanks', { allow: [' READ '] }, ['read']],
    ['a group', { allow: ['group:fs'] }, ['read', 'write', 'edit']],
    ['a pattern', { allow: ['session*'] }, ['sessions_list', 'sessions_history', 'session_status']],
    ['all but a group', { deny: ['group:sessions'] }, ['read', 'write', 'edit', 'agents_list']],
    ['deny before allow', { allow: ['group:fs'], deny: ['write'] }, ['read', 'edit']],
    ['a profile', { profile: 'minimal' }, ['session_status']],
    ['a wider profile', { profile: 'messaging' }, ['sessions_list', 'sessions_history', 'session_status']],
    ['a profile and more', { profile: 'minimal', alsoAllow: ['read'] }, ['read', 'session_status']],
    ['nothing that is not there', { allow: ['exec'] }, []],
    [
      'built-in tools',
      { allow: ['group:openclaw'] },
      ['sessions_list', 'sessions_history', 'session_status', 'agents_list'],
    ],
    ['a dot that is no pattern', { allow: ['rea.'] }, []],
  ])('understands %s', (_what, setting, expected) => {
    expect(left(setting)).toEqual(expected);
    expect(left(undefined, setting)).toEqual(expected);
  });

  it('gives an agent no more than the gateway does', () => {
    expect(left({ allow: ['group:fs'] }, { allow: ['read', 'sessions_list'] })).toEqual(['read']);
    expect(left({ deny: ['write'] }, { allow: ['write', 'edit'] })).toEqual(['edit']);
    expect(left({ profile: 'minimal' }, { profile: 'coding', deny: ['group:sessions'] })).toEqual([
      'read',
      'write',
      'edit',
    ]);
  });

  it('says which line refuses a tool', () => {
    const reason = (setting: ToolPolicySetting) => resolveToolPolicy([{ place: 'tools', setting }]).refusal('write');
    expect(reason({ deny: ['group:fs'] })).toBe('tools.deny names it');
    expect(reason({ allow: ['read'] })).toBe('tools.allow does not name it');
    expect(reason({ profile: 'minimal' })).toBe('the profile "minimal" (tools.profile) does not include it');
  });

  it('notices entries that mean nothing', () => {
    const setting = { allow: ['exec', 'group:web', 'sesions_list', 'x*'], deny: ['group:nothing', 'read'] };
    expect(findUnknownEntries([{ place: 'tools', setting }], names)).toEqual([
      'tools.allow: "sesions_list"',
      'tools.deny: "group:nothing"',
    ]);
  });

  it('knows the profiles of a tool', () => {
    expect(profilesOf('session_status')).toEqual(['minimal', 'coding', 'messaging', 'full']);
    expect(profilesOf('write')).toEqual(['coding', 'full']);
    expect(profilesOf('agents_list')).toEqual(['full']);
  });
});
