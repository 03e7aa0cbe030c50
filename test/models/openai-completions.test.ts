import { describe, expect, it } from 'vitest';
import type { ModelRequest } from '../../server/models/provider.ts';
import { json, pieces, type Respond, startUpstream } from '../upstream.ts';
import { collect, createRegistryWith, failureOf, hello, never, textOf } from './calling.ts';

const type = 'text/event-stream';
const tools = [{ name: 'look', description: 'Looks.', parameters: { type: 'object' }, strict: true }];

const chunk = (delta: unknown, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const done = 'data: [DONE]\n\n';
const reply = pieces(type, [chunk({ content: 'Hello' }), chunk({}, 'stop'), done]);

/** Calls `model` once for each request, in order, and answers all events. */
async function call(requests: ModelRequest[], scripts: Respond[], model = 'test/model-1') {
  await using upstream = await startUpstream(...scripts);
  await using registry = createRegistryWith({
    api: 'openai-completions',
    baseUrl: `${upstream.url}/v1`,
    apiKey: 'k',
  });
  const events = [];
  for (const request of requests) events.push(await collect(registry.find(model).stream(request, never)));
  return { events, bodies: upstream.requests.map(({ body }) => body) };
}

const bodyOf = async (request: ModelRequest, model?: string) => (await call([request], [reply], model)).bodies[0];

describe('the body of a chat completion', () => {
  it('holds the whole request', async () => {
    const body = await bodyOf({
      ...hello,
      system: 'Be brief.',
      tools,
      toolChoice: { name: 'look' },
      parallelToolCalls: false,
      thinking: 'high',
      responseFormat: { type: 'json', name: 'sight', schema: { type: 'object' }, strict: true },
      sampling: { seed: 4, frequencyPenalty: 0.5, presencePenalty: -0.5, temperature: 0 },
    });
    expect(body).toEqual({
      model: 'model-1',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Looks.', parameters: { type: 'object' }, strict: true },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      temperature: 0,
      seed: 4,
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'sight', schema: { type: 'object' }, strict: true },
      },
      reasoning_effort: 'high',
    });
  });

  it('says nothing of what was not asked for', async () => {
    const body = await bodyOf({ ...hello, tools: [], toolChoice: 'auto', parallelToolCalls: true, thinking: 'off' });
    expect(Object.keys(body ?? {})).toEqual(['model', 'messages', 'stream', 'stream_options']);
  });

  it('names the limit of tokens as the model wants it', async () => {
    const limited = { ...hello, sampling: { maxOutputTokens: 9 } };
    expect(await bodyOf(limited, 'test/llama3.2')).toMatchObject({ max_tokens: 9 });
    expect(await bodyOf(limited, 'test/openai/gpt-6-sol')).toMatchObject({ max_completion_tokens: 9 });
    expect(await bodyOf(limited, 'test/o4-mini')).not.toHaveProperty('max_tokens');
  });
});

