import { describe, expect, it } from 'vitest';
import { callTool, say, usage } from '../scripted-model.ts';
import { answerTo, ask, assistant, given, user, weather } from './asked-responses.ts';
import { openHouse, readError } from './house.ts';

const time = { type: 'function', name: 'time' };
const allowed = (mode: string, ...names: string[]) => ({
  type: 'allowed_tools',
  mode,
  tools: names.map((name) => ({ type: 'function', name })),
});

describe('wishes of a response', () => {
  it('reach the model as what they are', async () => {
    await using house = await openHouse(say('{}'));
    await answerTo(house, {
      reasoning: { effort: 'xhigh', summary: 'concise' },
      text: { verbosity: 'high', format: { type: 'json_schema', name: 'a', description: 'An a.', schema: {} } },
      service_tier: 'flex',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      user: 'ann',
    });
    expect(given(house)).toMatchObject({
      thinking: 'xhigh',
      reasoningSummary: 'concise',
      verbosity: 'high',
      serviceTier: 'flex',
      promptCacheKey: 'k',
      safetyIdentifier: 's',
      user: 'ann',
      responseFormat: { type: 'json', name: 'a', description: 'An a.', schema: {} },
    });
  });

  it.each<object>([
    { background: false, top_logprobs: 0, stream_options: { include_obfuscation: true } },
    { include: ['reasoning.encrypted_content', 'message.output_text.logprobs'] },
    { moderation: {}, prompt_cache_options: {}, prompt_cache_retention: '24h', context_management: [], image: {} },
    { tools: [], text: {}, reasoning: {} },
    { text: { format: null, verbosity: null }, reasoning: { effort: null, summary: null, generate_summary: null } },
    { made_up: { deep: [1] }, cache_control: { type: 'ephemeral' } },
  ])('%j changes nothing', async (body) => {
    await using house = await openHouse(say('hi'));
    expect((await answerTo(house, body)).output_text).toBe('hi');
    expect(given(house).sampling ?? {}).toEqual({});
  });

  it.each<[object, string]>([
    [{ top_logprobs: 3 }, 'top_logprobs'],
    [{ background: true }, 'background'],
    [{ conversation: { id: 'conv_1' } }, 'conversation'],
    [{ prompt: { id: 'p' } }, 'prompt'],
    ...['web_search', 'file_search', 'mcp', 'code_interpreter', 'computer_use_preview', 'custom', 'local_shell'].map(
      (type): [object, string] => [{ tools: [weather, { type }] }, 'tools[1].type'],
    ),
    [{ tools: [weather], tool_choice: { type: 'file_search' } }, 'tool_choice.type'],
    [
      { tools: [weather], tool_choice: allowed('auto', 'weather'), input: [{ type: 'web_search_call' }] },
      'input[0].type',
    ],
    [{ input: [{ type: 'mcp_call', id: 'mcp_1' }] }, 'input[0].type'],
  ])('%j is told to be unsupported, and what to do', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code: 'unsupported_parameter', param });
    expect(error.message.length).toBeGreaterThan(param.length + 20);
    expect(house.rooms.models.requests).toEqual([]);
  });

  it.each<[object, string]>([
    [{ tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ tools: [{ type: 'function', name: 'x', parameters: [] }] }, 'tools[0].parameters'],
    [{ tools: [weather], tool_choice: { type: 'function' } }, 'tool_choice.name'],
    [{ tools: [weather], tool_choice: allowed('auto', 'time') }, 'tool_choice'],
    [{ text: { verbosity: 'chatty' } }, 'text.verbosity'],
    [{ text: { format: { type: 'json_schema', schema: {} } } }, 'text.format.name'],
    [{ reasoning: { summary: 'long' } }, 'reasoning.summary'],
    [{ metadata: 'x' }, 'metadata'],
    [{ include: 'x' }, 'include'],
    [{ store: 'no' }, 'store'],
    [{ instructions: ['x'] }, 'instructions'],
    [{ input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ role: 'user', content: null }] }, 'input[0].content'],
    [{ input: [null] }, 'input[0]'],
    [{ input: ['hello'] }, 'input[0]'],
    [{ input: [{ type: 'function_call', call_id: 'a', name: 'x' }] }, 'input[0].arguments'],
    [{ input: [{ type: 'function_call_output', call_id: 'a' }] }, 'input[0].output'],
  ])('%j is refused with the member that is wrong', async (body, param) => {
    await using house = await openHouse(say('hi'));
    const error = await readError(await ask(house, body));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param });
    expect(house.rooms.models.requests).toEqual([]);
  });
});

