import { expect, it } from 'vitest';
import { localServers } from '../../server/models/discover.ts';
import { dialects } from '../dialects.ts';
import { json, pieces, type Respond, startUpstream } from '../upstream.ts';
import { collect, createTestRegistry, hello, never, textOf } from './calling.ts';

const tags = (...names: string[]) => json(200, { models: names.map((name) => ({ name, model: name, size: 1 })) });
const list = (...ids: string[]) =>
  json(200, { object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'llamacpp' })) });

it('looks at the usual addresses of this machine', () => {
  expect(localServers).toEqual([
    { id: 'ollama', baseUrl: 'http://127.0.0.1:11434' },
    { id: 'lmstudio', baseUrl: 'http://127.0.0.1:1234/v1' },
    { id: 'llamacpp', baseUrl: 'http://127.0.0.1:8080/v1' },
  ]);
});

it('finds a server with its models and calls it', async () => {
  const ollama = dialects.find(({ api }) => api === 'ollama');
  const script: Respond = (seen, answer) =>
    seen.url === '/api/tags'
      ? tags('nomic-embed-text:latest', 'llama3.2:latest', 'qwen3:8b')(seen, answer)
      : pieces('application/x-ndjson', ollama?.text ?? [])(seen, answer);
  await using upstream = await startUpstream(script);
  await using registry = createTestRegistry({}, { servers: [{ id: 'ollama', baseUrl: upstream.url }] });
  expect(registry.fallback().model).toBe('builtin/guide');
  await registry.ready;
  expect(registry.fallback()).toEqual({
    model: 'ollama/llama3.2',
    reason: `Ollama answers on ${new URL(upstream.url).host} and has llama3.2`,
  });
  expect(registry.list().map(({ provider, id }) => `${provider}/${id}`)).toEqual([
    'ollama/llama3.2',
    'ollama/qwen3:8b',
    'ollama/nomic-embed-text',
    'builtin/guide',
  ]);
  expect(textOf(await collect(registry.find('qwen3:8b').stream(hello, never)))).toBe('Hello world');
  expect(upstream.requests.at(-1)).toMatchObject({ url: '/api/chat', body: { model: 'qwen3:8b' } });
});

it('prefers Ollama to LM Studio to llama.cpp, and any key to all of them', async () => {
  await using ollama = await startUpstream(tags('a'));
  await using lmstudio = await startUpstream(list('b'));
  await using llamacpp = await startUpstream(list('c'));
  const servers = [
    { id: 'ollama', baseUrl: ollama.url },
    { id: 'lmstudio', baseUrl: `${lmstudio.url}/v1` },
    { id: 'llamacpp', baseUrl: `${llamacpp.url}/v1` },
  ];
  const choose = async (from: typeof servers, env = {}) => {
    await using registry = createTestRegistry({}, { servers: from, env });
    await registry.ready;
    return registry.fallback().model;
  };
  expect(await choose(servers)).toBe('ollama/a');
  expect(await choose(servers.slice(1))).toBe('lmstudio/b');
  expect(await choose(servers.slice(2))).toBe('llamacpp/c');
  expect(await choose(servers, { OPENROUTER_API_KEY: 'k' })).toBe('openrouter/auto');
  expect(llamacpp.requests[0]?.url).toBe('/v1/models');
});

it.each<[string, Respond]>([
  ['another program', json(200, { hello: 'world' })],
  ['a web page', (_request, answer) => void answer.end('<html></html>')],
  ['an error', json(404, {})],
  ['a server without models', list()],
  ['a gateway of ours', json(200, { object: 'list', data: [{ id: 'openclaw', owned_by: 'openclaw' }] })],
  ['a redirect', (_request, answer) => void answer.writeHead(302, { location: '/v1/models' }).end()],
  ['a server that says nothing', () => undefined],
  ['an endless answer', (_request, answer) => void setInterval(() => answer.write('x'.repeat(100_000)), 1).unref()],
])('takes no notice of %s', async (_, script) => {
  await using upstream = await startUpstream(script);
  await using registry = createTestRegistry({}, { servers: [{ id: 'llamacpp', baseUrl: `${upstream.url}/v1` }] });
  await registry.ready;
  expect(registry.fallback().model).toBe('builtin/guide');
});

it('asks a configured server where it is, sends it no key, and keeps the models that are listed', async () => {
  await using upstream = await startUpstream(tags('found'));
  const usual = [{ id: 'ollama', baseUrl: 'http://127.0.0.1:1' }];
  const configured = { baseUrl: upstream.url, apiKey: 'ollama-cloud-key' };
  await using open = createTestRegistry({ models: { providers: { ollama: configured } } }, { servers: usual });
  await open.ready;
  expect(open.fallback()).toMatchObject({
    model: 'ollama/found',
    reason: expect.stringContaining('Ollama answers on'),
  });
  expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization');

  await using listed = createTestRegistry(
    { models: { providers: { ollama: { ...configured, models: [{ id: 'chosen' }] } } } },
    { servers: usual },
  );
  await listed.ready;
  expect(listed.fallback()).toEqual({ model: 'ollama/chosen', reason: 'models.providers.ollama is configured' });
});

it('asks no server elsewhere', async () => {
  const providers = { ollama: { baseUrl: 'http://ollama.example:11434' } };
  await using registry = createTestRegistry(
    { models: { providers } },
    { servers: [{ id: 'ollama', baseUrl: 'http://127.0.0.1:1' }] },
  );
  await registry.ready;
  expect(registry.fallback().model).toBe('builtin/guide');
});

it('stops looking when it is closed', async () => {
  await using upstream = await startUpstream(() => undefined);
  const registry = createTestRegistry({}, { servers: [{ id: 'ollama', baseUrl: upstream.url }] });
  const request = await upstream.request(0);
  await registry.close();
  await request.hungUp;
  await registry.ready;
});