describe('the answer of a chat completion', () => {
  it('may come in one piece from a server that does not stream', async () => {
    const message = {
      role: 'assistant',
      content: 'Hello',
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
    };
    const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
    const { events } = await call(
      [hello],
      [json(200, { object: 'chat.completion', choices: [{ message, finish_reason: 'tool_calls' }], usage })],
    );
    expect(events[0]).toEqual([
      { type: 'text', delta: 'Hello' },
      { type: 'toolCall', id: 'c1', name: 'look', arguments: {} },
      { type: 'finish', reason: 'toolCalls', usage: { input: 4, output: 2, total: 6 } },
    ]);
  });

  it('fails when that piece is an error, cut, or no completion', async () => {
    const error = json(200, { error: { message: 'no such deployment', code: 'model_not_found' } });
    const { events } = await call([hello], [error]);
    expect(failureOf(events[0] ?? [])).toMatchObject({
      kind: 'not_found',
      message: expect.stringContaining('no such deployment'),
    });
    const half: Respond = (_request, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end('{"choices": [');
    };
    expect(failureOf((await call([hello], [half])).events[0] ?? [])).toMatchObject({ kind: 'unknown' });
    expect(failureOf((await call([hello], [json(200, { status: 'ok' })])).events[0] ?? [])).toMatchObject({
      kind: 'unavailable',
    });
  });

  it('puts tool calls together by index, however their pieces are mixed', async () => {
    const part = (index: number, text: string, more: object = {}) =>
      chunk({
        tool_calls: [
          { index, ...more, function: { ...(more && { name: (more as { name?: string }).name }), arguments: text } },
        ],
      });
    const script = pieces(type, [
      part(0, '{"a":', { id: 'c1', name: 'first' }),
      part(1, '', { id: 'c2', name: 'second' }),
      part(0, '1}'),
      part(1, '{"b":2}'),
      chunk({}, 'tool_calls'),
      done,
    ]);
    expect((await call([hello], [script])).events[0]?.slice(0, 2)).toEqual([
      { type: 'toolCall', id: 'c1', name: 'first', arguments: { a: 1 } },
      { type: 'toolCall', id: 'c2', name: 'second', arguments: { b: 2 } },
    ]);
  });

  it('tells calls apart that share an index, and counts calls beside `stop` as calls', async () => {
    const one = (id: string) => ({ index: 0, id, function: { name: 'look', arguments: `{"at":"${id}"}` } });
    const script = pieces(type, [
      chunk({ tool_calls: [one('x')] }),
      chunk({ tool_calls: [one('y')] }),
      chunk({}, 'stop'),
      done,
    ]);
    expect((await call([hello], [script])).events[0]).toMatchObject([
      { id: 'x', arguments: { at: 'x' } },
      { id: 'y', arguments: { at: 'y' } },
      { type: 'finish', reason: 'toolCalls' },
    ]);
  });

  it('makes up ids where the server gives none', async () => {
    const script = pieces(type, [
      chunk({ tool_calls: [{ function: { name: 'look' } }] }),
      chunk({}, 'tool_calls'),
      done,
    ]);
    expect((await call([hello], [script])).events[0]?.[0]).toEqual({
      type: 'toolCall',
      id: expect.stringMatching(/^call_\w{32}$/),
      name: 'look',
      arguments: {},
    });
  });

  it('fails on arguments that are no object, but not when the limit cut them', async () => {
    const broken = chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'look', arguments: '{"at": "s' } }] });
    const wrong = (await call([hello], [pieces(type, [broken, chunk({}, 'tool_calls'), done])])).events[0] ?? [];
    expect(failureOf(wrong).message).toContain('called the tool "look"');
    const cut = (await call([hello], [pieces(type, [chunk({ content: 'I' }), broken, chunk({}, 'length'), done])]))
      .events[0];
    expect(cut).toMatchObject([{ type: 'text' }, { type: 'finish', reason: 'length' }]);
  });

  it('gives reasoning as reasoning, and gives it back with the calls it led to', async () => {
    const thinking = pieces(type, [
      chunk({ reasoning_content: 'I should ' }),
      chunk({ reasoning_content: 'look.' }),
      chunk({
        tool_calls: [
          {
            index: 0,
            id: 'c9',
            extra_content: { google: { thought_signature: 'sig' } },
            function: { name: 'look', arguments: '{}' },
          },
        ],
      }),
      chunk({}, 'tool_calls'),
      done,
    ]);
    const session = { key: 'agent:main:main', agentId: 'main' };
    const next: ModelRequest = {
      session,
      messages: [
        ...hello.messages,
        { role: 'assistant', content: [{ type: 'toolCall', id: 'c9', name: 'look', arguments: {} }] },
        { role: 'tool', toolCallId: 'c9', toolName: 'look', output: 'sky', isError: false },
      ],
    };
    const { events, bodies } = await call(
      [{ ...hello, session }, next, { ...next, session: { ...session, key: 'agent:main:other' } }],
      [thinking, reply],
    );
    expect(events[0]?.slice(0, 2)).toEqual([
      { type: 'reasoning', delta: 'I should ' },
      { type: 'reasoning', delta: 'look.' },
    ]);
    expect(bodies[1]).toHaveProperty(
      'messages.1',
      expect.objectContaining({
        reasoning_content: 'I should look.',
        tool_calls: [expect.objectContaining({ id: 'c9', extra_content: { google: { thought_signature: 'sig' } } })],
      }),
    );
    expect(bodies[2]).toHaveProperty('messages.1');
    expect(bodies[2]).not.toHaveProperty('messages.1.reasoning_content');
  });

  it('ends well without the last mark, and without a usage', async () => {
    const { events } = await call([hello], [pieces(type, [chunk({ content: 'Hello' }), chunk({}, 'stop')])]);
    expect(events[0]?.at(-1)).toEqual({ type: 'finish', reason: 'stop', usage: { input: 0, output: 0, total: 0 } });
  });

  it('names the other ends', async () => {
    for (const [word, reason] of [
      ['length', 'length'],
      ['content_filter', 'contentFilter'],
      ['eos', 'other'],
    ] as const) {
      const { events } = await call([hello], [pieces(type, [chunk({ content: 'H' }, word), done])]);
      expect(events[0]?.at(-1)).toMatchObject({ type: 'finish', reason });
    }
    const gaveUp = await call([hello], [pieces(type, [chunk({ content: 'H' }, 'error'), done])]);
    expect(failureOf(gaveUp.events[0] ?? []).kind).toBe('unavailable');
  });

  it('ignores comments, unknown fields and empty chunks', async () => {
    const script = pieces(type, [
      ': waiting\n\n',
      'retry: 100\n\n',
      'data: {"choices":[]}\n\n',
      chunk({ role: 'assistant', content: null }),
      chunk({ content: 'Hello' }),
      chunk({}, 'stop'),
      done,
    ]);
    expect(textOf((await call([hello], [script])).events[0] ?? [])).toBe('Hello');
  });
});

