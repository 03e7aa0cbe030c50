import { describe, expect, it } from 'vitest';
import type { ModelMessage } from '../../server/models/provider.ts';
import { callTool, hold, say, usage } from '../scripted-model.ts';
import { type House, openHouse, readError } from './house.ts';

const weather = { type: 'function', name: 'weather', parameters: { type: 'object', properties: {} }, strict: true };

const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/responses', { body: { model: 'openclaw', input: 'hello', ...body }, headers });

interface Item {
  id: string;
  type: string;
}
interface Answer {
  id: string;
  output: Item[];
  [member: string]: unknown;
}

async function answerTo(house: House, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await ask(house, body, headers);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

/** What the model was given last. */
function given(house: House) {
  const request = house.rooms.models.requests.at(-1);
  if (!request) throw new Error('the model was not asked');
  return request;
}

async function readTyped(
  response: Response,
): Promise<{ type: string; sequence_number: number; [member: string]: unknown }[]> {
  const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
  expect(blocks.pop()).toBe('data: [DONE]');
  return blocks.map((block) => {
    const [, name, body] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
    const event = JSON.parse(body ?? '');
    expect(event.type).toBe(name);
    return event;
  });
}

const user = (text: string): ModelMessage => ({ role: 'user', content: [{ type: 'text', text }] });
const assistant = (text: string): ModelMessage => ({ role: 'assistant', content: [{ type: 'text', text }] });

describe('a response in one piece', () => {
  it('has every member, null where there is nothing to say', async () => {
    await using house = await openHouse(say('Hello ', 'there.'));
    expect(await answerTo(house, {})).toEqual({
      id: expect.stringMatching(/^resp_[0-9a-f]{32}$/),
      object: 'response',
      created_at: expect.any(Number),
      completed_at: expect.any(Number),
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'openclaw',
      output: [
        {
          id: expect.stringMatching(/^msg_/),
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Hello there.', annotations: [], logprobs: [] }],
        },
      ],
      output_text: 'Hello there.',
      usage: {
        input_tokens: 3,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 8,
      },
      access_programs: null,
      background: false,
      conversation: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: {},
      moderation: null,
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt: null,
      prompt_cache_key: null,
      prompt_cache_retention: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'default',
      temperature: null,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: null,
      top_p: null,
      truncation: 'disabled',
      user: null,
    });
  });

  it('repeats what was asked for, and passes it on', async () => {
    await using house = await openHouse(say('{}'));
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const asked = {
      instructions: 'Be brief.',
      tools: [weather],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      max_output_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'minimal', summary: 'auto' },
      metadata: { trip: 'one' },
      store: true,
      include: ['reasoning.encrypted_content'],
      service_tier: 'auto',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      truncation: 'auto',
      user: 'ann',
    };
    const { tools, service_tier, store, include, ...same } = asked;
    expect(await answerTo(house, asked)).toMatchObject({ ...same, tools: [{ ...weather, description: null }] });
    const request = given(house);
    expect(request).toMatchObject({
      thinking: 'minimal',
      parallelToolCalls: false,
      sampling: { maxOutputTokens: 9, temperature: 0.5, topP: 0.9 },
      responseFormat: { type: 'json', name: 'answer', schema, strict: true },
    });
    expect(request.system).toContain('Be brief.');
  });

  it('keeps text before a tool call as an item of its own, and makes none where there is no text', async () => {
    await using house = await openHouse([
      function* () {
        yield { type: 'text', delta: 'Looking.' };
        yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
        yield { type: 'toolCall', id: 'call-2', name: 'weather', arguments: {} };
        yield { type: 'finish', reason: 'toolCalls', usage };
      },
      callTool('weather'),
    ]);
    const { output, status } = await answerTo(house, { tools: [weather] });
    expect(status).toBe('completed');
    expect(output).toMatchObject([
      { type: 'message', content: [{ text: 'Looking.' }] },
      { type: 'function_call', call_id: 'call-1', name: 'weather', arguments: '{"city":"Graz"}', status: 'completed' },
      { type: 'function_call', call_id: 'call-2', arguments: '{}' },
    ]);
    expect(new Set(output.map(({ id }) => id)).size).toBe(3);
    const bare = await answerTo(house, { tools: [weather] });
    expect(bare.output.map(({ type }) => type)).toEqual(['function_call']);
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['contentFilter', 'content_filter'],
  ] as const)('is incomplete when it was cut off: %s', async (reason, told) => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      yield { type: 'finish', reason, usage };
    });
    const answer = await answerTo(house, {});
    expect(answer).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: told },
      completed_at: null,
      output: [{ status: 'incomplete' }],
    });
  });

  it('is an HTTP error when the model fails', async () => {
    await using house = await openHouse(function* () {
      const failure = { message: 'too long', provider: 'test', model: 'one', retryable: false } as const;
      yield { type: 'failure', failure: { kind: 'context_length', ...failure } };
    });
    for (const stream of [false, true]) {
      const error = await readError(await ask(house, { stream }));
      expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    }
  });
});

