import { describe, expect, it } from 'vitest';
import type { ModelFailure } from '../../server/models/provider.ts';
import { callTool, hold, type Script, say, usage } from '../scripted-model.ts';
import { type House, openHouse, readError, readEvents } from './house.ts';

const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/chat/completions', {
    body: { model: 'openclaw', messages: [{ role: 'user', content: 'hello' }], ...body },
    headers,
  });

const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } };

describe('a chat completion in one piece', () => {
  it('has the members that clients read', async () => {
    await using house = await openHouse(say('Hello ', 'there.'));
    const answer = await ask(house, { model: 'openclaw/default' });
    expect(await answer.json()).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'openclaw/default',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello there.', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 5,
        total_tokens: 8,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
    expect(answer.headers.get('x-openclaw-session-key')).toMatch(/^agent:main:http:/);
  });

  it('keeps what was said before a tool call beside the call', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'Let me look.' };
      yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const answer = (await (await ask(house, { tools: [weather] })).json()) as { choices: unknown[] };
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Let me look.',
        tool_calls: [{ id: 'call-1', type: 'function', function: { name: 'weather', arguments: '{"city":"Graz"}' } }],
      },
    });
    await using silent = await openHouse(callTool('weather'));
    const bare = (await (await ask(silent, { tools: [weather] })).json()) as { choices: { message: object }[] };
    expect(bare.choices[0]?.message).toMatchObject({ content: null });
  });

  it.each([
    ['length', 'length'],
    ['contentFilter', 'content_filter'],
    ['other', 'stop'],
  ] as const)('tells the finish reason %s as %s', async (reason, told) => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      yield { type: 'finish', reason, usage: { ...usage, cacheRead: 2, reasoning: 4 } };
    });
    const answer = await (await ask(house, {})).json();
    expect(answer).toMatchObject({
      choices: [{ finish_reason: told, message: { content: 'half' } }],
      usage: { prompt_tokens_details: { cached_tokens: 2 }, completion_tokens_details: { reasoning_tokens: 4 } },
    });
  });
});

describe('a streamed chat completion', () => {
  it('sends role, text, finish reason and [DONE], each once and in order', async () => {
    await using house = await openHouse(say('Hel', 'lo "you"', '\n', 'é\u0000\u2028'));
    const answer = await ask(house, { stream: true });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('x-openclaw-session-key')).toBeTruthy();
    const events = await readEvents(answer);
    expect(events.pop()).toBe('[DONE]');
    const chunks = events.map((event) => JSON.parse(event));
    expect(new Set(chunks.map(({ id, created, model, object }) => `${id} ${created} ${model} ${object}`)).size).toBe(1);
    expect(chunks[0]).toMatchObject({ object: 'chat.completion.chunk', model: 'openclaw' });
    expect(chunks.map(({ choices }) => choices)).toEqual(
      [
        [{ role: 'assistant', content: '', refusal: null }, null],
        [{ content: 'Hel' }, null],
        [{ content: 'lo "you"' }, null],
        [{ content: '\n' }, null],
        [{ content: 'é\u0000\u2028' }, null],
        [{}, 'stop'],
      ].map(([delta, finish_reason]) => [{ index: 0, delta, logprobs: null, finish_reason }]),
    );
  });

  it('adds usage in a chunk of its own when it is asked for', async () => {
    await using house = await openHouse(say('hi'));
    const events = await readEvents(await ask(house, { stream: true, stream_options: { include_usage: true } }));
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
    });
    const without = await readEvents(await ask(house, { stream: true, stream_options: null }));
    expect(without.join('')).not.toContain('usage');
  });

  it('sends tool calls as deltas with an index', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'Looking.' };
      yield { type: 'toolCall', id: 'a', name: 'weather', arguments: { city: 'Graz' } };
      yield { type: 'toolCall', id: 'b', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const events = await readEvents(await ask(house, { stream: true, tools: [weather] }));
    const choices = events.slice(0, -1).map((event) => JSON.parse(event).choices[0]);
    expect(choices.map(({ delta }) => delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { content: 'Looking.' },
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'weather', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"city":"Graz"}' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'weather', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
    ]);
    expect(choices.at(-1).finish_reason).toBe('tool_calls');
  });

  it('shows the role before the model has said anything, and keeps idle proxies open', async () => {
    const slow = hold('', 'late');
    await using house = await openHouse(slow.script, { limits: { headAfterMs: 10, keepAliveMs: 10 } });
    const answer = await ask(house, { stream: true });
    const reader = (answer.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (!seen.includes(': keep-alive\n\n: keep-alive\n\n')) seen += (await reader.read()).value ?? '';
    expect(seen).toMatch(/^data: \{.*"delta":\{"role":"assistant"/);
    slow.release();
    for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value;
    expect(seen).toContain('"content":"late"');
    expect(seen.match(/\[DONE\]/g)).toHaveLength(1);
  });

  it('serves fifty at once, each with its own text', async () => {
    await using house = await openHouse((request) => {
      const last = request.messages.at(-1);
      const text = last?.role === 'user' && last.content[0]?.type === 'text' ? last.content[0].text : '';
      return say(...Array.from({ length: 20 }, (_, index) => `${text}.${index} `))(
        request,
        new AbortController().signal,
      );
    });
    const answers = Array.from({ length: 50 }, async (_, number) => {
      const answer = await ask(house, { stream: true, messages: [{ role: 'user', content: `n${number}` }] });
      const events = await readEvents(answer);
      const text = events.slice(0, -1).map((event) => JSON.parse(event).choices[0].delta.content ?? '');
      return text.join('');
    });
    const expected = (number: number) => Array.from({ length: 20 }, (_, index) => `n${number}.${index} `).join('');
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 50 }, (_, number) => expected(number)));
  });
});

