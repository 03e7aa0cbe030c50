import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../server/config/load.ts';
import { scratch } from '../scratch.ts';

const on = { enabled: true, token: 'a-token' };
const says = { messageTemplate: 'a' };

async function faultsOf(file: object): Promise<string> {
  await using folder = await scratch();
  const path = join(folder.path, 'openclaw.json');
  await writeFile(path, JSON.stringify(file, undefined, 2));
  return loadConfig({ path, env: {} }).then(
    () => '',
    (error: Error) => error.message,
  );
}

describe('settings of hooks', () => {
  it.each([
    [{ enabled: true }, 'hooks.token: hooks are enabled, and there is no token'],
    [{ ...on, token: '' }, 'hooks.token: hooks are enabled'],
    [{ ...on, token: 'the-same' }, 'hooks.token: it is the same as gateway.auth.token'],
    [{ ...on, token: 'pass' }, 'hooks.token: it is the same as gateway.auth.password'],
    [{ ...on, path: '/' }, 'hooks.path: hooks need a path of their own'],
    [{ ...on, path: '' }, 'hooks.path: hooks need a path of their own'],
    [{ ...on, path: '/v1/hooks' }, 'hooks.path: "/v1" belongs to other routes'],
    [{ ...on, path: 'metrics' }, 'hooks.path: "/metrics" belongs'],
    [{ ...on, path: '/a/../v1' }, 'is no plain path'],
    [{ ...on, path: '/a?b' }, 'is no plain path'],
    [{ ...on, path: '/a//b' }, 'is no plain path'],
    [{ ...on, presets: ['github'] }, 'hooks.presets[0]: there is no preset of that name; there are: gmail'],
    [{ ...on, presets: ['gmail'] }, 'hooks.presets[0]: the session of each mail'],
    [{ ...on, transformsDir: '../elsewhere' }, 'hooks.transformsDir: it may not lead out'],
    [{ ...on, allowedSessionKeyPrefixes: ['x:'] }, 'hooks.allowedSessionKeyPrefixes: sessions without a key'],
    [
      { ...on, allowedSessionKeyPrefixes: ['x:'], defaultSessionKey: 'y' },
      'hooks.defaultSessionKey: it begins with none',
    ],
  ])('%j', async (hooks, fault) => {
    const text = await faultsOf({ gateway: { auth: { mode: 'token', token: 'the-same', password: 'pass' } }, hooks });
    expect(text).toContain(fault);
    expect(text).toMatch(/openclaw\.json:\d+:\d+ — hooks\./);
    expect(text).not.toContain('a-token');
  });

  it.each([
    [{}, 'messageTemplate: the action "agent" has nothing to say without it'],
    [{ action: 'wake', messageTemplate: 'a' }, 'textTemplate: the action "wake" has nothing to say'],
    [{ ...says, match: { path: '/wake/' } }, 'match.path: "wake" is answered by the gateway itself'],
    [{ messageTemplate: '{{a' }, 'messageTemplate: it has {{ without }}'],
    [{ messageTemplate: '{{#each a}}' }, 'messageTemplate: {{#each a}} is no place of a value'],
    [{ messageTemplate: '{{a.__proto__.b}}' }, 'is no place of a value'],
    [{ messageTemplate: '{{headers}}' }, 'is no place of a value'],
    [{ messageTemplate: '{{now.x}}' }, 'is no place of a value'],
    [{ ...says, sessionKey: 'hook:{{id}}' }, 'sessionKey: the sender has a say in it'],
    [{ ...says, sessionMode: 'persistent' }, 'sessionMode: a session that persists needs a name'],
    [{ ...says, agentId: 'nobody' }, 'agentId: there is no agent of that name; there are: main'],
    [{ ...says, forEach: 'a.b' }, 'forEach: it has to be the name of a list at the top'],
    [{ transform: {} }, 'transform: it needs a module'],
    [{ transform: { module: '../a.js' } }, 'transform.module: it has to be a .js'],
    [{ transform: { module: '/a.js' } }, 'transform.module: it has to be'],
    [{ transform: { module: 'https://a/b.js' } }, 'transform.module: it has to be'],
    [{ transform: { module: 'C:/a.js' } }, 'transform.module: it has to be'],
    [{ transform: { module: 'a.json' } }, 'transform.module: it has to be'],
    [{ ...says, signature: { scheme: 'github' } }, 'signature: it needs a secret'],
    [{ ...says, signature: { secret: 'a' } }, 'signature: it needs a scheme'],
    [
      { ...says, signature: { scheme: 'gitlab', secret: 'a' } },
      'signature.scheme: Invalid input: expected "github"|"stripe"',
    ],
    [
      { ...says, signature: { scheme: 'stripe', secret: 'a', toleranceSeconds: 0 } },
      'signature.toleranceSeconds: Invalid input: expected',
    ],
    [{ ...says, timeoutSeconds: 0 }, 'timeoutSeconds: Invalid input: expected'],
  ])('of a mapping: %j', async (mapping, fault) => {
    const text = await faultsOf({ hooks: { ...on, mappings: [{ ...says }, mapping] } });
    expect(text).toContain(fault);
    expect(text).toContain('hooks.mappings[1].');
  });

  it.each([
    [{ token: 'the-same' }],
    [{ ...on, path: 'in/coming/' }],
    [{ ...on, token: { source: 'env', provider: 'default', id: 'HOOKS' } }],
    [{ ...on, allowedSessionKeyPrefixes: [' ', 'Hook:'] }],
    [{ ...on, presets: ['gmail'], mappings: [{ ...says, match: { path: 'gmail' } }] }],
    [{ ...on, mappings: [{ transform: { module: 'a/b-c.mts', export: 'x' }, match: { source: 's' } }] }],
    [
      {
        ...on,
        mappings: [{ messageTemplate: '{{a}} {{ payload.b[0].c-d }} {{headers.X-Y}} {{query.z}} {{path}} {{now}}' }],
      },
    ],
    [{ gmail: { account: 'a@b.c' }, internal: { enabled: true } }],
  ])('are right: %j', async (hooks) => {
    expect(await faultsOf({ hooks })).toBe('');
  });
});
