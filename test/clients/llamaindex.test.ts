import type { ChatMessage, ToolCall, ToolCallLLM, ToolCallLLMMessageOptions } from '@llamaindex/core/llms';
import { FunctionTool } from '@llamaindex/core/tools';
import { OpenAI, OpenAIEmbedding, OpenAIResponses } from '@llamaindex/openai';
import { describe, expect, it } from 'vitest';
import type { TestGateway } from '../gateway.ts';
import {
  askWeather,
  deathAfter,
  embedNumbers,
  inHalves,
  lastRequest,
  openEmbeddingGateway,
  openGateway,
  Place,
  pixel,
  place,
  play,
  refuseWith,
  settingsOf,
  silence,
  systemOf,
  take,
  toldWeather,
  turnsOf,
  weather,
} from './fixture.ts';

type Message = ChatMessage<ToolCallLLMMessageOptions>;

const ways: [string, (gateway: TestGateway, more?: object) => ToolCallLLM][] = [
  ['chat', (gateway, more) => new OpenAI({ model: 'openclaw', ...settingsOf(gateway), ...more })],
  ['responses', (gateway, more) => new OpenAIResponses({ model: 'openclaw', ...settingsOf(gateway), ...more })],
];

const question: Message = { role: 'user', content: 'What is the weather in Graz?' };
const tellWeather = FunctionTool.from(weather.tell, {
  name: weather.name,
  description: weather.description,
  parameters: weather.schema,
});

describe.each(ways)('LlamaIndex, text: %s', (_way, modelOf) => {
  it('comes whole', async () => {
    await using gateway = await openGateway();
    const { message } = await modelOf(gateway).chat({ messages: [question] });
    expect(message).toMatchObject({ role: 'assistant', content: 'Hello from upstream' });
  });

  it('streams while it is written', async () => {
    await using gateway = await openGateway();
    const halves = inHalves('Sunny', ' in Graz.');
    gateway.upstream.answer(halves.respond);
    const deltas: string[] = [];
    for await (const { delta } of await modelOf(gateway).chat({ messages: [question], stream: true })) {
      if (delta) deltas.push(delta);
      if (deltas.length > 0) halves.goOn();
    }
    // Over responses LlamaIndex tells the last delta again with each event that follows it.
    expect([...new Set(deltas)]).toEqual(['Sunny', ' in Graz.']);
  });

  it('takes conversations, instructions and images', async () => {
    await using gateway = await openGateway();
    await modelOf(gateway).chat({
      messages: [
        { role: 'system', content: 'Speak Styrian.' },
        { role: 'user', content: 'My name is Ann.' },
        { role: 'assistant', content: 'Hello Ann.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: pixel } },
          ],
        },
      ],
    });
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(told.at(-1)?.content).toMatchObject([{ type: 'text' }, { image_url: { url: pixel } }]);
    expect(systemOf(lastRequest(gateway))).toContain('Speak Styrian.');
  });
});

describe.each(ways)('LlamaIndex, tools: %s', (_way, modelOf) => {
  it('are run in a loop to the end, and the model is told each thing once', async () => {
    await using gateway = await openGateway();
    play(gateway, ...askWeather);
    const model = modelOf(gateway);
    const messages: Message[] = [question];
    for (;;) {
      const { newMessages, toolCalls } = await model.exec({ messages, tools: [tellWeather] });
      messages.push(...(newMessages as Message[]));
      if (toolCalls.length === 0) break;
      expect(toolCalls).toMatchObject([{ id: 'call-1', name: 'weather', input: { city: 'Graz' } }]);
    }
    expect(messages.at(-1)).toMatchObject({ role: 'assistant', content: 'Sunny in Graz.' });
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(toldWeather.map(({ role }) => role));
    expect(told[1]?.tool_calls).toMatchObject(toldWeather[1]?.tool_calls ?? []);
    expect(told[2]).toMatchObject({ tool_call_id: 'call-1', content: expect.stringContaining('sunny in Graz') });
  });

  it('are offered with their parameters', async () => {
    await using gateway = await openGateway();
    await modelOf(gateway).chat({ messages: [question], tools: [tellWeather] });
    const offered = lastRequest(gateway)?.body.tools as { function: { name: string } }[];
    expect(offered.map((tool) => tool.function).find(({ name }) => name === 'weather')).toMatchObject({
      description: weather.description,
      parameters: { required: ['city'] },
    });
  });

  it('are called several at a time', async () => {
    await using gateway = await openGateway();
    const calls = ['Graz', 'Linz'].map((city, index) => ({ id: `call-${index}`, name: 'weather', args: { city } }));
    play(gateway, { calls });
    const { toolCalls } = await modelOf(gateway).exec({ messages: [question], tools: [tellWeather] });
    expect(toolCalls.map(({ id, input }: ToolCall) => ({ id, input }))).toEqual(
      calls.map(({ id, args }) => ({ id, input: args })),
    );
  });
});

describe('LlamaIndex, tools in a stream of chat', () => {
  it('come with their arguments, several at a time', async () => {
    await using gateway = await openGateway();
    const calls = ['Graz', 'Linz'].map((city, index) => ({ id: `call-${index}`, name: 'weather', args: { city } }));
    play(gateway, { calls });
    const model = new OpenAI({ model: 'openclaw', ...settingsOf(gateway) });
    const { toolCalls } = await model.exec({ messages: [question], tools: [tellWeather], stream: true });
    expect(toolCalls.map(({ id, input }: ToolCall) => ({ id, input }))).toEqual(
      calls.map(({ id, args }) => ({ id, input: args })),
    );
  });
});