describe('a model that fails', () => {
  const failing = (failure: Partial<ModelFailure>, first = ''): Script =>
    function* () {
      if (first) yield { type: 'text', delta: first };
      const whole = {
        kind: 'unknown',
        message: 'it said no',
        provider: 'test',
        model: 'one',
        retryable: false,
      } as const;
      yield { type: 'failure', failure: { ...whole, ...failure } };
    };

  it.each([
    [{ kind: 'auth', httpStatus: 401 }, 502, 'api_error', 'provider_auth'],
    [{ kind: 'rate_limit', retryAfterMs: 7200, retryable: true }, 429, 'rate_limit_error', 'rate_limit_exceeded'],
    [{ kind: 'quota' }, 429, 'insufficient_quota', 'insufficient_quota'],
    [{ kind: 'context_length' }, 400, 'invalid_request_error', 'context_length_exceeded'],
    [{ kind: 'refusal' }, 400, 'invalid_request_error', 'content_filter'],
    [{ kind: 'timeout' }, 504, 'api_error', null],
    [{ kind: 'not_found' }, 400, 'invalid_request_error', 'model_not_found'],
    [{ kind: 'bad_request' }, 400, 'invalid_request_error', null],
    [{ kind: 'unavailable', retryable: true }, 502, 'api_error', null],
    [{ kind: 'unknown' }, 502, 'api_error', null],
  ] as const)('before its first word with %j answers %i', async (failure, status, type, code) => {
    await using house = await openHouse(failing(failure));
    for (const stream of [false, true]) {
      const answer = await ask(house, { stream });
      const wait = { rate_limit: '8', quota: '60' }[failure.kind as string] ?? null;
      expect(answer.headers.get('retry-after')).toBe(wait);
      const mayRetry = failure.kind === 'rate_limit' || status === 400 || failure.kind === 'unavailable';
      expect(answer.headers.get('x-should-retry')).toBe(mayRetry ? null : 'false');
      expect(await readError(answer)).toEqual({ status, type, code, param: null, message: 'it said no' });
    }
  });

  it('in the middle ends a stream with an error, never with a finish reason', async () => {
    await using house = await openHouse(failing({ kind: 'unavailable' }, 'half a sent'));
    const events = await readEvents(await ask(house, { stream: true }));
    expect(events.at(-1)).toBe('[DONE]');
    expect(JSON.parse(events.at(-2) ?? '')).toEqual({
      error: { message: 'it said no', type: 'api_error', code: null, param: null },
    });
    expect(events.join('')).toContain('half a sent');
    expect(events.join('')).not.toContain('"finish_reason":"stop"');
    const whole = await ask(house, { stream: false });
    expect(whole.status).toBe(502);
  });

  it('to call the tool it must call has said nothing', async () => {
    await using house = await openHouse(say('I would rather talk.'));
    const body = { tools: [weather], tool_choice: 'required' };
    for (const stream of [false, true]) {
      const answer = await ask(house, { ...body, stream });
      expect(await readError(answer)).toMatchObject({ status: 502, type: 'api_error', param: 'tool_choice' });
    }
    await using other = await openHouse(callTool('time'));
    const time = { type: 'function', function: { name: 'time' } };
    const choice = { type: 'function', function: { name: 'weather' } };
    const answer = await ask(other, { tools: [weather, time], tool_choice: choice });
    expect(await readError(answer)).toMatchObject({ status: 502, param: 'tool_choice' });
    await using obedient = await openHouse(function* () {
      yield { type: 'text', delta: 'Fine. ' };
      yield* callTool('weather')({ messages: [] }, new AbortController().signal) as Iterable<never>;
    });
    const events = await readEvents(await ask(obedient, { ...body, stream: true }));
    expect(events.join('')).toMatch(/Fine\..*weather.*tool_calls/s);
  });

  it('to answer in time, or whose run somebody ends, says so', async () => {
    const slow = hold('so far', 'never');
    await using house = await openHouse(slow.script);
    const answer = ask(house, {}, { 'x-openclaw-session-key': 'talk' });
    await slow.begun;
    for (const run of house.rooms.runs.liveIn('agent:main:talk')) run.abort('rpc');
    const aborted = await answer;
    expect(aborted.headers.get('x-should-retry')).toBe('false');
    expect(await readError(aborted)).toMatchObject({ status: 503, code: 'run_aborted' });
  });
});

