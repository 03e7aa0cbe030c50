import { createOpenAI } from '@ai-sdk/openai';
import {
  embed,
  embedMany,
  generateObject,
  generateText,
  isStepCount,
  Output,
  streamObject,
  streamText,
  tool,
} from 'ai';
import { describe, expect, it } from 'vitest';
import type { TestGateway } from '../gateway.ts';
import { compatibleOf, ways } from './ai-sdk-ways.ts';
import {
  askWeather,
  embedNumbers,
  inHalves,
  lastRequest,
  openEmbeddingGateway,
  openGateway,
  Place,
  pixel,
  place,
  play,
  settingsOf,
  systemOf,
  toldWeather,
  turnsOf,
  weather,
} from './fixture.ts';

const prompt = 'What is the weather in Graz?';
const tools = {
  weather: tool({
    description: weather.description,
    inputSchema: weather.schema,
    execute: async (input) => weather.tell(input),
  }),
};
const callsOnly = { weather: tool({ description: weather.description, inputSchema: weather.schema }) };

describe.each(ways)('AI SDK, text: %s', (_way, modelOf) => {
  it('comes whole, with its usage', async () => {
    await using gateway = await openGateway();
    const result = await generateText({ model: modelOf(gateway), prompt, instructions: 'Speak Styrian.' });
    expect(result.text).toBe('Hello from upstream');
    expect(result.finishReason).toBe('stop');
    expect(result.usage).toMatchObject({ inputTokens: 7, outputTokens: 5, totalTokens: 12 });
    expect(result.warnings ?? []).toEqual([]);
    expect(systemOf(lastRequest(gateway))).toContain('Speak Styrian.');
    expect(turnsOf(lastRequest(gateway)).map(({ role }) => role)).toEqual(['user']);
  });

  it('streams while it is written', async () => {
    await using gateway = await openGateway();
    const halves = inHalves('Sunny', ' in Graz.');
    gateway.upstream.answer(halves.respond);
    const result = streamText({ model: modelOf(gateway), prompt });
    const deltas: string[] = [];
    for await (const delta of result.textStream) {
      deltas.push(delta);
      halves.goOn();
    }
    expect(deltas).toEqual(['Sunny', ' in Graz.']);
    expect(await result.finishReason).toBe('stop');
    expect((await result.usage).totalTokens).toBe(12);
  });

  it('takes conversations and images', async () => {
    await using gateway = await openGateway();
    await generateText({
      model: modelOf(gateway),
      messages: [
        { role: 'user', content: 'My name is Ann.' },
        { role: 'assistant', content: 'Hello Ann.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'file', data: pixel, mediaType: 'image/png' },
          ],
        },
      ],
    });
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(told.at(-1)?.content).toMatchObject([{ type: 'text' }, { image_url: { url: pixel } }]);
  });

  it('passes on how the model shall write', async () => {
    await using gateway = await openGateway();
    await generateText({ model: modelOf(gateway), prompt, temperature: 0.2, topP: 0.9, maxOutputTokens: 50 });
    const { body } = lastRequest(gateway) ?? {};
    expect(body).toMatchObject({ temperature: 0.2, top_p: 0.9 });
    expect(body.max_completion_tokens ?? body.max_tokens).toBe(50);
  });

  it('says when it was cut', async () => {
    await using gateway = await openGateway();
    play(gateway, { text: ['In '], finish: 'length' });
    expect((await generateText({ model: modelOf(gateway), prompt })).finishReason).toBe('length');
    const streamed = streamText({ model: modelOf(gateway), prompt });
    expect([await streamed.text, await streamed.finishReason]).toEqual(['In ', 'length']);
  });
});