describe('embeddings', () => {
  it('come back in the order of the texts, a batch at a time', async () => {
    const vectors: Respond = ({ body }, answer) => {
      const data = (body.input as string[]).map((text, index) => ({ index, embedding: [Number(text), 1] })).reverse();
      json(200, { data, usage: { prompt_tokens: data.length, total_tokens: data.length } })(undefined as never, answer);
    };
    await using upstream = await startUpstream(vectors);
    await using registry = createRegistryWith({
      api: 'openai-completions',
      baseUrl: `${upstream.url}/v1`,
      apiKey: 'k',
    });
    const texts = Array.from({ length: 300 }, (_, at) => String(at));
    const answer = await registry.embed('test/my-embedder', { inputs: texts, dimensions: 2 }, never);
    expect(answer.vectors.map(([first]) => first)).toEqual(texts.map(Number));
    expect(answer).toMatchObject({ inputTokens: 300, model: 'test/my-embedder' });
    expect(
      upstream.requests.map(({ url, body }) => [url, body.model, body.dimensions, (body.input as string[]).length]),
    ).toEqual([
      ['/v1/embeddings', 'my-embedder', 2, 256],
      ['/v1/embeddings', 'my-embedder', 2, 44],
    ]);
  });

  it('fail with the failure in the details, and without the key', async () => {
    await using upstream = await startUpstream(
      json(429, { error: { message: 'slow down, secret-key' } }, { 'retry-after': '7' }),
    );
    await using registry = createRegistryWith({
      api: 'openai-completions',
      baseUrl: upstream.url,
      apiKey: 'secret-key',
    });
    const embedding = registry.embed('test/my-embedder', { inputs: ['a'] }, never);
    await expect(embedding).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'UNAVAILABLE',
      message: 'test answered 429: slow down, ***',
      retryable: true,
      retryAfterMs: 7000,
      details: { failure: { kind: 'rate_limit', httpStatus: 429 } },
    });
  });

  it('fail on an answer with too few vectors', async () => {
    await using upstream = await startUpstream(json(200, { data: [] }));
    await using registry = createRegistryWith({ api: 'openai-completions', baseUrl: upstream.url });
    await expect(registry.embed('test/my-embedder', { inputs: ['a'] }, never)).rejects.toThrow('cannot be read');
  });
});
