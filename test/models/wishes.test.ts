import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../server/config/provider-config.ts';
import type { ModelRequest } from '../../server/models/provider.ts';
import { type Dialect, dialects } from '../dialects.ts';
import { pieces, startUpstream } from '../upstream.ts';
import { collect, createTestRegistry, hello, never } from './calling.ts';

/*
 * What each API is asked for, member by member: docs/models.md, "What reaches the provider". A wish that an API does not
 * have is not in its body under any name.
 */

type Body = Record<string, unknown>;

async function ask(
  dialect: Dialect,
  request: Partial<ModelRequest>,
  { provider, defaults, model = 'model-1' }: { provider?: ProviderConfig; defaults?: object; model?: string } = {},
) {
  await using upstream = await startUpstream(pieces(dialect.type, dialect.text));
  const test = { api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: 'key-of-the-test', ...provider };
  await using registry = createTestRegistry({ agents: { defaults }, models: { providers: { test } } });
  await collect(registry.find(`test/${model}`).stream({ ...hello, ...request }, never));
  const { body, headers } = await upstream.request(0);
  return { body: body as Body, headers, log: registry.log.lines };
}

const dialectOf = (api: string) => dialects.find((dialect) => dialect.api === api) as Dialect;
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const look = { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} } };
const json = { type: 'json' as const, name: 'sight', description: 'What is seen.', schema, strict: true };

const wishes: Record<string, Partial<ModelRequest>> = {
  'max tokens': { sampling: { maxOutputTokens: 321 } },
  temperature: { sampling: { temperature: 0.25 } },
  top_p: { sampling: { topP: 0.75 } },
  stop: { sampling: { stop: ['HALT'] } },
  seed: { sampling: { seed: 77 } },
  penalties: { sampling: { frequencyPenalty: 0.5, presencePenalty: -0.5 } },
  'logit bias': { sampling: { logitBias: { '50256': -100 } } },
  schema: { responseFormat: json },
  json: { responseFormat: { type: 'json' } },
  'tool choice none': { tools: [look], toolChoice: 'none' },
  'tool choice required': { tools: [look], toolChoice: 'required' },
  'tool choice': { tools: [look], toolChoice: { name: 'look' } },
  'one call at a time': { tools: [look], parallelToolCalls: false },
  'thinking none': { thinking: 'none' },
  'thinking minimal': { thinking: 'minimal' },
  'thinking high': { thinking: 'high' },
  'thinking xhigh': { thinking: 'xhigh' },
  verbosity: { verbosity: 'low' },
  'service tier': { serviceTier: 'default' },
  'cache key': { promptCacheKey: 'cache-1' },
  'safety identifier': { safetyIdentifier: 'safe-1' },
  user: { user: 'user-1' },
};