describe.each(ways)('AI SDK, tools: %s', (_way, modelOf) => {
  it('are run to the end, and the model is told each thing once', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather);
    const result = await generateText({ model: modelOf(gateway), prompt, tools, stopWhen: isStepCount(5) });
    expect(result.text).toBe('Sunny in Graz.');
    expect(result.steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
    expect(result.steps[0]?.text).toBe('Let me see.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
    expect(JSON.stringify(lastRequest(gateway)?.body.messages).match(/Let me see\./g)).toHaveLength(1);
  });

  it('are run to the end in a stream', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather);
    const result = streamText({ model: modelOf(gateway), prompt, tools, stopWhen: isStepCount(5) });
    const types: string[] = [];
    for await (const part of result.fullStream) types.push(part.type);
    expect(types).not.toContain('error');
    expect(types.filter((type) => type === 'tool-call' || type === 'tool-result')).toEqual([
      'tool-call',
      'tool-result',
    ]);
    expect(await result.text).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
  });

  it('end the turn when they are not run, several at a time', async () => {
    await using gateway = await openGateway();
    const calls = ['Graz', 'Linz'].map((city, index) => ({ id: `call-${index}`, name: 'weather', args: { city } }));
    play(gateway, { calls });
    const whole = await generateText({ model: modelOf(gateway), prompt, tools: callsOnly });
    const streamed = streamText({ model: modelOf(gateway), prompt, tools: callsOnly });
    for (const found of [whole.toolCalls, await streamed.toolCalls])
      expect(found.map(({ toolCallId, input }) => ({ toolCallId, input }))).toEqual(
        calls.map(({ id, args }) => ({ toolCallId: id, input: args })),
      );
    expect(whole.finishReason).toBe('tool-calls');
    expect(await streamed.finishReason).toBe('tool-calls');
  });

  it('can be demanded', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather);
    const model = modelOf(gateway);
    for (const toolChoice of ['required', { type: 'tool', toolName: 'weather' }] as const) {
      const { toolCalls } = await generateText({ model, prompt, tools: callsOnly, toolChoice });
      expect(toolCalls).toHaveLength(1);
      expect(lastRequest(gateway)?.body.tool_choice).toEqual(
        toolChoice === 'required' ? 'required' : { type: 'function', function: { name: 'weather' } },
      );
      play(gateway, ...askWeather);
    }
  });
});

describe.each(ways)('AI SDK, structured output: %s', (_way, modelOf) => {
  const pieces = ['{"city":"Gr', 'az","people":300000}'];

  it('is an object, whole and streamed', async () => {
    await using gateway = await openGateway();
    play(gateway, { text: pieces });
    expect((await generateObject({ model: modelOf(gateway), prompt, schema: Place })).object).toEqual(place);
    expect(lastRequest(gateway)?.body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: { required: ['city', 'people'] } },
    });
    const streamed = streamObject({ model: modelOf(gateway), prompt, schema: Place });
    const partial: object[] = [];
    for await (const object of streamed.partialObjectStream) partial.push(object);
    expect(partial[0]).toMatchObject({ city: 'Gr' });
    expect(await streamed.object).toEqual(place);
  });

  it('is the output of a text, after tools, too', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather.slice(0, 1), { text: pieces });
    const { output } = await generateText({
      model: modelOf(gateway),
      prompt,
      tools,
      stopWhen: isStepCount(5),
      output: Output.object({ schema: Place }),
    });
    expect(output).toEqual(place);
  });
});

describe.each([
  ['@ai-sdk/openai-compatible', (gateway: TestGateway) => compatibleOf(gateway).embeddingModel('openclaw')],
  ['@ai-sdk/openai', (gateway: TestGateway) => createOpenAI(settingsOf(gateway)).embeddingModel('openclaw')],
])('AI SDK, embeddings: %s', (_way, modelOf) => {
  it('come for one text and for thousands, in their order', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(embedNumbers);
    const { embedding, usage } = await embed({ model: modelOf(gateway), value: 'text 3' });
    expect(embedding).toEqual([3, 0.5, -0.25]);
    expect(usage.tokens).toBe(1);
    const values = Array.from({ length: 2500 }, (_, index) => `text ${index}`);
    const { embeddings } = await embedMany({ model: modelOf(gateway), values });
    expect(embeddings.map(([first]) => first)).toEqual(values.map((_, index) => index));
  });
});
