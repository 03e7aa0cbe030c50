import { createOpenAI } from '@ai-sdk/openai';
import { HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, isStepCount, streamText, tool } from 'ai';
import OpenAI from 'openai';
import type { ResponseInputItem, Tool } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import { compatibleOf } from './ai-sdk-ways.ts';
import { askWeather, lastRequest, openGateway, play, settingsOf, toldWeather, turnsOf, weather } from './fixture.ts';

const prompt = 'What is the weather in Graz?';
const thought = ['I should ', 'look it up.'];
const turns = askWeather.map((turn) => ({ ...turn, thought }));
const tools = {
  weather: tool({
    description: weather.description,
    inputSchema: weather.schema,
    execute: async (input) => weather.tell(input),
  }),
};

describe('reasoning of a model', () => {
  it('is parts of their own in the AI SDK, over chat and over responses', async () => {
    await using gateway = await openGateway();
    for (const model of [compatibleOf(gateway)('openclaw'), createOpenAI(settingsOf(gateway))('openclaw')]) {
      play(gateway, ...turns);
      const whole = await generateText({ model, prompt, tools, stopWhen: isStepCount(5) });
      expect(whole.steps.map(({ reasoningText }) => reasoningText)).toEqual([
        'I should look it up.',
        'I should look it up.',
      ]);
      expect(whole.text).toBe('Sunny in Graz.');
      const told = turnsOf(lastRequest(gateway));
      expect(told.map(({ role }) => role)).toEqual(toldWeather.map(({ role }) => role));
      play(gateway, ...turns);
      const streamed = streamText({ model, prompt, tools, stopWhen: isStepCount(5) });
      expect(await streamed.text).toBe('Sunny in Graz.');
      expect(await streamed.reasoningText).toBe('I should look it up.');
      expect(turnsOf(lastRequest(gateway)).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    }
  });

  it('is an item of a response, and is taken back', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...turns);
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const offered: Tool[] = [{ type: 'function', name: 'weather', parameters, strict: false }];
    const input: ResponseInputItem[] = [{ role: 'user', content: prompt }];
    const reasoning = { effort: 'low', summary: 'auto' } as const;
    const stream = openai.responses.stream({ model: 'openclaw', input, tools: offered, reasoning });
    const deltas: string[] = [];
    stream.on('response.reasoning_summary_text.delta', ({ delta }) => void deltas.push(delta));
    const { output } = await stream.finalResponse();
    expect(deltas.join('')).toBe('I should look it up.');
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message', 'function_call']);
    const result = { type: 'function_call_output' as const, call_id: 'call-1', output: 'sunny in Graz' };
    const answered = await openai.responses.create({
      model: 'openclaw',
      tools: offered,
      input: [...input, ...(output as ResponseInputItem[]), result],
    });
    expect(answered.output_text).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
  });

  it('is taken back by LangChain over responses, too', async () => {
    await using gateway = await openGateway();
    const { baseURL, apiKey } = settingsOf(gateway);
    const model = new ChatOpenAI({ model: 'openclaw', apiKey, configuration: { baseURL }, useResponsesApi: true });
    play(gateway, { text: ['Hello.'], thought });
    const history = [new HumanMessage('one')];
    const first = await model.invoke(history);
    expect(first.text).toBe('Hello.');
    await model.invoke([...history, first, new HumanMessage('two')]);
    expect(turnsOf(lastRequest(gateway)).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });
});