describe('a streamed response', () => {
  it('tells a text in the published order', async () => {
    await using house = await openHouse(say('Hel', 'lo "you"\n'));
    const answer = await ask(house, { stream: true });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = await readTyped(answer);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const [created, , added, partAdded, delta, , textDone, partDone, itemDone, completed] = events;
    expect(created).toMatchObject({ response: { status: 'in_progress', output: [], usage: null, completed_at: null } });
    expect(added).toMatchObject({ output_index: 0, item: { type: 'message', status: 'in_progress', content: [] } });
    const place = { item_id: (added?.item as Item | undefined)?.id, output_index: 0, content_index: 0 };
    expect(partAdded).toMatchObject({ ...place, part: { type: 'output_text', text: '', annotations: [] } });
    expect(delta).toEqual({ type: delta?.type, ...place, delta: 'Hel', logprobs: [], sequence_number: 4 });
    expect(textDone).toMatchObject({ ...place, text: 'Hello "you"\n' });
    expect(partDone).toMatchObject({ ...place, part: { text: 'Hello "you"\n' } });
    expect(itemDone).toMatchObject({ output_index: 0, item: { status: 'completed' } });
    expect(completed).toMatchObject({
      response: {
        status: 'completed',
        output: [itemDone?.item],
        output_text: 'Hello "you"\n',
        usage: { total_tokens: 8 },
      },
    });
  });

  it('tells tool calls in the published order, without an empty message', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
      yield { type: 'toolCall', id: 'call-2', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const events = await readTyped(await ask(house, { stream: true, tools: [weather] }));
    const call = [
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
    ];
    const types = ['response.created', 'response.in_progress', ...call, ...call, 'response.completed'];
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(events[2]).toMatchObject({
      output_index: 0,
      item: { type: 'function_call', arguments: '', call_id: 'call-1' },
    });
    expect(events[3]).toMatchObject({ output_index: 0, delta: '{"city":"Graz"}' });
    expect(events[6]).toMatchObject({ output_index: 1, item: { call_id: 'call-2' } });
    expect((events.at(-1)?.response as Answer | undefined)?.output).toEqual([events[5]?.item, events[9]?.item]);
  });

  it('closes the text before a tool call', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'Looking.' };
      yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const events = await readTyped(await ask(house, { stream: true, tools: [weather] }));
    const items = events.filter(({ type }) => type.startsWith('response.output_item'));
    expect(items.map(({ type, output_index }) => `${type} ${output_index}`)).toEqual([
      'response.output_item.added 0',
      'response.output_item.done 0',
      'response.output_item.added 1',
      'response.output_item.done 1',
    ]);
  });

  it('ends in response.incomplete when it was cut off, in response.failed when the model failed', async () => {
    await using cut = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      yield { type: 'finish', reason: 'length', usage };
    });
    const incomplete = (await readTyped(await ask(cut, { stream: true }))).at(-1);
    expect(incomplete).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
    await using broken = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      const failure = { message: 'it died', provider: 'test', model: 'one', retryable: true } as const;
      yield { type: 'failure', failure: { kind: 'unavailable', ...failure } };
    });
    const failed = (await readTyped(await ask(broken, { stream: true }))).at(-1);
    expect(failed).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'it died' },
        output: [{ status: 'incomplete', content: [{ text: 'half' }] }],
      },
    });
  });

  it('ends its run when the caller goes away', async () => {
    const slow = hold('begun', 'never');
    await using house = await openHouse(slow.script);
    const leaving = new AbortController();
    const headers = { 'x-openclaw-session-key': 'talk' };
    const answer = await house.ask('/v1/responses', {
      body: { input: 'x', stream: true },
      headers,
      signal: leaving.signal,
    });
    await slow.begun;
    const [run] = house.rooms.runs.liveIn('agent:main:talk');
    leaving.abort();
    await expect(answer.text()).rejects.toThrow();
    expect(await run?.ended).toMatchObject({ status: 'aborted', stopReason: 'disconnect' });
  });
});

