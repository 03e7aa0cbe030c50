import OpenAI from 'openai';
import { zodFunction } from 'openai/helpers/zod';
import { describe, expect, it } from 'vitest';
import { askWeather, lastRequest, openGateway, play, settingsOf, toldWeather, turnsOf, weather } from './fixture.ts';

const model = 'openclaw';
const messages = [{ role: 'user' as const, content: 'What is the weather in Graz?' }];
const tools = [zodFunction({ name: weather.name, description: weather.description, parameters: weather.schema })];
const two = {
  calls: [
    { id: 'call-1', name: 'weather', args: { city: 'Graz' } },
    { id: 'call-2', name: 'weather', args: { city: 'Lienz "am" See\n' } },
  ],
};

describe("openai: the caller's own tools", () => {
  it('end the turn, with what was said before them', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...askWeather);
    const { choices } = await openai.chat.completions.create({ model, messages, tools });
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Let me see.',
        tool_calls: [{ id: 'call-1', type: 'function', function: { name: 'weather', arguments: '{"city":"Graz"}' } }],
      },
    });
    expect(gateway.upstream.requests).toHaveLength(1);
    const offered = lastRequest(gateway)?.body.tools as { function: object }[];
    expect(offered.map((tool) => tool.function)).toContainEqual(
      expect.objectContaining({
        name: 'weather',
        description: weather.description,
        strict: true,
        parameters: expect.objectContaining({ required: ['city'] }),
      }),
    );
  });

  it('are called several at a time, and each keeps its own arguments', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, two);
    const whole = await openai.chat.completions.create({ model, messages, tools, parallel_tool_calls: true });
    const stream = openai.chat.completions.stream({ model, messages, tools, parallel_tool_calls: true });
    const streamed = await stream.finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      const calls = (choices[0]?.message.tool_calls ?? []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
      expect(calls.map(({ id }) => id)).toEqual(['call-1', 'call-2']);
      expect(calls.map((call) => JSON.parse(call.function.arguments))).toEqual(two.calls.map(({ args }) => args));
      expect(choices[0]?.message.content ?? '').toBe('');
    }
    expect(lastRequest(gateway)?.body.parallel_tool_calls).toBe(true);
  });

  it('come as deltas that have an index, the first of each with id, type and name', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['Let me see.'], ...two });
    const stream = await openai.chat.completions.create({ model, messages, tools, stream: true });
    const deltas: OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall[] = [];
    for await (const { choices } of stream) deltas.push(...(choices[0]?.delta.tool_calls ?? []));
    for (const [index, { id }] of two.calls.entries()) {
      const [first, ...rest] = deltas.filter((delta) => delta.index === index);
      expect(first).toMatchObject({ id, type: 'function', function: { name: 'weather' } });
      expect(rest.every((delta) => delta.id === undefined && delta.function?.name === undefined)).toBe(true);
    }
    expect(deltas.every(({ index }) => index === 0 || index === 1)).toBe(true);
  });

  it.each([true, false])('are run in a loop to the end, streamed: %s', async (stream) => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...askWeather);
    const runnable = {
      type: 'function' as const,
      function: {
        ...weather,
        parse: (text: string) => weather.schema.parse(JSON.parse(text)),
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
        function: weather.tell,
      },
    };
    const body = { model, messages, tools: [runnable] };
    const runner = stream
      ? openai.chat.completions.runTools({ ...body, stream: true })
      : openai.chat.completions.runTools({ ...body, stream: false });
    expect(await runner.finalContent()).toBe('Sunny in Graz.');
    expect(gateway.upstream.requests).toHaveLength(2);
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
  });

  it('go through a session without a word said twice', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...askWeather);
    const first = await openai.chat.completions.create({ model, messages, tools, user: 'ann' });
    const call = first.choices[0]?.message;
    if (!call) throw new Error('no call');
    const result = { role: 'tool' as const, tool_call_id: 'call-1', content: 'sunny in Graz' };
    const next = await openai.chat.completions.create({
      model,
      tools,
      user: 'ann',
      messages: [...messages, call, result],
    });
    expect(next.choices[0]?.message.content).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
  });

  it('can be demanded, by name or any of them, and forbidden', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...askWeather.slice(0, 1));
    const named = { type: 'function' as const, function: { name: 'weather' } };
    for (const tool_choice of ['required' as const, named]) {
      const { choices } = await openai.chat.completions.create({ model, messages, tools, tool_choice });
      expect(choices[0]?.finish_reason).toBe('tool_calls');
      expect(lastRequest(gateway)?.body.tool_choice).toEqual(tool_choice);
    }
    play(gateway, { text: ['No idea.'] });
    await openai.chat.completions.create({ model, messages, tools, tool_choice: 'none' });
    const { tool_choice, tools: offered } = lastRequest(gateway)?.body ?? {};
    expect(tool_choice === 'none' || offered === undefined).toBe(true);
  });

  it.each([true, false])(
    'that were demanded and not called are an error, with no talk, streamed: %s',
    async (stream) => {
      await using gateway = await openGateway();
      const openai = new OpenAI({ ...settingsOf(gateway), maxRetries: 0 });
      play(gateway, { text: ['I would rather talk.'] });
      const said: string[] = [];
      const asking = (async () => {
        const body = { model, messages, tools, tool_choice: 'required' as const };
        if (!stream) return openai.chat.completions.create(body);
        for await (const { choices } of await openai.chat.completions.create({ ...body, stream: true }))
          said.push(choices[0]?.delta.content ?? '');
      })();
      await expect(asking).rejects.toMatchObject({ type: 'api_error', code: 'tool_choice_not_honoured' });
      expect(said.join('')).toBe('');
    },
  );
});

describe('openai: tools of the agent', () => {
  const turns = [
    { text: ['I note it. '], calls: [{ id: 'w', name: 'write', args: { path: 'note.md', content: 'forty-two' } }] },
    { text: ['Now I look. '], calls: [{ id: 'r', name: 'read', args: { path: 'note.md' } }] },
    { text: ['It says forty-two.'] },
  ];

  it.each([true, false])('run inside, and the caller gets the text around them, streamed: %s', async (stream) => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...turns);
    const completion = stream
      ? await openai.chat.completions.stream({ model, messages }).finalChatCompletion()
      : await openai.chat.completions.create({ model, messages });
    const choice = completion.choices[0];
    expect(choice?.finish_reason).toBe('stop');
    expect(choice?.message.tool_calls ?? []).toEqual([]);
    expect(choice?.message.content).toMatch(/^I note it\.\s+Now I look\.\s+It says forty-two\.$/);
    const results = turnsOf(lastRequest(gateway)).filter(({ role }) => role === 'tool');
    expect(results.map(({ tool_call_id }) => tool_call_id)).toEqual(['w', 'r']);
    expect(JSON.stringify(results[1]?.content)).toContain('forty-two');
  });

  it("go together with the caller's own", async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { calls: [{ id: 'l', name: 'sessions_list', args: {} }] }, ...askWeather);
    const first = await openai.chat.completions.create({ model, messages, tools });
    const call = first.choices[0]?.message;
    expect(call?.tool_calls).toMatchObject([{ id: 'call-1' }]);
    if (!call) throw new Error('no call');
    const result = { role: 'tool' as const, tool_call_id: 'call-1', content: 'sunny in Graz' };
    const next = await openai.chat.completions.create({ model, tools, messages: [...messages, call, result] });
    expect(next.choices[0]?.message.content).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
  });
});