describe('a gateway that cannot take more', () => {
  it('says so, and when to come back', async () => {
    await using house = await openHouse(say('hi'));
    await house.rooms.runs.drain(0);
    for (const stream of [false, true]) {
      const answer = await ask(house, { stream });
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(await readError(answer)).toMatchObject({ status: 503, type: 'api_error' });
    }
  });

  it('names the switch of a route that is off', async () => {
    const endpoints = { chatCompletions: { enabled: false }, responses: { enabled: false } };
    await using house = await openHouse(say('hi'), { config: { gateway: { http: { endpoints } } } });
    const chat = await readError(await ask(house, {}));
    expect(chat).toMatchObject({ status: 404, message: expect.stringContaining('endpoints.chatCompletions.enabled') });
    const response = await readError(await house.ask('/v1/responses', { body: { input: 'x' } }));
    expect(response).toMatchObject({ status: 404, message: expect.stringContaining('endpoints.responses.enabled') });
    expect((await house.ask('/v1/models')).status).toBe(200);
  });
});

describe('a caller who goes away', () => {
  it.each([true, false])('ends the run, streamed: %s', async (stream) => {
    let stopped = false;
    const slow = hold('begun', 'never');
    await using house = await openHouse(async function* (request, signal) {
      signal.addEventListener('abort', () => (stopped = true));
      yield* slow.script(request, signal);
    });
    const leaving = new AbortController();
    const answer = house
      .ask('/v1/chat/completions', {
        body: { messages: [{ role: 'user', content: 'hello' }], stream },
        headers: { 'x-openclaw-session-key': 'talk' },
        signal: leaving.signal,
      })
      .then((response) => response.text());
    await slow.begun;
    const [run] = house.rooms.runs.liveIn('agent:main:talk');
    leaving.abort();
    await expect(answer).rejects.toThrow();
    expect(await run?.ended).toMatchObject({ status: 'aborted', stopReason: 'disconnect', text: 'begun' });
    expect(stopped).toBe(true);
  });

  it('leaves the queue when his run has not begun', async () => {
    const slow = hold('first', ' done');
    await using house = await openHouse(slow.script);
    const headers = { 'x-openclaw-session-key': 'talk' };
    const first = ask(house, {}, headers);
    await slow.begun;
    const leaving = new AbortController();
    const body = { messages: [{ role: 'user', content: 'second' }] };
    const second = house.ask('/v1/chat/completions', { body, headers, signal: leaving.signal });
    await expect.poll(() => house.rooms.runs.liveIn('agent:main:talk')).toHaveLength(2);
    const [, queued] = house.rooms.runs.liveIn('agent:main:talk');
    leaving.abort();
    await expect(second).rejects.toThrow();
    expect(await queued?.ended).toMatchObject({ status: 'aborted', stopReason: 'disconnect' });
    slow.release();
    expect(await (await first).json()).toMatchObject({ choices: [{ message: { content: 'first done' } }] });
  });

  it('or does not read ends the run at the limit of what is kept for him', async () => {
    let pieces = 0;
    await using house = await openHouse(
      async function* (_request, signal) {
        const piece = 'x'.repeat(100_000);
        for (; pieces < 2000 && !signal.aborted; pieces++) {
          yield { type: 'text', delta: piece };
          await new Promise(setImmediate);
        }
        yield { type: 'finish', reason: 'stop', usage };
      },
      { limits: { maxBufferedBytes: 1_000_000 } },
    );
    const answer = await ask(house, { stream: true }, { 'x-openclaw-session-key': 'talk' });
    await expect.poll(() => house.rooms.runs.liveIn('agent:main:talk'), { timeout: 10_000 }).toEqual([]);
    expect(pieces).toBeLessThan(2000);
    await answer.body?.cancel();
  });
});