/** What stands in the body; a wish that is not here does not stand there at all. */
const table: Record<string, Record<string, Body>> = {
  'openai-completions': {
    'max tokens': { max_tokens: 321 },
    temperature: { temperature: 0.25 },
    top_p: { top_p: 0.75 },
    stop: { stop: ['HALT'] },
    seed: { seed: 77 },
    penalties: { frequency_penalty: 0.5, presence_penalty: -0.5 },
    'logit bias': { logit_bias: { '50256': -100 } },
    schema: {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'sight', description: 'What is seen.', schema, strict: true },
      },
    },
    json: { response_format: { type: 'json_object' } },
    'tool choice none': { tool_choice: 'none' },
    'tool choice required': { tool_choice: 'required' },
    'tool choice': { tool_choice: { type: 'function', function: { name: 'look' } } },
    'one call at a time': { parallel_tool_calls: false },
    'thinking none': { reasoning_effort: 'none' },
    'thinking minimal': { reasoning_effort: 'minimal' },
    'thinking high': { reasoning_effort: 'high' },
    'thinking xhigh': { reasoning_effort: 'xhigh' },
    verbosity: { verbosity: 'low' },
    'service tier': { service_tier: 'default' },
    'cache key': { prompt_cache_key: 'cache-1' },
    'safety identifier': { safety_identifier: 'safe-1' },
    user: { user: 'user-1' },
  },
  'openai-responses': {
    'max tokens': { max_output_tokens: 321 },
    temperature: { temperature: 0.25 },
    top_p: { top_p: 0.75 },
    schema: {
      text: { format: { type: 'json_schema', name: 'sight', description: 'What is seen.', schema, strict: true } },
    },
    json: { text: { format: { type: 'json_object' } } },
    'tool choice none': { tool_choice: 'none' },
    'tool choice required': { tool_choice: 'required' },
    'tool choice': { tool_choice: { type: 'function', name: 'look' } },
    'one call at a time': { parallel_tool_calls: false },
    'thinking minimal': { reasoning: { effort: 'minimal', summary: 'detailed' } },
    'thinking high': { reasoning: { effort: 'high', summary: 'detailed' } },
    'thinking xhigh': { reasoning: { effort: 'xhigh', summary: 'detailed' } },
    verbosity: { text: { verbosity: 'low' } },
    'service tier': { service_tier: 'default' },
    'cache key': { prompt_cache_key: 'cache-1' },
    'safety identifier': { safety_identifier: 'safe-1' },
    user: { user: 'user-1' },
  },
  'anthropic-messages': {
    'max tokens': { max_tokens: 321 },
    temperature: { temperature: 0.25 },
    top_p: { top_p: 0.75 },
    stop: { stop_sequences: ['HALT'] },
    schema: { tools: [expect.objectContaining({ name: 'json', input_schema: schema })], tool_choice: { type: 'any' } },
    'tool choice required': { tool_choice: { type: 'any' } },
    'tool choice': { tool_choice: { type: 'tool', name: 'look' } },
    'one call at a time': { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    'thinking none': { thinking: { type: 'disabled' } },
    'thinking minimal': { thinking: { type: 'enabled' } },
    'thinking high': { thinking: { type: 'enabled' } },
    'thinking xhigh': { thinking: { type: 'enabled' } },
    'service tier': { service_tier: 'standard_only' },
    'safety identifier': { metadata: { user_id: 'safe-1' } },
    user: { metadata: { user_id: 'user-1' } },
  },
  'google-generative-ai': {
    'max tokens': { generationConfig: { maxOutputTokens: 321 } },
    temperature: { generationConfig: { temperature: 0.25 } },
    top_p: { generationConfig: { topP: 0.75 } },
    stop: { generationConfig: { stopSequences: ['HALT'] } },
    seed: { generationConfig: { seed: 77 } },
    penalties: { generationConfig: { frequencyPenalty: 0.5, presencePenalty: -0.5 } },
    schema: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
    json: { generationConfig: { responseMimeType: 'application/json' } },
    'tool choice none': { toolConfig: { functionCallingConfig: { mode: 'NONE' } } },
    'tool choice required': { toolConfig: { functionCallingConfig: { mode: 'ANY' } } },
    'tool choice': { toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } } },
    'thinking none': { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } },
    'thinking high': { generationConfig: { thinkingConfig: {} } },
    'thinking minimal': { generationConfig: { thinkingConfig: {} } },
    'thinking xhigh': { generationConfig: { thinkingConfig: {} } },
    'service tier': { serviceTier: 'standard' },
  },
  ollama: {
    'max tokens': { options: { num_predict: 321 } },
    temperature: { options: { temperature: 0.25 } },
    top_p: { options: { top_p: 0.75 } },
    stop: { options: { stop: ['HALT'] } },
    seed: { options: { seed: 77 } },
    penalties: { options: { frequency_penalty: 0.5, presence_penalty: -0.5 } },
    schema: { format: schema },
    json: { format: 'json' },
    'thinking none': { think: false },
    'thinking minimal': { think: true },
    'thinking high': { think: 'high' },
    'thinking xhigh': { think: true },
    // There is no choice of tools: those that are offered are the choice.
    'tool choice': { tools: [{ type: 'function', function: look }] },
    'tool choice required': { tools: [{ type: 'function', function: look }] },
  },
};

const cases = dialects.flatMap(({ api }) => Object.keys(wishes).map((wish) => [api, wish] as const));

it.each(cases)('%s is asked for %s', async (api, wish) => {
  const dialect = dialectOf(api);
  const { tools } = wishes[wish] ?? {};
  const { body } = await ask(dialect, wishes[wish] ?? {});
  const expected = table[api]?.[wish];
  if (expected) return expect(body).toMatchObject(expected);
  // Left out: but for the tools themselves the body is that of a request without any wish.
  const { body: plain } = await ask(dialect, tools ? { tools: [...tools] } : {});
  if (wish === 'tool choice none') expect(JSON.stringify(body)).not.toContain('"required"');
  else expect(body).toEqual(plain);
});

