import { describe, expect, it } from 'vitest';
import { callTool, say, usage } from '../scripted-model.ts';
import { ask, choiceOf, deltasOf, given, time, user, weather } from './asked-chat.ts';
import { openHouse, readError, readEvents } from './house.ts';

const allowed = (mode: string, ...names: string[]) => ({
  type: 'allowed_tools',
  allowed_tools: { mode, tools: names.map((name) => ({ type: 'function', function: { name } })) },
});

describe('wishes of a chat completion', () => {
  it('reach the model as what they are', async () => {
    await using house = await openHouse(say('hi'));
    const request = await given(house, {
      verbosity: 'low',
      service_tier: 'flex',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      user: 'ann',
      logit_bias: { 50256: -100 },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', description: 'An answer.', schema: { type: 'object' }, strict: null },
      },
    });
    expect(request).toMatchObject({
      verbosity: 'low',
      serviceTier: 'flex',
      promptCacheKey: 'k',
      safetyIdentifier: 's',
      user: 'ann',
      sampling: { logitBias: { 50256: -100 } },
      responseFormat: { name: 'answer', description: 'An answer.', schema: { type: 'object' } },
    });
  });

  it.each<object>([
    { logprobs: false, top_logprobs: 0 },
    { modalities: ['text'], audio: { voice: 'alloy', format: 'wav' } },
    { prediction: { type: 'content', content: 'x' } },
    { store: true, moderation: {}, prompt_cache_options: {}, prompt_cache_retention: '24h' },
    { stream_options: { include_usage: true, include_obfuscation: false } },
    { tools: [], parallel_tool_calls: true },
    { tools: null, tool_choice: 'auto' },
    { stop: ['', ''] },
    { functions: [], function_call: null },
    { made_up: { deep: [1] }, cache_control: { type: 'ephemeral' }, web_search: true },
  ])('%j changes nothing', async (body) => {
    await using house = await openHouse(say('hi'));
    expect((await choiceOf(house, body)).message.content).toBe('hi');
    expect(house.rooms.models.requests[0]?.sampling ?? {}).toEqual({});
  });

  it.each<[object, string]>([
    [{ logprobs: true }, 'logprobs'],
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ modalities: ['text', 'audio'] }, 'modalities[1]'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ n: 2 }, 'n'],
    ...['web_search', 'file_search', 'mcp', 'code_interpreter', 'computer_use_preview', 'custom'].map(
      (type): [object, string] => [{ tools: [{ type }] }, 'tools[0].type'],
    ),
    [{ tools: [weather], tool_choice: { type: 'custom', custom: { name: 'x' } } }, 'tool_choice.type'],
    [{ tools: [weather], tool_choice: { type: 'web_search_preview' } }, 'tool_choice.type'],
    [
      { messages: [user('x'), { role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: {} }] }] },
      'messages[1].tool_calls[0].type',
    ],
  ])('%j is told to be unsupported, and what to do', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code: 'unsupported_parameter', param });
    expect(error.message.length).toBeGreaterThan(param.length + 20);
    expect(house.rooms.models.requests).toEqual([]);
  });

  it.each<[object, string]>([
    [{ logprobs: 1 }, 'logprobs'],
    [{ top_logprobs: 21 }, 'top_logprobs'],
    [{ logit_bias: { 1: 101 } }, 'logit_bias.1'],
    [{ logit_bias: [] }, 'logit_bias'],
    [{ modalities: ['smell'] }, 'modalities[0]'],
    [{ verbosity: 'chatty' }, 'verbosity'],
    [{ service_tier: 1 }, 'service_tier'],
    [{ prompt_cache_key: {} }, 'prompt_cache_key'],
    [{ stream_options: { include_usage: 'yes' } }, 'stream_options.include_usage'],
    [{ parallel_tool_calls: 'no' }, 'parallel_tool_calls'],
    [{ tools: {} }, 'tools'],
    [{ tools: [{ function: { name: 'x' } }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function', function: { name: 'x', parameters: 'y' } }] }, 'tools[0].function.parameters'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tools: [weather], tool_choice: { type: 'function' } }, 'tool_choice.function'],
    [{ tools: [weather], tool_choice: { type: 'banana' } }, 'tool_choice.type'],
    [{ tools: [weather], tool_choice: allowed('auto', 'time') }, 'tool_choice'],
    [{ tools: [weather], tool_choice: allowed('sometimes', 'weather') }, 'tool_choice.allowed_tools.mode'],
    [{ messages: [user(null)] }, 'messages[0].content'],
    [{ messages: [{ role: 'system', content: null }] }, 'messages[0].content'],
    [{ messages: [null] }, 'messages[0]'],
    [{ messages: [user('x'), { role: 'assistant', tool_calls: [{ id: 'a' }] }] }, 'messages[1].tool_calls[0].function'],
  ])('%j is refused with the member that is wrong', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param });
    expect(house.rooms.models.requests).toEqual([]);
  });
});

