import { describe, expect, it } from 'vitest';
import type { ModelApi } from '../../server/config/provider-config.ts';
import type { ModelRequest } from '../../server/models/provider.ts';
import { dialects } from '../dialects.ts';
import { json, pieces, type Respond, startUpstream } from '../upstream.ts';
import { collect, createRegistryWith, hello, never } from './calling.ts';

const type = 'text/event-stream';
const sse = (...events: unknown[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
const session = { key: 'agent:main:main', agentId: 'main' };
const tools = [{ name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} } }];

/** Calls once with each request; answers the bodies that the provider got. */
async function call(api: ModelApi, model: string, requests: ModelRequest[], scripts: Respond[]) {
  const dialect = dialects.find((candidate) => candidate.api === api);
  await using upstream = await startUpstream(...scripts, pieces(type, dialect?.text ?? []));
  await using registry = createRegistryWith({ api, baseUrl: upstream.url + dialect?.base, apiKey: 'k' });
  const events = [];
  for (const request of requests) events.push(await collect(registry.find(`test/${model}`).stream(request, never)));
  return { events, bodies: upstream.requests.map(({ body }) => JSON.stringify(body)), seen: upstream.requests };
}

/** The request after the model has called `look` in a call with that id. */
const afterCall = (id: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  ...hello,
  ...more,
  session,
  tools,
  messages: [
    ...hello.messages,
    { role: 'assistant', content: [{ type: 'toolCall', id, name: 'look', arguments: {} }] },
    { role: 'tool', toolCallId: id, toolName: 'look', output: 'sky', isError: false },
  ],
});

describe('Anthropic', () => {
  const block = (index: number, content_block: unknown, ...deltas: unknown[]) => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
  const thinking = pieces(
    type,
    sse(
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 5, output_tokens: 1 },
        },
      },
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'I should look.' },
        { type: 'signature_delta', signature: 'signed' },
      ),
      ...block(
        1,
        { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
        { type: 'input_json_delta', partial_json: '{}' },
      ),
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 3 } },
      { type: 'message_stop' },
    ),
  );

  it('gets signed thinking back with the calls it led to', async () => {
    const first = { ...hello, session, tools, thinking: 'low' };
    const { events, bodies } = await call(
      'anthropic-messages',
      'claude-sonnet-4-5',
      [first, afterCall('toolu_1', { thinking: 'low' })],
      [thinking],
    );
    expect(events[0]?.[0]).toEqual({ type: 'reasoning', delta: 'I should look.' });
    expect(bodies[0]).toContain('"thinking":{"type":"enabled"');
    expect(bodies[1]).toContain('"thinking":{"type":"enabled"');
    expect(bodies[1]).toContain('{"type":"thinking","thinking":"I should look.","signature":"signed"}');
  });

  it('is not asked to think in a turn whose thinking is forgotten', async () => {
    const { bodies } = await call(
      'anthropic-messages',
      'claude-sonnet-4-5',
      [afterCall('toolu_2', { thinking: 'low' })],
      [],
    );
    expect(bodies[0]).toContain('"tool_use"');
    expect(bodies[0]).not.toContain('"thinking"');
  });

  it('takes the choice of a tool and one call at a time', async () => {
    const { bodies } = await call(
      'anthropic-messages',
      'claude-sonnet-4-5',
      [{ ...hello, tools, toolChoice: { name: 'look' }, parallelToolCalls: false }],
      [],
    );
    expect(bodies[0]).toContain('"tool_choice":{"type":"tool","name":"look","disable_parallel_tool_use":true}');
  });
});