describe('the configuration of a model', () => {
  const dialect = dialectOf('openai-completions');

  it('gives calls what they do not say themselves, the nearest setting first', async () => {
    const provider: ProviderConfig = {
      params: { temperature: 0.1, top_p: 0.2, seed: 1, maxTokens: 50 },
      models: [{ id: 'model-1', params: { topP: 0.3, seed: 2 } }],
    };
    const defaults = {
      params: { seed: 3, frequency_penalty: 0.5 },
      models: { 'test/model-1': { params: { seed: 4 } } },
    };
    const { body } = await ask(dialect, { sampling: { temperature: 0.9 } }, { provider, defaults });
    expect(body).toMatchObject({ temperature: 0.9, top_p: 0.3, seed: 4, max_tokens: 50, frequency_penalty: 0.5 });
  });

  it('warns of parameters that nobody knows, and of none that it acts on', async () => {
    const { log } = await ask(dialect, {}, { provider: { params: { temprature: 1, temperature: 1, top_k: 4 } } });
    expect(log.filter((line) => line.includes('no effect'))).toEqual([
      'models.providers.test.params.temprature is not a known parameter and has no effect',
    ]);
  });

  it.each(dialects)('adds members to the body as they are ($api)', async (each) => {
    const provider: ProviderConfig = { params: { extra_body: { cache_prompt: true, options: { num_ctx: 9 } } } };
    const { body } = await ask(each, { sampling: { temperature: 0.5 } }, { provider });
    expect(body).toMatchObject({ cache_prompt: true, options: { num_ctx: 9 } });
    if (each.api === 'ollama') expect(body.options).toEqual({ num_ctx: 9, temperature: 0.5 });
  });

  it.each(dialects)(
    'sends the headers of the model over those of the request, and those over the provider’s ($api)',
    async (each) => {
      const { headers } = await ask(
        each,
        {},
        {
          provider: {
            headers: { 'X-A': 'provider', 'X-B': 'provider', 'X-C': 'provider' },
            request: { headers: { 'X-B': 'request', 'X-C': 'request' } },
            models: [{ id: 'model-1', headers: { 'x-c': 'model' } }],
          },
        },
      );
      expect(headers).toMatchObject({ 'x-a': 'provider', 'x-b': 'request', 'x-c': 'model' });
    },
  );

  it.each(dialects)('sends the key as a bearer when it is told to ($api)', async (each) => {
    const { headers } = await ask(each, {}, { provider: { authHeader: true } });
    expect(headers.authorization).toBe('Bearer key-of-the-test');
    expect([headers['x-api-key'], headers['x-goog-api-key']]).toEqual([undefined, undefined]);
  });

  it('limits the tokens of an answer, for all models of a provider or for one', async () => {
    const provider: ProviderConfig = { maxTokens: 100, models: [{ id: 'small', maxTokens: 10 }] };
    expect((await ask(dialect, {}, { provider })).body.max_tokens).toBe(100);
    expect((await ask(dialect, { sampling: { maxOutputTokens: 20 } }, { provider })).body.max_tokens).toBe(20);
    expect((await ask(dialect, {}, { provider, model: 'small' })).body.max_tokens).toBe(10);
  });

  it('calls the levels of thinking what the provider calls them', async () => {
    const models = [{ id: 'model-1', thinkingLevelMap: { off: 'none', high: 'deep', low: null } }];
    const effort = async (thinking: string) =>
      (await ask(dialect, { thinking }, { provider: { models } })).body.reasoning_effort;
    expect(await Promise.all(['off', 'none', 'high', 'low', 'medium'].map(effort))).toEqual([
      'none',
      'none',
      'deep',
      undefined,
      'medium',
    ]);
  });

  it('leaves out what the server does not take', async () => {
    const compat = {
      supportsTemperature: false,
      supportsUsageInStreaming: false,
      supportsJsonSchemaResponseFormat: false,
      supportsStrictMode: false,
      supportsPromptCacheKey: false,
      supportedReasoningEfforts: ['low'],
      maxTokensField: 'max_completion_tokens' as const,
    };
    const { body } = await ask(
      dialect,
      {
        sampling: { temperature: 1, maxOutputTokens: 5 },
        responseFormat: json,
        thinking: 'high',
        promptCacheKey: 'x',
        tools: [{ ...look, strict: true }],
      },
      { provider: { models: [{ id: 'model-1', compat }] } },
    );
    expect(body).toMatchObject({ max_completion_tokens: 5, response_format: { type: 'json_object' } });
    for (const left of ['temperature', 'stream_options', 'reasoning_effort', 'prompt_cache_key', 'max_tokens'])
      expect(body).not.toHaveProperty(left);
    expect(JSON.stringify(body.tools)).not.toContain('strict');
  });
});
