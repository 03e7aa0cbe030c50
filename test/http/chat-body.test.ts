import { describe, expect, it } from 'vitest';
import type { ModelMessage } from '../../server/models/provider.ts';
import { png as onePixel } from '../media/images.ts';
import { say } from '../scripted-model.ts';
import { type House, openHouse, readError } from './house.ts';

const user = (content: unknown) => ({ role: 'user', content });
const hello = [user('hello')];
const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } };
const png = onePixel().toString('base64');
const image = (url: string) => ({ type: 'image_url', image_url: { url } });

const ask = (house: House, body: object, headers: Record<string, string> = {}) =>
  house.ask('/v1/chat/completions', { body: { model: 'openclaw', messages: hello, ...body }, headers });

/** What the model was given, without the instructions of the agent. */
async function given(house: House, body: object, headers: Record<string, string> = {}) {
  const answer = await ask(house, body, headers);
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  const request = house.rooms.models.requests.at(-1);
  if (!request) throw new Error('the model was not asked');
  return request;
}

describe('the body of a chat completion', () => {
  it.each([
    ['{', null, /not valid JSON/],
    ['', null, /empty/],
    ['[]', null, /object/],
    ['"hello"', null, /object/],
    ['{}', 'messages', /array/],
  ])('%s is refused', async (body, param, message) => {
    await using house = await openHouse(say('hi'));
    const answer = await house.ask('/v1/chat/completions', { method: 'POST', body });
    const error = await readError(answer);
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code: null, param });
    expect(error.message).toMatch(message);
  });

  it.each<[object, string]>([
    [{ messages: [] }, 'messages'],
    [{ messages: 'hello' }, 'messages'],
    [{ messages: [{ content: 'hello' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'robot', content: 'hello' }] }, 'messages[0].role'],
    [{ messages: [user(7)] }, 'messages[0].content'],
    [{ messages: [user([])] }, 'messages[0].content'],
    [{ messages: [user([{ type: 'text' }])] }, 'messages[0].content[0].text'],
    [{ messages: [user([{ type: 'video' }])] }, 'messages[0].content[0].type'],
    [{ messages: [...hello, { role: 'tool', content: 'x' }] }, 'messages[1].tool_call_id'],
    [{ messages: [...hello, { role: 'tool', content: 'x', tool_call_id: 'lost' }] }, 'messages[1].tool_call_id'],
    [{ model: '' }, 'model'],
    [{ model: 7 }, 'model'],
    [{ stream: 'yes' }, 'stream'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ temperature: '1' }, 'temperature'],
    [{ top_p: -0.1 }, 'top_p'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_completion_tokens: 1.5 }, 'max_completion_tokens'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ seed: 'x' }, 'seed'],
    [{ frequency_penalty: 3 }, 'frequency_penalty'],
    [{ presence_penalty: -3 }, 'presence_penalty'],
    [{ reasoning_effort: 'enormous' }, 'reasoning_effort'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
    [{ tools: [{ type: 'function', function: { name: 'not a name' } }] }, 'tools[0].function.name'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tool_choice: { type: 'function', function: { name: 'other' } }, tools: [weather] }, 'tool_choice'],
    [{ tool_choice: 'maybe' }, 'tool_choice'],
    [{ n: 0 }, 'n'],
    [{ user: 7 }, 'user'],
    [{ stream_options: true }, 'stream_options'],
  ])('%j is refused with the member that is wrong', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param });
    expect(error.message).not.toBe('');
    expect(house.rooms.models.requests).toEqual([]);
  });

  it.each<[object, string]>([
    [{ n: 2 }, 'n'],
    [
      { messages: [user([{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }])] },
      'messages[0].content[0]',
    ],
    [{ messages: [user([{ type: 'file', file: { file_id: 'f' } }])] }, 'messages[0].content[0].file.file_id'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
  ])('%j is told to be unsupported', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param });
  });

  it.each<[object[], string, string | null]>([
    [[user([image('https://example.com/a.png')])], 'messages[0].content[0].image_url.url', 'invalid_image_url'],
    [[user([image('data:image/tiff;base64,AAAA')])], 'messages[0].content[0].image_url.url', 'invalid_image_format'],
    [[user([image('data:image/png;base64,###')])], 'messages[0].content[0].image_url.url', 'invalid_image_url'],
    [[user(Array.from({ length: 9 }, () => image(`data:image/png;base64,${png}`)))], 'messages', 'too_many_images'],
  ])('images that cannot be taken are refused', async (messages, param, code) => {
    await using house = await openHouse(say('hi'));
    expect(await readError(await ask(house, { messages }))).toMatchObject({ status: 400, param, code });
  });

  it('reaches the model with everything that it can take', async () => {
    await using house = await openHouse(say('hi'));
    const { request } = await given(house, {
      messages: [{ role: 'developer', content: 'Be brief.' }, ...hello],
      max_tokens: 7,
      max_completion_tokens: 9,
      temperature: 0,
      top_p: 1,
      stop: 'END',
      seed: 42,
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
      reasoning_effort: 'high',
      parallel_tool_calls: false,
      tools: [{ ...weather, function: { ...weather.function, description: 'Tells it.', strict: true } }],
      tool_choice: 'auto',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
      },
    }).then((request) => ({ request }));
    expect(request.sampling).toEqual({
      maxOutputTokens: 9,
      temperature: 0,
      topP: 1,
      stop: ['END'],
      seed: 42,
      frequencyPenalty: 0.5,
      presencePenalty: -0.5,
    });
    expect(request).toMatchObject({
      thinking: 'high',
      parallelToolCalls: false,
      toolChoice: 'auto',
      responseFormat: { type: 'json', name: 'answer', schema: { type: 'object' }, strict: true },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }],
    });
    expect(request.system).toContain('Be brief.');
    expect(request.tools).toContainEqual({
      name: 'weather',
      description: 'Tells it.',
      parameters: { type: 'object', properties: {} },
      strict: true,
    });
  });

  it('may say null for every optional member, and have members nobody knows', async () => {
    await using house = await openHouse(say('hi'));
    const optional = [
      ...['model', 'stream', 'stream_options', 'tools', 'tool_choice', 'parallel_tool_calls', 'max_tokens', 'metadata'],
      ...['max_completion_tokens', 'temperature', 'top_p', 'stop', 'seed', 'frequency_penalty', 'presence_penalty'],
      ...['response_format', 'reasoning_effort', 'user', 'n', 'store', 'logit_bias', 'cache_control', 'made_up'],
    ];
    const request = await given(house, Object.fromEntries(optional.map((name) => [name, null])));
    expect(request.sampling ?? {}).toEqual({});
    const marked = [{ role: 'user', name: 'ann', content: [{ type: 'text', text: 'hello', cache_control: {} }] }];
    const { messages } = await given(house, { messages: marked, metadata: { a: 1 }, web_search: true, tools: [] });
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'hello' }] }]);
  });

  it('is a conversation: every kind of message arrives as what it is', async () => {
    await using house = await openHouse(say('hi'));
    const { messages, system } = await given(house, {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'One.' }] },
        user('look'),
        { role: 'assistant', content: [{ type: 'text', text: 'Looking.' }], refusal: null },
        { role: 'assistant', content: null, tool_calls: [toCall('a', '{"city":"Graz"}'), toCall('b', '')] },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'rainy' }] },
        { role: 'system', content: 'Two.' },
        user([{ type: 'text', text: 'and this?' }, image(`data:image/png;base64,${png}`)]),
      ],
    });
    expect(system).toContain('One.\n\nTwo.');
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'look' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Looking.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'toolCall', id: 'a', name: 'weather', arguments: { city: 'Graz' } },
          { type: 'toolCall', id: 'b', name: 'weather', arguments: {} },
        ],
      },
      { role: 'tool', toolCallId: 'a', toolName: 'weather', output: 'sunny', isError: false },
      { role: 'tool', toolCallId: 'b', toolName: 'weather', output: 'rainy', isError: false },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'and this?' },
          { type: 'image', mimeType: 'image/png', data: png },
        ],
      },
    ] satisfies ModelMessage[]);
  });

  it('may end with the results of the client’s own tools, or with the beginning of the answer', async () => {
    await using house = await openHouse(say('hi'));
    const calls = [user('look'), { role: 'assistant', tool_calls: [toCall('a', '{}')] }];
    const result = { role: 'tool', tool_call_id: 'a', content: 'sunny' };
    const after = await given(house, { messages: [...calls, result] });
    expect(after.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    const begun = await given(house, { messages: [user('count'), { role: 'assistant', content: 'One,' }] });
    expect(begun.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    const alone = await given(house, { messages: [{ role: 'system', content: 'Make a title.' }] });
    expect(alone.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Make a title.' }] }]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['{"city":', { arguments: '{"city":' }],
    ['Graz', { arguments: 'Graz' }],
    ['["Graz"]', { arguments: '["Graz"]' }],
    ['null', {}],
  ])('goes on after a call that some model wrote badly: %s', async (written, read) => {
    await using house = await openHouse(say('hi'));
    const result = { role: 'tool', tool_call_id: 'a', content: 'no such city' };
    const calls = [user('look'), { role: 'assistant', tool_calls: [toCall('a', written)] }, result];
    const { messages } = await given(house, { messages: calls });
    const content = [{ type: 'toolCall', id: 'a', name: 'weather', arguments: read }];
    expect(messages[1]).toEqual({ role: 'assistant', content });
  });

  it('is told which words a tool choice may be', async () => {
    await using house = await openHouse(say('hi'));
    const { message } = await readError(await ask(house, { tool_choice: 'any', tools: [weather] }));
    expect(message).toBe('tool_choice: expected auto, none, required or object');
  });
});

function toCall(id: string, input: string) {
  return { id, type: 'function', function: { name: 'weather', arguments: input } };
}