describe('the input of a response', () => {
  it('takes messages with or without a type, and every kind of part', async () => {
    await using house = await openHouse(say('hi'));
    await answerTo(house, {
      instructions: 'One.',
      input: [
        { role: 'system', content: 'Two.' },
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Three.' }] },
        { role: 'user', content: 'first' },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_x',
          status: 'completed',
          content: [{ type: 'output_text', text: 'answer', annotations: [], logprobs: [] }],
        },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'look' },
            { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
            { type: 'input_image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
      ],
    });
    const { messages, system } = given(house);
    const image = { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' };
    expect(system).toContain('One.\n\nTwo.\n\nThree.');
    expect(messages).toEqual([
      user('first'),
      assistant('answer'),
      { role: 'user', content: [{ type: 'text', text: 'look' }, image, image] },
    ]);
  });

  it('takes back unchanged what an earlier answer gave', async () => {
    await using house = await openHouse([
      function* () {
        yield { type: 'text', delta: 'Looking.' };
        yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
        yield { type: 'finish', reason: 'toolCalls', usage };
      },
      say('Sunny.'),
    ]);
    const question = { role: 'user', content: 'weather?' };
    const first = await answerTo(house, { input: [question], tools: [weather] });
    const result = { type: 'function_call_output', call_id: 'call-1', output: 'sunny' };
    const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null };
    await answerTo(house, { input: [question, thought, ...first.output, result], tools: [weather] });
    expect(given(house).messages).toEqual([
      user('weather?'),
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } },
        ],
      },
      { role: 'tool', toolCallId: 'call-1', toolName: 'weather', output: 'sunny', isError: false },
    ]);
  });

  it('takes references to items of earlier answers', async () => {
    await using house = await openHouse([
      function* () {
        yield { type: 'text', delta: 'Looking.' };
        yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: {} };
        yield { type: 'finish', reason: 'toolCalls', usage };
      },
      say('Sunny.'),
    ]);
    const first = await answerTo(house, { tools: [weather] });
    const references = first.output.map(({ id }) => ({ type: 'item_reference', id }));
    const result = { type: 'function_call_output', call_id: 'call-1', output: [{ type: 'input_text', text: 'sunny' }] };
    await answerTo(house, { input: [{ role: 'user', content: 'hello' }, ...references, result], tools: [weather] });
    expect(given(house).messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect(given(house).messages[1]).toMatchObject({ content: [{ text: 'Looking.' }, { id: 'call-1' }] });
    const lost = await ask(house, { input: [{ type: 'item_reference', id: `msg_${'0'.repeat(32)}_0` }] });
    expect(await readError(lost)).toMatchObject({ status: 400, param: 'input[0].id' });
  });

  it.each<[object, string]>([
    [{ input: undefined }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: 7 }, 'input'],
    [{ input: [{ content: 'x' }] }, 'input[0].role'],
    [{ input: [{ type: 'nonsense' }] }, 'input[0].type'],
    [{ input: [{ role: 'user', content: [{ type: 'input_text' }] }] }, 'input[0].content[0].text'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0]'],
    [{ input: [{ type: 'function_call', call_id: 'a', name: 'x', arguments: '[' }] }, 'input[0].arguments'],
    [{ input: [{ type: 'function_call_output', call_id: 'lost', output: 'x' }] }, 'input[0].call_id'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'http://x/y.png' }] }] },
      'input[0].content[0].image_url',
    ],
    [{ temperature: 3 }, 'temperature'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort'],
    [{ truncation: 'some' }, 'truncation'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
  ])('%j is refused with the member that is wrong', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param });
  });

  it.each<[object, string]>([
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [{ background: true }, 'background'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ prompt: { id: 'p' } }, 'prompt'],
    [{ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] }, 'input[0].content[0]'],
  ])('%j is told to be unsupported', async (body, param) => {
    await using house = await openHouse(say('hi'));
    expect(await readError(await ask(house, body))).toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param,
    });
  });

  it('may say null for every optional member', async () => {
    await using house = await openHouse(say('hi'));
    const optional = [
      ...['instructions', 'stream', 'tools', 'tool_choice', 'parallel_tool_calls', 'text', 'max_output_tokens'],
      ...['temperature', 'top_p', 'reasoning', 'metadata', 'store', 'include', 'service_tier', 'prompt_cache_key'],
      ...['safety_identifier', 'truncation', 'user', 'previous_response_id', 'background', 'conversation', 'prompt'],
    ];
    await answerTo(house, { ...Object.fromEntries(optional.map((name) => [name, null])), text: {} });
  });
});

