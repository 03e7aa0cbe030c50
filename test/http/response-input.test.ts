import { describe, expect, it } from 'vitest';
import { png } from '../media/images.ts';
import { callTool, say, usage } from '../scripted-model.ts';
import { answerTo, ask, assistant, given, user, weather } from './asked-responses.ts';
import { openHouse, readError } from './house.ts';

const pixel = png().toString('base64');

/** JSON of so many levels. */
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

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
            { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${pixel}` },
            { type: 'input_image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
          ],
        },
      ],
    });
    const { messages, system } = given(house);
    const image = { type: 'image', mimeType: 'image/png', data: pixel };
    expect(system).toContain('One.\n\nTwo.\n\nThree.');
    expect(messages).toEqual([
      user('first'),
      assistant('answer'),
      { role: 'user', content: [{ type: 'text', text: 'look' }, image, image] },
    ]);
  });

  it('takes a message without parts for an empty one', async () => {
    await using house = await openHouse(say('hi'));
    await answerTo(house, { input: [{ role: 'user', content: [] }] });
    expect(given(house).messages).toEqual([user('')]);
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
    [{ input: [{ type: 'function_call', call_id: 'a', name: 'x', arguments: nested(101) }] }, 'input[0].arguments'],
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
    [{ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] }, 'input[0].content[0].file_id'],
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
  it('stands behind the one before', async () => {
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
  });

  it('takes what was answered since, from programs that keep to one response over several steps', async () => {
    await using house = await openHouse([
      say('Hello.'),
      function* () {
        yield { type: 'text', delta: 'Looking.' };
        yield { type: 'toolCall', id: 'call-9', name: 'weather', arguments: {} };
        yield { type: 'finish', reason: 'toolCalls', usage };
      },
      say('Sunny.'),
    ]);
    const first = await answerTo(house, { input: 'hi' });
    const question = { role: 'user', content: 'weather?' };
    const asked = { previous_response_id: first.id, tools: [weather] };
    const step = await answerTo(house, { ...asked, input: [question] });
    const since = step.output.map(({ id }) => ({ type: 'item_reference', id }));
    const result = { type: 'function_call_output', call_id: 'call-9', output: 'sunny' };
    const last = await answerTo(house, { ...asked, input: [...first.output, question, ...since, result] });
    const conversation = [
      user('hi'),
      assistant('Hello.'),
      user('weather?'),
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'toolCall', id: 'call-9', name: 'weather', arguments: {} },
        ],
      },
      { role: 'tool', toolCallId: 'call-9', toolName: 'weather', output: 'sunny', isError: false },
    ];
    expect(given(house).messages).toEqual(conversation);
    await answerTo(house, { previous_response_id: last.id, input: 'thanks' });
    expect(given(house).messages).toEqual([...conversation, assistant('Sunny.'), user('thanks')]);
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
