import { readFile, writeFile } from 'node:fs/promises';
import JSON5 from 'json5';
import { describe, expect, it } from 'vitest';
import type { ConfigSchemaNode } from '../../sdk/protocol/config-schema.ts';
import type { ConfigSnapshot, ConfigWritten } from '../../sdk/protocol/config-state.ts';
import { type startTestGateway, token, upstreamKey } from '../gateway.ts';
import { openRoom } from '../room.ts';
import { faultsOf } from '../wire/schema.ts';

const mark = '__OPENCLAW_REDACTED__';

async function open(options: Parameters<typeof startTestGateway>[0] = {}) {
  const room = await openRoom(options);
  const { client, gateway } = room;
  return {
    ...room,
    hash: async () => (await client.call<ConfigSnapshot>('config.get')).hash,
    read: async () => JSON5.parse(await readFile(gateway.paths.configPath, 'utf8')),
    async patch(change: unknown, more: object = {}) {
      return client.call<ConfigWritten>('config.patch', {
        raw: JSON5.stringify(change),
        baseHash: await this.hash(),
        ...more,
      });
    },
  };
}

describe('config.patch', () => {
  it('answers what changed, tells it to clients, and keeps who and when', async () => {
    await using house = await open();
    const { client, gateway } = house;
    const raw = "{ agents: { entries: { main: { default: true }, two: { name: 'Two' } } } }";
    const baseHash = await house.hash();
    const written = await client.call<ConfigWritten>('config.patch', { raw, baseHash, note: 'a second one' });
    expect(written).toEqual({
      ok: true,
      path: gateway.paths.configPath,
      hash: await house.hash(),
      config: expect.objectContaining({ agents: expect.anything() }),
      changedPaths: ['agents.entries.main.default', 'agents.entries.two.name'],
      sentinel: {
        persisted: true,
        payload: {
          kind: 'config-patch',
          status: 'ok',
          ts: expect.any(Number),
          message: 'a second one',
          stats: { requiresRestart: false },
        },
      },
    });
    const told = await client.until('config.changed', () => client.told('config.changed')[0]);
    expect(told).toEqual({ path: gateway.paths.configPath, hash: written.hash, ts: expect.any(Number) });
    const changed = await client.until('chat.metadata.changed', () => client.told('chat.metadata.changed')[0]);
    expect(changed).toEqual({});
    expect(await client.call('config.revisions.list')).toMatchObject({
      revisions: [{ note: 'a second one', by: expect.stringMatching(/^token /) }, { by: 'file' }],
    });
  });

  it('is in effect at once: agents, models, runs and the lists over HTTP', async () => {
    await using house = await open();
    const { client, gateway } = house;
    const provider = { baseUrl: `${gateway.upstream.url}/v1`, apiKey: upstreamKey, models: [{ id: 'two' }] };
    await house.patch({
      models: { providers: { second: provider } },
      agents: { entries: { main: { default: true }, writer: { model: 'second/two' } } },
      session: { mainKey: 'home' },
    });
    const { agents, mainKey } = await client.call<{ agents: { id: string }[]; mainKey: string }>('agents.list');
    expect([agents.map(({ id }) => id), mainKey]).toEqual([['main', 'writer'], 'home']);
    const { models } = await client.call<{ models: { provider: string; id: string }[] }>('models.list');
    expect(models.map(({ provider: name, id }) => `${name}/${id}`)).toContain('second/two');
    const headers = { authorization: `Bearer ${token}` };
    const listed = (await (await fetch(`${gateway.http}/v1/models`, { headers })).json()) as { data: { id: string }[] };
    expect(listed.data.map(({ id }) => id)).toContain('openclaw/writer');
    const body = JSON.stringify({ model: 'openclaw/writer', messages: [{ role: 'user', content: 'hi' }] });
    const answer = await fetch(`${gateway.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'Hello from upstream' } }] });
    await house.patch({ gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } });
    expect((await fetch(`${gateway.http}/v1/chat/completions`, { method: 'POST', headers, body })).status).toBe(404);
  });

  it('without a change is a noop: no write, no other hash, no event', async () => {
    await using house = await open();
    const before = await readFile(house.gateway.paths.configPath, 'utf8');
    const hash = await house.hash();
    expect(await house.patch({})).toMatchObject({ ok: true, noop: true, hash, changedPaths: [] });
    expect(await readFile(house.gateway.paths.configPath, 'utf8')).toBe(before);
    expect(await house.client.call('config.revisions.list')).toEqual({ revisions: [] });
  });

  it.each([
    ['no base', { raw: '{}', baseHash: undefined }, /^config base hash required/],
    [
      'a stale base',
      { raw: '{}', baseHash: 'stale' },
      /^config changed since last load; re-run config\.get and retry$/,
    ],
    ['no object', { raw: '[]' }, /must be an object/],
    ['a list that would lose entries', { raw: '{ models: { providers: { up: null } } }' }, /replacePaths/],
    ['an unknown member', { raw: '{}', force: true }, /force/],
    ['an empty text', { raw: '' }, /raw/],
    ['a negative delay', { raw: '{}', restartDelayMs: -1 }, /restartDelayMs/],
  ])('refuses %s', async (_, params, message) => {
    await using house = await open();
    const baseHash = await house.hash();
    const error = await house.client.refused('config.patch', { baseHash, ...params });
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message).toMatch(message);
  });

  it('names each fault by its path', async () => {
    await using house = await open();
    const raw = "{ gateway: { port: 'x' }, session: { nonsense: 1 } }";
    const error = await house.client.refused('config.patch', { raw, baseHash: await house.hash() });
    expect(error.details).toMatchObject({
      issues: [
        { path: 'gateway.port', message: expect.any(String) },
        { path: 'session.nonsense', message: expect.any(String) },
      ],
    });
  });

  it('says when a restart is needed, and asks for none where it is not', async () => {
    await using house = await open();
    const edited = await house.patch({ gateway: { port: 4711 } });
    expect(edited.sentinel?.payload.stats.requiresRestart).toBe(true);
    const hot = await house.patch({ session: { mainKey: 'home' } }, { restartDelayMs: 0 });
    expect(hot.restart).toBeUndefined();
    // Nobody runs this gateway who could restart it; the write counts all the same.
    const cold = await house.patch({ gateway: { port: 4712 } }, { restartDelayMs: 0 });
    expect(cold).toMatchObject({ ok: true, restart: { ok: false, error: { code: 'UNAVAILABLE' } } });
    expect((await house.read()).gateway.port).toBe(4712);
  });
});

describe('config.set and config.apply', () => {
  it.each(['config.set', 'config.apply'])('%s takes what config.get shows, and keeps the secrets', async (method) => {
    await using house = await open();
    const before = await house.read();
    const { parsed, hash } = await house.client.call<ConfigSnapshot>('config.get');
    const raw = `// mine\n${JSON5.stringify({ ...(parsed as object), session: { mainKey: 'home' } }, undefined, 2)}`;
    const written = await house.client.call<ConfigWritten>(method, { raw, baseHash: hash });
    expect(written.ok).toBe(true);
    expect(await house.read()).toEqual({ ...before, session: { mainKey: 'home' } });
    expect(await readFile(house.gateway.paths.configPath, 'utf8')).toMatch(/^\/\/ mine\n/);
    if (method === 'config.apply') expect(written.sentinel?.payload.kind).toBe('config-apply');
    const stale = await house.client.refused(method, { raw, baseHash: hash });
    expect(stale.message).toBe('config changed since last load; re-run config.get and retry');
    expect((await house.client.refused(method, { raw })).message).toMatch(/^config base hash required/);
    const half = await house.client.refused(method, { raw: '{}', baseHash: written.hash });
    expect(half.message).toContain('allowDestructive');
  });
});

describe('config.get', () => {
  it('shows an edit by hand, and what is in effect beside it', async () => {
    await using house = await open();
    const first = await house.client.call<ConfigSnapshot>('config.get');
    expect(first.configRevisionHash).toBe(first.appliedConfigHash);
    await writeFile(house.gateway.paths.configPath, "{ session: { mainKey: 'hand' } }");
    const second = await house.client.call<ConfigSnapshot>('config.get');
    expect(second).toMatchObject({ config: { session: { mainKey: 'hand' } }, valid: true });
    expect(second.runtimeConfig).not.toHaveProperty('session');
    expect(second.hash).not.toBe(first.hash);
    expect(second.appliedConfigHash).toBe(first.appliedConfigHash);
    await writeFile(house.gateway.paths.configPath, '{ session: ');
    expect(await house.client.call('config.get')).toMatchObject({ valid: false, issues: [{ path: '' }] });
  });

  it('has a hash of its own for each gateway, so that short secrets cannot be tried out', async () => {
    await using one = await open();
    await using other = await open();
    const text = "{ gateway: { auth: { mode: 'token', token: 'a-token-for-tests-only' } } }";
    for (const { gateway } of [one, other]) await writeFile(gateway.paths.configPath, text);
    expect(await one.hash()).toMatch(/^hmac-sha256:v1:[\w-]{43}$/);
    expect(await one.hash()).not.toBe(await other.hash());
  });
});

describe('config.schema', () => {
  it('has every key with a title, and hints for those that matter', async () => {
    await using house = await open();
    const schema = await house.client.call<{ schema: object; uiHints: Record<string, object> }>('config.schema');
    expect(faultsOf('ConfigSchemaResponse', schema)).toEqual([]);
    expect(schema.schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        gateway: {
          title: 'Gateway',
          properties: { port: { title: 'Port', type: 'integer', minimum: 1, maximum: 65_535 } },
        },
      },
    });
    expect(schema.uiHints['models.providers.*.apiKey']).toMatchObject({ label: 'API key', sensitive: true });
    expect(schema.uiHints['channels.telegram.botToken']).toMatchObject({ sensitive: true, advanced: true });
    expect(Object.keys(schema.uiHints).length).toBeGreaterThan(1000);
  });

  it.each([
    ['gateway.port', { path: 'gateway.port', reloadKind: 'restart', children: [] }],
    ['agents.entries.main.model', { path: 'agents.entries.*.model', reloadKind: 'hot' }],
    ['models.providers.*.models[].id', { path: 'models.providers.*.models[].id', schema: { type: 'string' } }],
    ['models.providers.up.models[0]', { path: 'models.providers.*.models[]' }],
    ['gateway/remote', { path: 'gateway.remote', reloadKind: 'none' }],
    ['gateway.auth.rateLimit', { reloadKind: 'hot' }],
    ['gateway.http.securityHeaders.strictTransportSecurity', { reloadKind: 'hot' }],
    ['diagnostics.enabled', { reloadKind: 'hot' }],
    ['.', { path: '.' }],
  ])('looks up %s', async (path, expected) => {
    await using house = await open();
    const found = await house.client.call<ConfigSchemaNode>('config.schema.lookup', { path });
    expect(faultsOf('ConfigSchemaLookupResult', found)).toEqual([]);
    expect(found).toMatchObject(expected);
    // A path may not hold the `$` of the one key `$schema`.
    for (const { path: below } of found.children.filter(({ key }) => !key.startsWith('$')))
      expect(await house.client.call('config.schema.lookup', { path: below })).toMatchObject({ path: below });
  });

  it('knows no other path', async () => {
    await using house = await open();
    for (const path of ['gateway.prot', 'nonsense', 'gateway.port.deeper', '__proto__', 'constructor.name']) {
      const error = await house.client.refused('config.schema.lookup', { path });
      expect([error.code, error.message]).toEqual(['INVALID_REQUEST', 'config schema path not found']);
    }
    for (const path of ['', 'a b', 'a'.repeat(1025)])
      expect((await house.client.refused('config.schema.lookup', { path })).code).toBe('INVALID_REQUEST');
  });
});