describe('messages of a chat completion', () => {
  it('may say null in every optional member, and have members nobody knows', async () => {
    await using house = await openHouse(say('hi'));
    const { messages, tools } = await given(house, {
      messages: [
        { role: 'system', name: null, content: 'Be brief.', cache_control: { type: 'ephemeral' } },
        { role: 'developer', name: 'dev', content: [{ type: 'text', text: 'And kind.', cache_control: {} }] },
        { role: 'user', name: null, content: [{ type: 'text', text: 'one', id: 'x' }], id: 'm1', metadata: {} },
        {
          role: 'assistant',
          content: null,
          name: null,
          refusal: null,
          audio: null,
          annotations: [],
          function_call: null,
          reasoning_content: 'hm',
          tool_calls: [
            { id: 'a', type: null, index: 0, function: { name: 'weather', arguments: '{}', extra: 1 }, status: 'x' },
          ],
        },
        { role: 'tool', tool_call_id: 'a', name: 'weather', content: [{ type: 'text', text: 'sun' }], is_error: null },
        { role: 'assistant', content: null, refusal: 'No.', tool_calls: null },
        { role: 'user', content: 'two' },
      ],
      tools: [
        {
          type: 'function',
          cache_control: {},
          function: { name: 'weather', description: null, parameters: null, strict: null, extra: 1 },
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'a', description: null, schema: null, strict: null },
      },
      stream_options: { include_usage: null, include_obfuscation: null },
    });
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'one' }] },
      { role: 'assistant', content: [{ type: 'toolCall', id: 'a', name: 'weather', arguments: {} }] },
      { role: 'tool', toolCallId: 'a', toolName: 'weather', output: 'sun', isError: false },
      { role: 'assistant', content: [{ type: 'text', text: 'No.' }] },
      { role: 'user', content: [{ type: 'text', text: 'two' }] },
    ]);
    expect(tools).toContainEqual({ name: 'weather', description: '', parameters: { type: 'object', properties: {} } });
  });
});

describe('the choice of tools', () => {
  const names = (request: { tools?: { name: string }[] | undefined }) => request.tools?.map(({ name }) => name) ?? [];

  it('may be among some of them', async () => {
    await using house = await openHouse(say('hi'));
    const request = await given(house, { tools: [weather, time], tool_choice: allowed('auto', 'time') });
    expect(request.toolChoice).toBe('auto');
    expect(names(request)).toContain('time');
    expect(names(request)).not.toContain('weather');
  });

  it('leaves only those of the caller where one of them must be called', async () => {
    await using house = await openHouse(callTool('time'));
    const body = { tools: [weather, time] };
    const one = { type: 'function', function: { name: 'time' } };
    for (const [tool_choice, told, offered] of [
      ['required', 'required', ['weather', 'time']],
      [one, { name: 'time' }, ['weather', 'time']],
      [allowed('required', 'time'), 'required', ['time']],
    ]) {
      const request = await given(house, { ...body, tool_choice });
      expect([request.toolChoice, names(request)]).toEqual([told, offered]);
    }
  });

  it('may be none: a model that calls one all the same has failed', async () => {
    await using house = await openHouse(say('hi'));
    expect((await given(house, { tools: [weather], tool_choice: 'none' })).toolChoice).toBe('none');
    await using deaf = await openHouse(function* () {
      yield { type: 'text', delta: 'Well. ' };
      yield { type: 'toolCall', id: 'a', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const body = { tools: [weather], tool_choice: 'none' };
    const error = { type: 'api_error', code: 'tool_choice_not_honoured', param: 'tool_choice' };
    expect(await readError(await ask(deaf, body))).toMatchObject({ status: 502, ...error });
    const events = await readEvents(await ask(deaf, { ...body, stream: true }));
    expect(JSON.parse(events.at(-2) ?? '')).toMatchObject({ error });
    expect(events.join('')).not.toContain('"tool_calls"');
  });
});

describe('functions, as they were before tools', () => {
  const functions = [{ name: 'weather', description: 'Tells it.', parameters: { type: 'object', properties: {} } }];
  const call = { name: 'weather', arguments: '{"city":"Graz"}' };

  it('are answered with a function_call', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'Looking.' };
      yield { type: 'toolCall', id: 'a', name: 'weather', arguments: { city: 'Graz' } };
      yield { type: 'toolCall', id: 'b', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    expect(await choiceOf(house, { functions, function_call: 'auto' })).toEqual({
      index: 0,
      logprobs: null,
      finish_reason: 'function_call',
      message: { role: 'assistant', content: 'Looking.', refusal: null, function_call: call },
    });
    const [deltas, finish] = await deltasOf(house, { functions });
    expect(deltas.slice(1)).toEqual([
      { content: 'Looking.' },
      { function_call: { name: 'weather', arguments: '' } },
      { function_call: { arguments: '{"city":"Graz"}' } },
      {},
    ]);
    expect(finish).toBe('function_call');
    expect(house.rooms.models.requests[0]).toMatchObject({ toolChoice: 'auto', parallelToolCalls: false });
  });

  it('may be demanded by name', async () => {
    await using house = await openHouse(callTool('weather'));
    const request = await given(house, { functions, function_call: { name: 'weather' } });
    expect(request.toolChoice).toEqual({ name: 'weather' });
    expect(request.tools).toMatchObject([{ name: 'weather', description: 'Tells it.' }]);
  });

  it('come back with their results', async () => {
    await using house = await openHouse(say('Sunny.'));
    const asked = [user('weather?'), { role: 'assistant', content: null, function_call: call }];
    const { messages } = await given(house, {
      functions,
      messages: [...asked, { role: 'function', name: 'weather', content: 'sunny' }],
    });
    expect(messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ type: 'toolCall', name: 'weather', arguments: { city: 'Graz' } }] },
      { role: 'tool', toolName: 'weather', output: 'sunny' },
    ]);
    const [, made, result] = messages;
    const id = made?.role === 'assistant' && made.content[0]?.type === 'toolCall' ? made.content[0].id : 'none';
    expect(result).toMatchObject({ toolCallId: id });
    const lost = [...asked, { role: 'function', name: 'time', content: null }];
    expect(await readError(await ask(house, { messages: lost }))).toMatchObject({
      status: 400,
      param: 'messages[2].name',
    });
    const both = await readError(await ask(house, { functions, tools: [weather] }));
    expect(both).toMatchObject({ status: 400, param: 'functions' });
  });
});
