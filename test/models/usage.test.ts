import { expect, it } from 'vitest';
import type { Usage } from '../../sdk/protocol/usage.ts';
import { dialects } from '../dialects.ts';
import { chunk, pieces, startUpstream } from '../upstream.ts';
import { collect, createRegistryWith, hello, never } from './calling.ts';

/** The usage of a call that is answered with these pieces. */
async function usageOf(api: string, text: readonly string[]): Promise<Usage> {
  const dialect = dialects.find((each) => each.api === api) ?? dialects[0];
  if (!dialect) throw new Error('no dialect');
  await using upstream = await startUpstream(pieces(dialect.type, text));
  await using registry = createRegistryWith({ api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: 'k' });
  const last = (await collect(registry.find('test/model-1').stream(hello, never))).at(-1);
  if (last?.type !== 'finish') throw new Error(`ended with ${JSON.stringify(last)}`);
  return last.usage;
}

const textOf = (api: string) => dialects.find((dialect) => dialect.api === api)?.text ?? [];

it.each<[string, Usage]>([
  ['openai-completions', { input: 5, cacheRead: 2, output: 3, reasoning: 1, total: 10 }],
  ['openai-responses', { input: 5, cacheRead: 2, output: 3, reasoning: 1, total: 10 }],
  ['anthropic-messages', { input: 5, cacheRead: 2, cacheWrite: 0, output: 3, total: 10 }],
  ['google-generative-ai', { input: 5, cacheRead: 2, output: 3, reasoning: 1, total: 10 }],
  ['ollama', { input: 7, output: 3, total: 10 }],
])('%s tells what was read, cached, thought and written', async (api, usage) => {
  expect(await usageOf(api, textOf(api))).toMatchObject(usage);
});

const sse = (...events: unknown[]) => [
  ...events.map((event) => `data: ${JSON.stringify(event)}\n\n`),
  'data: [DONE]\n\n',
];
const counts = (output: number) => ({
  usage: { prompt_tokens: 7, completion_tokens: output, total_tokens: 7 + output },
});
const stop = { finish_reason: 'stop' };

it.each<[string, string[], Partial<Usage>]>([
  [
    'with every piece, growing',
    sse(
      { ...chunk({ content: 'a' }), ...counts(1) },
      { ...chunk({ content: 'b' }), ...counts(2) },
      { ...chunk({}, stop), ...counts(3) },
    ),
    { input: 7, output: 3, total: 10 },
  ],
  ['beside the finish', sse(chunk({ content: 'a' }), { ...chunk({}, stop), ...counts(3) }), { input: 7, output: 3 }],
  [
    'after the finish, without choices',
    sse(chunk({ content: 'a' }), chunk({}, stop), { ...chunk({}), choices: [], ...counts(3) }),
    { input: 7, output: 3 },
  ],
  [
    'before the text',
    sse({ ...chunk({ role: 'assistant' }), ...counts(3) }, chunk({ content: 'a' }), chunk({}, stop)),
    { input: 7, output: 3 },
  ],
  [
    'null until the end',
    sse({ ...chunk({ content: 'a' }), usage: null }, { ...chunk({}, stop), ...counts(3) }),
    { input: 7, output: 3 },
  ],
  ['nowhere: nothing is guessed', sse(chunk({ content: 'a' }), chunk({}, stop)), { input: 0, output: 0, total: 0 }],
  [
    'with the cached tokens in a member of DeepSeek',
    sse(chunk({ content: 'a' }), {
      ...chunk({}, stop),
      usage: { prompt_tokens: 7, completion_tokens: 3, prompt_cache_hit_tokens: 4 },
    }),
    { input: 3, cacheRead: 4, output: 3, total: 10 },
  ],
])('usage that a server of chat completions tells %s', async (_, text, usage) => {
  expect(await usageOf('openai-completions', text)).toMatchObject(usage);
});
