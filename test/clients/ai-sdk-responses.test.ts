import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, streamText, tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { askWeather, lastRequest, openGateway, play, settingsOf, toldWeather, turnsOf, weather } from './fixture.ts';

const prompt = 'What is the weather in Graz?';
const tools = {
  weather: tool({
    description: weather.description,
    inputSchema: weather.schema,
    execute: async (input) => weather.tell(input),
  }),
};

describe("AI SDK, options of OpenAI's responses", () => {
  it('previousResponseId goes on from an answer', async () => {
    await using gateway = await openGateway();
    const model = createOpenAI(settingsOf(gateway))('openclaw');
    const first = await generateText({ model, prompt: 'My name is Ann.' });
    const previousResponseId = first.providerMetadata?.openai?.responseId as string;
    expect(previousResponseId).toMatch(/^resp_/);
    await generateText({ model, prompt: 'And yours?', providerOptions: { openai: { previousResponseId } } });
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(told).match(/My name is Ann\./g)).toHaveLength(1);
  });

  it.each([true, false])('store: false sends everything with each step, with thoughts: %s', async (thinks) => {
    await using gateway = await openGateway();
    const model = createOpenAI(settingsOf(gateway))('openclaw');
    play(gateway, ...askWeather.map((turn) => ({ ...turn, ...(thinks && { thought: ['hm'] }) })));
    const options = { store: false, include: ['reasoning.encrypted_content' as const] };
    const result = streamText({
      model,
      prompt,
      tools,
      stopWhen: isStepCount(5),
      providerOptions: { openai: options },
    });
    expect(await result.text).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
    expect(JSON.stringify(lastRequest(gateway)?.body.messages).match(/Let me see\./g)).toHaveLength(1);
  });

  it('go on over turns of a chat that the program keeps', async () => {
    await using gateway = await openGateway();
    const model = createOpenAI(settingsOf(gateway))('openclaw');
    play(gateway, ...askWeather, { text: ['Rain.'] });
    const first = await generateText({ model, prompt, tools, stopWhen: isStepCount(5) });
    const messages = [
      { role: 'user' as const, content: prompt },
      ...first.responseMessages,
      { role: 'user' as const, content: 'And tomorrow?' },
    ];
    const next = await generateText({ model, messages, tools, stopWhen: isStepCount(5) });
    expect(next.text).toBe('Rain.');
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
    for (const once of [/Let me see\./g, /sunny in Graz/g, /Sunny in Graz\./g])
      expect(JSON.stringify(told).match(once)).toHaveLength(1);
  });

  it('as they are sent with a user, they belong to a session', async () => {
    await using gateway = await openGateway();
    const model = createOpenAI(settingsOf(gateway))('openclaw');
    const options = { user: 'ann', parallelToolCalls: false, reasoningEffort: 'low', forceReasoning: true } as const;
    const { response, warnings } = await generateText({ model, prompt, providerOptions: { openai: options } });
    expect(response.headers?.['x-openclaw-session-key']).toBe('agent:main:http:user:ann');
    expect(warnings ?? []).toEqual([]);
    expect(lastRequest(gateway)?.body.reasoning_effort).toBe('low');
  });
});