describe('config.rollback', () => {
  it('writes an earlier state again', async () => {
    await using house = await open();
    const before = await house.read();
    await house.patch({ session: { mainKey: 'one' } });
    const { revisions } = await house.client.call<{ revisions: { id: number }[] }>('config.revisions.list');
    const revision = revisions.at(-1)?.id;
    const written = await house.client.call<ConfigWritten>('config.rollback', { revision });
    expect(written.changedPaths).toEqual(['session.mainKey']);
    expect(await house.read()).toEqual(before);
    expect((await house.client.refused('config.rollback', { revision: 4711 })).message).toContain('no revision 4711');
  });
});

describe('secrets', () => {
  it('are reloaded and resolved, and unknown targets refused', async () => {
    const apiKey = { source: 'env', provider: 'default', id: 'UP_KEY' } as unknown as string;
    const providers = {
      byEnv: { baseUrl: 'http://127.0.0.1:1/v1', apiKey },
      plain: { baseUrl: 'http://127.0.0.1:1/v1' },
    };
    await using house = await open({ env: { UP_KEY: 'from-the-environment' }, config: { models: { providers } } });
    const { client } = house;
    expect(await client.call('secrets.reload')).toEqual({ ok: true, warningCount: 0 });
    const asked = { commandName: 'a test', targetIds: ['models.providers.*.apiKey'] };
    const resolved = await client.call<object>('secrets.resolve', asked);
    expect(faultsOf('SecretsResolveResult', resolved)).toEqual([]);
    expect(resolved).toEqual({
      ok: true,
      assignments: [
        {
          path: 'models.providers.byEnv.apiKey',
          pathSegments: ['models', 'providers', 'byEnv', 'apiKey'],
          value: 'from-the-environment',
        },
      ],
      diagnostics: [],
      inactiveRefPaths: [],
    });
    const error = await client.refused('secrets.resolve', { ...asked, targetIds: ['nonsense'] });
    expect(error.message).toMatch(/^invalid secrets\.resolve params: unknown target id "nonsense"/);
  });

  it('are in no answer, no error, no event and no log line, whichever method they are given to', async () => {
    await using house = await open();
    const { client, gateway } = house;
    const secret = 'sk-hush-hush-0123456789abcdef';
    const provider = { baseUrl: 'http://127.0.0.1:1/v1', apiKey: secret, headers: { 'X-Key': secret } };
    const change = { models: { providers: { hush: provider } } };
    const told: unknown[] = [];
    const ask = async (method: string, params: object) => told.push(await client.answer(client.send(method, params)));
    const current = async () => ({ ...(await house.read()), ...change });
    for (const [method, content] of [
      ['config.patch', change],
      ['config.patch', { gateway: { auth: { token: { secret } } } }],
      ['config.patch', { models: { providers: { hush: { nonsense: secret } } } }],
      ['config.patch', { models: { providers: { hush: { apiKey: `${mark}${secret}` } } } }],
      ['config.set', await current()],
      ['config.apply', await current()],
    ] as const)
      await ask(method, { raw: JSON5.stringify(content), baseHash: await house.hash() });
    await ask('config.patch', { raw: `{ apiKey: '${secret}`, baseHash: await house.hash() });
    for (const method of ['config.get', 'config.schema', 'config.revisions.list', 'secrets.reload', 'models.list'])
      await ask(method, {});
    await ask('config.rollback', { revision: 1 });
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(JSON.stringify(client.events)).not.toContain(secret);
    expect(await readFile(gateway.logFile, 'utf8')).not.toContain(secret);
    expect((await house.read()).models.providers.up.apiKey).toBe(upstreamKey);
  });
});
