import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { formsOf } from '../../server/log/secret-forms.ts';
import { makeDevice } from '../auth/device.ts';
import { authOf, connectDevice } from '../device-client.ts';
import { startTestGateway, token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { refuse } from '../upstream.ts';

const secrets = {
  'token of the gateway': token,
  'key in the file': 'key-in "the" file/0123456789',
  'key from the environment': 'key+from=the&environment-0123',
  'key from a file of its own': 'key-from-a-file-of-its-own-0123',
  'key from a program': 'key-from-a-program-0123456789',
  'header of a provider': 'header-of-a-provider-0123456789',
  'token of hooks': 'token-of-hooks-0123456789',
  'secret that signs': 'whsec_c2VjcmV0IHRoYXQgc2lnbnMgaG9va3M=',
};

/** A gateway that knows secrets from everywhere. */
async function open() {
  const folder = await scratch();
  const at = (name: string) => join(folder.path, name);
  await writeFile(at('one.json'), JSON.stringify({ key: secrets['key from a file of its own'] }), { mode: 0o600 });
  const answer = JSON.stringify({ protocolVersion: 1, values: { key: secrets['key from a program'] } });
  await writeFile(at('reader'), `#!/bin/sh\ncat >/dev/null\necho '${answer}'\n`, { mode: 0o700 });
  const provider = (apiKey: unknown, more: object = {}) => ({ baseUrl: 'http://127.0.0.1:1/v1', apiKey, ...more });
  const config = {
    secrets: {
      providers: { file: { source: 'file', path: at('one.json') }, vault: { source: 'exec', command: at('reader') } },
    },
    models: {
      providers: {
        plain: provider(secrets['key in the file'], { headers: { 'x-any': secrets['header of a provider'] } }),
        env: provider('$PROVIDER_KEY'),
        file: provider({ source: 'file', provider: 'file', id: '/key' }),
        exec: provider({ source: 'exec', provider: 'vault', id: 'key' }),
      },
    },
    hooks: {
      enabled: true,
      token: secrets['token of hooks'],
      mappings: [
        {
          match: { path: 'signed' },
          messageTemplate: 'x',
          signature: { scheme: 'standard-webhooks', secret: secrets['secret that signs'] },
        },
      ],
    },
  } as unknown as Config;
  const env = { PROVIDER_KEY: secrets['key from the environment'] };
  const gateway = await startTestGateway({ config, env });
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Where a secret shows, by the name of the surface. */
function findLeaks(secret: string, told: ReadonlyMap<string, string>): string[] {
  return [...told]
    .filter(([, text]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([surface]) => surface);
}

describe('a secret that the gateway knows', () => {
  it('is told by no surface, whatever is fed with it', { timeout: 60_000 }, async () => {
    await using house = await open();
    const { gateway } = house;
    await using client = await openSocket(gateway.url);
    const device = await connectDevice(gateway, makeDevice(), { params: { auth: { token } } });
    const known = { ...secrets, 'token of a device': authOf(device).deviceToken ?? '' };
    expect(Object.values(known).every((secret) => secret.length >= 20)).toBe(true);
    const told = new Map<string, string>();
    const ask = async (surface: string, method: string, params: object) =>
      told.set(surface, JSON.stringify(await client.answer(client.send(method, params))));
    const fetched = async (surface: string, path: string, init: RequestInit = {}) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers };
      const response = await fetch(`${gateway.http}${path}`, { ...init, headers });
      told.set(surface, `${[...response.headers].join()} ${await response.text()}`);
    };
    const post = (body: unknown, headers: Record<string, string> = {}) => ({
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers,
    });
    for (const [name, secret] of Object.entries(known)) {
      const url = encodeURIComponent(secret);
      await ask(`${name}: WS error`, 'sessions.resolve', { key: `agent:main:${secret}` });
      await ask(`${name}: WS unknown method`, secret, {});
      await ask(`${name}: WS unknown field`, 'health', { [secret]: secret });
      await ask(`${name}: WS unknown model`, 'sessions.create', { key: 'agent:main:x', model: `${secret}/one` });
      await ask(`${name}: config.patch`, 'config.patch', { raw: `{ nonsense: '${secret}'`, baseHash: 'x' });
      await ask(`${name}: system-event`, 'system-event', { text: `Node: ${secret}` });
      await fetched(`${name}: HTTP path`, `/v1/${url}`);
      await fetched(`${name}: HTTP query`, `/v1/nothing?token=${url}&x=${url}`);
      await fetched(`${name}: HTTP base64 path`, `/v1/${Buffer.from(`user:${secret}`).toString('base64url')}`);
      await fetched(
        `${name}: HTTP model`,
        '/v1/chat/completions',
        post({ model: `openclaw/${secret}`, messages: [{ role: 'user', content: 'x' }] }),
      );
      await fetched(`${name}: HTTP field`, '/v1/chat/completions', post({ model: 'openclaw', messages: secret }));
      await fetched(`${name}: HTTP broken body`, '/v1/responses', post(`{"${secret}`));
      await fetched(`${name}: HTTP tool`, '/tools/invoke', post({ tool: secret, args: {} }));
      await fetched(`${name}: HTTP rpc`, `/rpc/${url}`);
      await fetched(
        `${name}: hook path`,
        `/hooks/${url}`,
        post({ text: secret }, { authorization: `Bearer ${secrets['token of hooks']}` }),
      );
      await fetched(
        `${name}: hook signature`,
        '/hooks/signed',
        post({ text: 'x' }, { 'webhook-signature': `v1,${url}`, 'webhook-id': 'x', 'webhook-timestamp': '1' }),
      );
      await fetched(`${name}: wrong credential`, '/v1/models', { headers: { authorization: `Bearer x${url}` } });
      gateway.upstream.answer(refuse(401, `the key ${secret} is wrong, so is ${url}`));
      await fetched(
        `${name}: provider`,
        '/v1/chat/completions',
        post({ model: 'openclaw', messages: [{ role: 'user', content: 'x' }] }),
      );
      gateway.upstream.answer(refuse(400, `the key ${JSON.stringify(secret)} is wrong`));
      const id = client.send('agent', { message: 'Hello', agentId: 'main', idempotencyKey: `run ${name}` });
      told.set(`${name}: run`, JSON.stringify(await client.answer(id, 1)));
    }
    for (const method of [
      'config.get',
      'health',
      'status',
      'logs.tail',
      'diagnostics.stability',
      'models.list',
      'secrets.reload',
    ])
      await ask(method, method, {});
    await ask('system-presence', 'system-presence', {});
    await gateway.close();
    told.set('log', await readFile(gateway.logFile, 'utf8'));
    expect(told.get('log')).toContain('refused');
    for (const [name, secret] of Object.entries(known)) expect([name, findLeaks(secret, told)]).toEqual([name, []]);
  });
});