describe('LlamaIndex, structured output', () => {
  it('by a schema that the answer keeps to', async () => {
    await using gateway = await openGateway();
    play(gateway, { text: [JSON.stringify(place)] });
    const model = new OpenAI({ model: 'openclaw', ...settingsOf(gateway) });
    const { message } = await model.chat({ messages: [question], responseFormat: Place });
    expect(Place.parse(JSON.parse(message.content as string))).toEqual(place);
    expect(lastRequest(gateway)?.body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: { required: ['city', 'people'] } },
    });
  });

  it.each(ways)('by a tool that the model calls: %s', async (_way, modelOf) => {
    await using gateway = await openGateway();
    gateway.upstream.answer((request, res) => {
      const tools = request.body.tools as { function: { name: string; description?: string } }[];
      const name = tools.find((tool) => tool.function.description === 'Respond with a JSON object')?.function.name;
      return take({ calls: [{ id: 'call-1', name: name ?? 'none', args: place }] })(request, res);
    });
    const { object } = await modelOf(gateway).exec({ messages: [question], responseFormat: Place });
    expect(object).toEqual(place);
  });
});

describe('LlamaIndex, responses', () => {
  it('are chained, when they are streamed', async () => {
    await using gateway = await openGateway();
    // Without `store` LlamaIndex asks for responses that nobody can go on from, here and at OpenAI.
    const settings = { model: 'openclaw', trackPreviousResponses: true, store: true, ...settingsOf(gateway) };
    const model = new OpenAIResponses(settings);
    for (const content of ['one', 'two'])
      for await (const _ of await model.chat({ messages: [{ role: 'user', content }], stream: true })) void _;
    expect(model.previousResponseId).toMatch(/^resp_/);
    expect(turnsOf(lastRequest(gateway)).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });
});

describe.each(ways)('LlamaIndex, failures: %s', (_way, modelOf) => {
  const fail = (model: ToolCallLLM) => model.chat({ messages: [question] }).catch((reason) => reason);

  it('are those of the caller, once', async () => {
    await using gateway = await openGateway();
    const wrongKey = await fail(modelOf(gateway, { apiKey: 'sk-wrong' }));
    expect(wrongKey).toMatchObject({ status: 401, code: 'invalid_api_key' });
    const wrongModel = await fail(modelOf(gateway, { model: 'gpt-4o' }));
    expect(wrongModel).toMatchObject({ status: 400, code: 'model_not_found' });
  });

  it('are those of the provider; it repeats ten times, but not what is of no use', async () => {
    await using gateway = await openGateway();
    gateway.upstream.answer(refuseWith(401, { message: 'bad key', code: 'invalid_api_key' }));
    expect(await fail(modelOf(gateway))).toMatchObject({ status: 502, code: 'provider_auth' });
    gateway.upstream.answer(refuseWith(429, { message: 'no more', code: 'insufficient_quota' }));
    expect(await fail(modelOf(gateway))).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(gateway.upstream.requests).toHaveLength(2);
  });

  it('in the middle of a stream are thrown, never a short answer', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    const reading = (async () => {
      for await (const { delta } of await modelOf(gateway).chat({ messages: [question], stream: true }))
        if (delta) die();
    })();
    await expect(reading).rejects.toBeInstanceOf(Error);
  });

  it('of nobody: going away stops the model', async () => {
    await using gateway = await openGateway();
    const halves = inHalves('Sunny', ' in Graz.');
    gateway.upstream.answer(halves.respond);
    const stop = new AbortController();
    // LlamaIndex knows no signal, and goes on reading when its reader has left: the request has to be stopped itself.
    const stoppable: typeof fetch = (url, init) =>
      fetch(url, { ...init, signal: AbortSignal.any([stop.signal, ...(init?.signal ? [init.signal] : [])]) });
    const model = modelOf(gateway, { additionalSessionOptions: { fetch: stoppable } });
    const deltas = new Set<string>();
    const reading = (async () => {
      for await (const { delta } of await model.chat({ messages: [question], stream: true })) {
        if (delta) deltas.add(delta);
        if (delta) stop.abort();
      }
    })();
    await reading.catch(() => {});
    expect([...deltas]).toEqual(['Sunny']);
    await (await halves.begun).hungUp;
  });

  it('of nobody: who has waited long enough stops the model', async () => {
    await using gateway = await openGateway();
    const { respond, asked } = silence();
    gateway.upstream.answer(respond);
    const error = await fail(modelOf(gateway, { timeout: 2_000, maxRetries: 0 }));
    expect(error).toBeInstanceOf(Error);
    await (await asked).hungUp;
  });
});

describe('LlamaIndex, embeddings', () => {
  it('come in batches, in their order', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(embedNumbers);
    const embedding = new OpenAIEmbedding({ model: 'openclaw', ...settingsOf(gateway) });
    expect(await embedding.getTextEmbedding('text 3')).toEqual([3, 0.5, -0.25]);
    const texts = Array.from({ length: 35 }, (_, index) => `text ${index}`);
    const vectors = await embedding.getTextEmbeddingsBatch(texts);
    expect(vectors.map(([first]) => first)).toEqual(texts.map((_, index) => index));
    embedding.embedBatchSize = 2048;
    const many = Array.from({ length: 2048 }, (_, index) => `text ${index}`);
    expect((await embedding.getTextEmbeddingsBatch(many)).map(([first]) => first)).toEqual(
      many.map((_, index) => index),
    );
  });
});
