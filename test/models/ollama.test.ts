import { expect, it } from 'vitest';
import type { ProviderConfig } from '../../server/config/provider-config.ts';
import type { ModelRequest } from '../../server/models/provider.ts';
import { json, pieces, startUpstream } from '../upstream.ts';
import { collect, createRegistryWith, hello, never } from './calling.ts';

const tool = (name: string) => ({ name, description: name, parameters: { type: 'object' } });
const line = (message: object, more: object = {}) => `${JSON.stringify({ message, done: false, ...more })}\n`;

async function bodyOf(request: ModelRequest, provider: ProviderConfig = {}) {
  await using upstream = await startUpstream(pieces('application/x-ndjson', [line({ content: 'Hi' }, { done: true })]));
  await using registry = createRegistryWith({ api: 'ollama', baseUrl: `${upstream.url}/v1`, ...provider });
  await collect(registry.find('test/llama3.2:3b').stream(request, never));
  expect(upstream.requests[0]?.url).toBe('/api/chat');
  return upstream.requests[0]?.body;
}

it('asks for the context length that the configuration names, and for none otherwise', async () => {
  const models = [{ id: 'llama3.2:3b', contextWindow: 32_768 }];
  expect(await bodyOf(hello, { models })).toMatchObject({ model: 'llama3.2:3b', options: { num_ctx: 32_768 } });
  expect((await bodyOf(hello))?.options).toEqual({});
});

it('turns thinking on, off and to a level', async () => {
  const think = async (thinking?: string) => (await bodyOf({ ...hello, thinking }))?.think;
  expect([await think(), await think('off'), await think('high'), await think('xhigh')]).toEqual([
    undefined,
    false,
    'high',
    true,
  ]);
});

it('offers only the tools that the choice leaves', async () => {
  const request = { ...hello, tools: [tool('look'), tool('jump')] };
  const names = async (toolChoice: ModelRequest['toolChoice']) =>
    ((await bodyOf({ ...request, toolChoice }))?.tools as { function: { name: string } }[] | undefined)?.map(
      (one) => one.function.name,
    );
  expect(await names('auto')).toEqual(['look', 'jump']);
  expect(await names({ name: 'jump' })).toEqual(['jump']);
  expect(await names('none')).toBeUndefined();
});

it('holds the answer to a schema', async () => {
  expect(await bodyOf({ ...hello, responseFormat: { type: 'json', schema: { type: 'object' } } })).toMatchObject({
    format: { type: 'object' },
  });
  expect(await bodyOf({ ...hello, responseFormat: { type: 'json' } })).toMatchObject({ format: 'json' });
});

it('gives thinking as reasoning and a cut answer as cut', async () => {
  const script = pieces('application/x-ndjson', [
    line({ thinking: 'Hm.' }),
    // The last line lacks its line break.
    line({ content: 'Hel' }, { done: true, done_reason: 'length', prompt_eval_count: 2, eval_count: 1 }).trimEnd(),
  ]);
  await using upstream = await startUpstream(script);
  await using registry = createRegistryWith({ api: 'ollama', baseUrl: upstream.url });
  expect(await collect(registry.find('test/m').stream(hello, never))).toEqual([
    { type: 'reasoning', delta: 'Hm.' },
    { type: 'text', delta: 'Hel' },
    { type: 'finish', reason: 'length', usage: { input: 2, output: 1, total: 3 } },
  ]);
});

it('embeds', async () => {
  await using upstream = await startUpstream(
    json(200, {
      embeddings: [
        [1, 0],
        [0, 1],
      ],
      prompt_eval_count: 4,
    }),
  );
  await using registry = createRegistryWith({ api: 'ollama', baseUrl: upstream.url });
  const answer = await registry.embed('test/nomic-embed-text', { inputs: ['a', 'b'] }, never);
  expect(answer).toEqual({
    vectors: [Float32Array.of(1, 0), Float32Array.of(0, 1)],
    inputTokens: 4,
    model: 'test/nomic-embed-text',
  });
  expect(upstream.requests[0]).toMatchObject({
    url: '/api/embed',
    body: { model: 'nomic-embed-text', input: ['a', 'b'] },
  });
});
