import { AIMessage, type AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import type { TestGateway } from '../gateway.ts';
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

const modelOf = (gateway: TestGateway, useResponsesApi: boolean) => {
  const { baseURL, apiKey } = settingsOf(gateway);
  return new ChatOpenAI({ model: 'openclaw', apiKey, configuration: { baseURL }, useResponsesApi });
};

const question = 'What is the weather in Graz?';
const tellWeather = tool(async (input: { city: string }) => weather.tell(input), weather);

/** Chat completions are the default; responses come with `useResponsesApi`. */
const ways: [string, boolean][] = [
  ['chat', false],
  ['responses', true],
];

describe.each(ways)('LangChain, text: %s', (_way, useResponsesApi) => {
  it('comes whole, with its usage', async () => {
    await using gateway = await openGateway();
    const answer = await modelOf(gateway, useResponsesApi).invoke(question);
    expect(answer.text).toBe('Hello from upstream');
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 7, output_tokens: 5, total_tokens: 12 });
    expect(turnsOf(lastRequest(gateway)).map(({ role }) => role)).toEqual(['user']);
  });

  it('streams while it is written', async () => {
    await using gateway = await openGateway();
    const halves = inHalves('Sunny', ' in Graz.');
    gateway.upstream.answer(halves.respond);
    const chunks: AIMessageChunk[] = [];
    for await (const chunk of await modelOf(gateway, useResponsesApi).stream(question)) {
      chunks.push(chunk);
      if (chunk.text) halves.goOn();
    }
    expect(chunks.map(({ text }) => text).filter(Boolean)).toEqual(['Sunny', ' in Graz.']);
    const whole = chunks.reduce((all, chunk) => all.concat(chunk));
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 7, output_tokens: 5, total_tokens: 12 });
  });

  it('takes conversations, instructions and images', async () => {
    await using gateway = await openGateway();
    await modelOf(gateway, useResponsesApi).invoke([
      new SystemMessage('Speak Styrian.'),
      new HumanMessage('My name is Ann.'),
      new AIMessage('Hello Ann.'),
      new HumanMessage({
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: pixel } },
        ],
      }),
    ]);
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(told.at(-1)?.content).toMatchObject([{ type: 'text' }, { image_url: { url: pixel } }]);
    expect(systemOf(lastRequest(gateway))).toContain('Speak Styrian.');
  });

  it('takes its own answers back, unchanged', async () => {
    await using gateway = await openGateway();
    const model = modelOf(gateway, useResponsesApi);
    const history = [new HumanMessage('one')];
    const first = await model.invoke(history);
    await model.invoke([...history, first, new HumanMessage('two')]);
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(told).match(/Hello from upstream/g)).toHaveLength(1);
  });
});

describe.each(ways)('LangChain, tools: %s', (_way, useResponsesApi) => {
  it('are run in a loop to the end, and the model is told each thing once', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather);
    const model = modelOf(gateway, useResponsesApi).bindTools([tellWeather]);
    const messages: (HumanMessage | AIMessageChunk | ToolMessage)[] = [new HumanMessage(question)];
    const asked = await model.invoke(messages);
    expect(asked.tool_calls).toMatchObject([{ id: 'call-1', name: 'weather', args: { city: 'Graz' } }]);
    expect(asked.text).toBe('Let me see.');
    messages.push(asked as AIMessageChunk);
    for (const call of asked.tool_calls ?? []) messages.push(await tellWeather.invoke({ ...call, type: 'tool_call' }));
    expect(messages.at(-1)).toBeInstanceOf(ToolMessage);
    expect((await model.invoke(messages)).text).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
    expect(JSON.stringify(lastRequest(gateway)?.body.messages).match(/Let me see\./g)).toHaveLength(1);
  });

  it('are called several at a time, in a stream', async () => {
    await using gateway = await openGateway();
    const calls = ['Graz', 'Linz'].map((city, index) => ({ id: `call-${index}`, name: 'weather', args: { city } }));
    play(gateway, { text: ['Let me see.'], calls });
    const chunks: AIMessageChunk[] = [];
    for await (const chunk of await modelOf(gateway, useResponsesApi).bindTools([tellWeather]).stream(question))
      chunks.push(chunk);
    const whole = chunks.reduce((all, chunk) => all.concat(chunk));
    expect(whole.text).toBe('Let me see.');
    expect(whole.tool_calls?.map(({ id, args }) => ({ id, args }))).toEqual(
      calls.map(({ id, args }) => ({ id, args })),
    );
  });

  it('can be demanded', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather);
    const named = modelOf(gateway, useResponsesApi).bindTools([tellWeather], { tool_choice: 'weather' });
    expect((await named.invoke(question)).tool_calls).toHaveLength(1);
    expect(lastRequest(gateway)?.body.tool_choice).toEqual({ type: 'function', function: { name: 'weather' } });
    // LangChain does not send any other choice over responses.
    if (useResponsesApi) return;
    play(gateway, ...askWeather);
    const any = modelOf(gateway, useResponsesApi).bindTools([tellWeather], { tool_choice: 'any' });
    expect((await any.invoke(question)).tool_calls).toHaveLength(1);
    expect(lastRequest(gateway)?.body.tool_choice).toBe('required');
  });
});

describe.each(ways)('LangChain, structured output: %s', (_way, useResponsesApi) => {
  const text = [JSON.stringify(place)];

  it('by a JSON schema, which is the default', async () => {
    await using gateway = await openGateway();
    play(gateway, { text });
    for (const config of [undefined, { method: 'jsonSchema' as const, strict: true }]) {
      const model = modelOf(gateway, useResponsesApi).withStructuredOutput(Place, config);
      expect(await model.invoke(question)).toEqual(place);
      expect(lastRequest(gateway)?.body.response_format).toMatchObject({
        type: 'json_schema',
        json_schema: { schema: { required: ['city', 'people'] } },
      });
    }
  });

  it('by calling a function', async () => {
    await using gateway = await openGateway();
    play(gateway, { calls: [{ id: 'call-1', name: 'place', args: place }] });
    const model = modelOf(gateway, useResponsesApi);
    const structured = model.withStructuredOutput(Place, { method: 'functionCalling', name: 'place' });
    expect(await structured.invoke(question)).toEqual(place);
    expect(lastRequest(gateway)?.body.tool_choice).toMatchObject({ function: { name: 'place' } });
  });

  it('by JSON of any kind', async () => {
    await using gateway = await openGateway();
    play(gateway, { text });
    const model = modelOf(gateway, useResponsesApi).withStructuredOutput(Place, { method: 'jsonMode' });
    expect(await model.invoke(question)).toEqual(place);
    expect(lastRequest(gateway)?.body.response_format).toEqual({ type: 'json_object' });
  });
});

describe('LangChain, embeddings', () => {
  it('come 512 at a time, in their order', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(embedNumbers);
    const { baseURL, apiKey } = settingsOf(gateway);
    const embeddings = new OpenAIEmbeddings({ model: 'openclaw', apiKey, configuration: { baseURL } });
    expect(await embeddings.embedQuery('text 3')).toEqual([3, 0.5, -0.25]);
    const texts = Array.from({ length: 1100 }, (_, index) => `text ${index}`);
    const vectors = await embeddings.embedDocuments(texts);
    expect(vectors.map(([first]) => first)).toEqual(texts.map((_, index) => index));
  });
});