describe('max_tool_calls', () => {
  it('lets so many calls of the agent’s own tools run, and tells the model of the others', async () => {
    await using house = await openHouse([
      function* () {
        yield { type: 'toolCall', id: 'a', name: 'sessions_list', arguments: {} };
        yield { type: 'toolCall', id: 'b', name: 'sessions_list', arguments: {} };
        yield { type: 'finish', reason: 'toolCalls', usage };
      },
      callTool('sessions_list', {}, 'c'),
      say('Done.'),
    ]);
    const answer = await answerTo(house, { max_tool_calls: 1 });
    expect([answer.output_text, answer.max_tool_calls]).toEqual(['Done.', 1]);
    const results = given(house).messages.flatMap((message) => (message.role === 'tool' ? [message] : []));
    expect(results.map(({ toolCallId, isError }) => [toolCallId, isError])).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
    ]);
    expect(results[1]?.output).toMatch(/no more tool calls/);
  });
});

describe('items of a response’s input', () => {
  it('may say null in every optional member, and have members nobody knows', async () => {
    await using house = await openHouse(say('hi'));
    await answerTo(house, {
      tools: [{ ...weather, description: null, parameters: null, strict: null, cache_control: {} }],
      input: [
        { type: null, role: 'user', content: 'one', id: null, status: null, phase: null },
        { type: 'reasoning', id: 'rs_x', summary: [], content: null, encrypted_content: null, status: null },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_x',
          status: 'completed',
          phase: 'commentary',
          content: [{ type: 'output_text', text: 'Looking.', annotations: [], logprobs: null, parsed: null }],
        },
        {
          type: 'function_call',
          id: null,
          status: null,
          call_id: 'a',
          name: 'weather',
          arguments: '{}',
          namespace: null,
        },
        {
          type: 'function_call_output',
          id: null,
          call_id: 'a',
          output: [{ type: 'input_text', text: 'sun', cache_control: {} }],
          status: null,
        },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
        { role: 'user', content: [{ type: 'input_text', text: 'two', detail: null }] },
      ],
    });
    expect(given(house).messages).toEqual([
      user('one'),
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'toolCall', id: 'a', name: 'weather', arguments: {} },
        ],
      },
      { role: 'tool', toolCallId: 'a', toolName: 'weather', output: 'sun', isError: false },
      assistant('No.'),
      user('two'),
    ]);
  });
});

describe('the choice of tools of a response', () => {
  it('may be among some of them, and is repeated as it was asked', async () => {
    await using house = await openHouse([say('hi'), callTool('time')]);
    const tools = [weather, time];
    const answer = await answerTo(house, { tools, tool_choice: allowed('auto', 'time') });
    expect(answer.tool_choice).toEqual(allowed('auto', 'time'));
    expect(given(house).tools?.map(({ name }) => name)).not.toContain('weather');
    await answerTo(house, { tools, tool_choice: allowed('required', 'time') });
    expect(given(house)).toMatchObject({ toolChoice: 'required', tools: [{ name: 'time' }] });
  });

  it('must be honoured', async () => {
    await using house = await openHouse(say('No.'));
    for (const stream of [false, true]) {
      const error = await readError(await ask(house, { tools: [weather], tool_choice: 'required', stream }));
      expect(error).toMatchObject({ status: 502, type: 'api_error', code: 'tool_choice_not_honoured' });
    }
  });
});