describe('Gemini', () => {
  it('gets thought signatures back with the calls they belong to', async () => {
    const script = pieces(
      type,
      sse({
        candidates: [
          {
            index: 0,
            content: {
              role: 'model',
              parts: [{ functionCall: { id: 'g1', name: 'look', args: {} }, thoughtSignature: 'sig-1' }],
            },
            finishReason: 'STOP',
          },
        ],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      }),
    );
    const dialect = dialects.find(({ api }) => api === 'google-generative-ai');
    await using upstream = await startUpstream(script, pieces(type, dialect?.text ?? []));
    await using registry = createRegistryWith({
      api: 'google-generative-ai',
      baseUrl: `${upstream.url}/v1beta`,
      apiKey: 'k',
    });
    const model = registry.find('test/gemini-3.5-flash');
    const [made] = await collect(model.stream({ ...hello, session, tools }, never));
    if (made?.type !== 'toolCall') throw new Error(`no call: ${JSON.stringify(made)}`);
    await collect(model.stream(afterCall(made.id), never));
    expect(JSON.stringify(upstream.requests[1]?.body)).toContain('"thoughtSignature":"sig-1"');
  });

  it('gets the results of parallel calls in one message', async () => {
    const look = (id: string) => ({ type: 'toolCall' as const, id, name: 'look', arguments: {} });
    const result = (toolCallId: string) => ({
      role: 'tool' as const,
      toolCallId,
      toolName: 'look',
      output: toolCallId,
      isError: false,
    });
    const request: ModelRequest = {
      messages: [...hello.messages, { role: 'assistant', content: [look('a'), look('b')] }, result('a'), result('b')],
      tools,
    };
    const { seen } = await call('google-generative-ai', 'gemini-2.5-flash', [request], []);
    expect(seen[0]?.body.contents).toHaveLength(3);
  });

  it('embeds a hundred texts at a time', async () => {
    const script: Respond = ({ body }, answer) =>
      json(200, { embeddings: (body.requests as unknown[]).map((_, at) => ({ values: [at, 1] })) })(
        undefined as never,
        answer,
      );
    await using upstream = await startUpstream(script);
    await using registry = createRegistryWith({
      api: 'google-generative-ai',
      baseUrl: `${upstream.url}/v1beta`,
      apiKey: 'k',
    });
    const { vectors } = await registry.embed(
      'test/gemini-embedding-001',
      { inputs: Array.from({ length: 150 }, String), dimensions: 2 },
      never,
    );
    expect(vectors).toHaveLength(150);
    expect(vectors[149]?.[0]).toBe(49);
    expect(upstream.requests.map(({ url }) => url)).toEqual(
      Array(2).fill('/v1beta/models/gemini-embedding-001:batchEmbedContents'),
    );
    expect(upstream.requests[0]?.body).toHaveProperty('requests.0.outputDimensionality', 2);
  });
});

describe("OpenAI's responses", () => {
  it('store nothing, and get encrypted reasoning back with the calls it led to', async () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [] };
    const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look' };
    const response = { id: 'r', object: 'response', created_at: 1, model: 'm', output: [] };
    const script = pieces(
      type,
      sse(
        { type: 'response.created', response },
        { type: 'response.output_item.added', output_index: 0, item: { ...reasoning, encrypted_content: '' } },
        { type: 'response.output_item.done', output_index: 0, item: { ...reasoning, encrypted_content: 'sealed' } },
        { type: 'response.output_item.added', output_index: 1, item: { ...item, arguments: '' } },
        { type: 'response.output_item.done', output_index: 1, item: { ...item, arguments: '{}', status: 'completed' } },
        {
          type: 'response.completed',
          response: { ...response, usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } },
        },
      ),
    );
    const { bodies, seen } = await call(
      'openai-responses',
      'gpt-5.4',
      [{ ...hello, session, tools, thinking: 'low' }, afterCall('call_1')],
      [script],
    );
    expect(seen.map(({ body }) => body.store)).toEqual([false, false]);
    expect(bodies[0]).toContain('"reasoning":{"effort":"low"');
    expect(bodies[0]).toContain('reasoning.encrypted_content');
    expect(bodies[1]).toContain('"encrypted_content":"sealed"');
    expect(bodies[1]).not.toContain('item_reference');
  });

  it('hold the answer to a schema when asked to', async () => {
    const responseFormat = {
      type: 'json' as const,
      name: 'sight',
      schema: { type: 'object', properties: {}, additionalProperties: false },
      strict: true,
    };
    const { seen } = await call('openai-responses', 'gpt-5.4', [{ ...hello, responseFormat }], []);
    expect(seen[0]?.body.text).toMatchObject({ format: { type: 'json_schema', name: 'sight', strict: true } });
  });
});
