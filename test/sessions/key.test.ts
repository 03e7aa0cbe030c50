import { describe, expect, it } from 'vitest';
import { parseSessionKey } from '../../server/sessions/key.ts';

const defaults = { agentId: 'main', mainKey: 'main' };

describe('a session key', () => {
  it.each([
    ['main', 'agent:main:main'],
    ['work', 'agent:main:work'],
    ['agent:ops:x:y', 'agent:ops:x:y'],
    ['  spaced  ', 'agent:main:spaced'],
    ['agent:ops: \u2003x', 'agent:ops:x'],
  ])('%s is %s', (text, key) => {
    expect(parseSessionKey(text, defaults).key).toBe(key);
  });

  it('takes the agent it is given, and the configured main key', () => {
    expect(parseSessionKey('main', { ...defaults, mainKey: 'home' }, 'ops').key).toBe('agent:ops:home');
  });

  it.each(['', '   ', 'agent:', 'agent:x', 'agent:x:', 'new\nline'])('refuses %j', (text) => {
    expect(() => parseSessionKey(text, defaults)).toThrow(/malformed/);
  });

  it("refuses another agent's key", () => {
    expect(() => parseSessionKey('agent:ops:x', defaults, 'main')).toThrow(/belongs to agent "ops"/);
  });
});