describe('a response that goes on', () => {
  it('stands behind the one before, also after a restart of everything but the disk', async () => {
    await using house = await openHouse(say('hi'));
    const first = await answerTo(house, { input: 'one' });
    const second = await answerTo(house, { input: 'two', previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    await answerTo(house, { input: 'three', previous_response_id: second.id });
    expect(given(house).messages).toEqual([user('one'), assistant('hi'), user('two'), assistant('hi'), user('three')]);
  });

  it('takes the results of the calls before', async () => {
    await using house = await openHouse([callTool('weather', {}, 'call-9'), say('Sunny.')]);
    const first = await answerTo(house, { tools: [weather] });
    const result = { type: 'function_call_output', call_id: 'call-9', output: 'sunny' };
    const echo = { type: 'function_call', call_id: 'call-9', name: 'weather', arguments: '{}' };
    const input = [echo, result, { role: 'user', content: 'and?' }, { role: 'user', content: 'tell me' }];
    await answerTo(house, { input, previous_response_id: first.id });
    expect(given(house).messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ id: 'call-9' }] },
      { role: 'tool', toolCallId: 'call-9', toolName: 'weather', output: 'sunny' },
      { role: 'user', content: [{ text: 'and?' }, { text: 'tell me' }] },
    ]);
    const spoken = { role: 'assistant', content: 'I said' };
    const repeated = await ask(house, {
      input: [spoken, { role: 'user', content: 'x' }],
      previous_response_id: first.id,
    });
    expect(await readError(repeated)).toMatchObject({ status: 400, param: 'input' });
  });

  it('must be known, and of the same agent', async () => {
    await using house = await openHouse(say('hi'));
    const first = await answerTo(house, {});
    const attempts = [
      { previous_response_id: 'resp_none' },
      { previous_response_id: `resp_${'0'.repeat(32)}` },
      { previous_response_id: first.id, model: 'openclaw/ops' },
    ];
    const { run } = await house.rooms.start({ runId: 'not-a-response' });
    await run?.ended;
    for (const body of [...attempts, { previous_response_id: 'not-a-response' }])
      expect(await readError(await ask(house, body))).toMatchObject({
        status: 400,
        code: 'previous_response_not_found',
        param: 'previous_response_id',
      });
    house.rooms.sessions.delete(house.rooms.runs.find(first.id)?.sessionKey ?? '');
    expect((await ask(house, { previous_response_id: first.id })).status).toBe(400);
  });

  it('belongs to the session that is named', async () => {
    await using house = await openHouse(say('hi'));
    const headers = { 'x-openclaw-session-key': 'talk' };
    const first = await answerTo(house, { input: 'one' }, headers);
    const next = await ask(house, { input: 'two', previous_response_id: first.id });
    expect(next.headers.get('x-openclaw-session-key')).toBe('agent:main:talk');
    const own = await ask(house, {});
    expect(own.headers.get('x-openclaw-session-key')).toMatch(/^agent:main:responses:[0-9a-f]{32}$/);
  });
});
