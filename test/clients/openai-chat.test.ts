import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { describe, expect, it } from 'vitest';
import {
  inHalves,
  lastRequest,
  openGateway,
  Place,
  pixel,
  place,
  play,
  settingsOf,
  silence,
  systemOf,
  turnsOf,
} from './fixture.ts';

const model = 'openclaw';
const question = { role: 'user' as const, content: 'Where does Ann live?' };

describe('openai: models', () => {
  it('lists them, and shows each by the id of the list', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const { data } = await openai.models.list();
    expect(data.map(({ id }) => id)).toEqual(['openclaw', 'openclaw/default', 'openclaw/main']);
    for (const listed of data) expect(await openai.models.retrieve(listed.id)).toMatchObject(listed);
    expect(data[0]).toMatchObject({ object: 'model', owned_by: 'openclaw', created: expect.any(Number) });
  });
});

describe('openai: chat completions', () => {
  it('answers in one piece', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['In ', 'Graz.'] });
    const asking = openai.chat.completions.create({ model, messages: [question] }).withResponse();
    const { data, response, request_id } = await asking;
    expect(data).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [
        { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'In Graz.', refusal: null } },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    });
    expect(request_id).toBe(response.headers.get('x-request-id'));
    expect(request_id).toBeTruthy();
  });

  it('streams text while it is written, and its usage at the end', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const halves = inHalves('In ', 'Graz.');
    gateway.upstream.answer(halves.respond);
    const stream = await openai.chat.completions.create({
      model,
      messages: [question],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
      if (chunk.choices[0]?.delta.content === 'In ') halves.goOn();
    }
    const contents = chunks.map(({ choices }) => choices[0]?.delta.content).filter(Boolean);
    expect(contents).toEqual(['In ', 'Graz.']);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it('has no usage in a stream that did not ask for it', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const stream = await openai.chat.completions.create({ model, messages: [question], stream: true });
    for await (const chunk of stream) expect(chunk).not.toHaveProperty('usage');
  });

  it('takes instructions of the system and of the developer, and names nobody twice', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    await openai.chat.completions.create({
      model,
      messages: [
        { role: 'system', content: 'Speak Styrian.' },
        { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: 'My name is Ann.', name: 'ann' },
        { role: 'assistant', content: 'Hello Ann.' },
        question,
      ],
    });
    expect(systemOf(lastRequest(gateway))).toMatch(/Speak Styrian\.[\s\S]*Be brief\./);
    expect(turnsOf(lastRequest(gateway)).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(lastRequest(gateway)?.body.messages).match(/My name is Ann\./g)).toHaveLength(1);
  });

  it('shows images of data URLs to the model', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: pixel, detail: 'low' } },
    ];
    await openai.chat.completions.create({ model, messages: [{ role: 'user', content }] });
    expect(turnsOf(lastRequest(gateway)).at(-1)?.content).toMatchObject([
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: pixel } },
    ]);
  });

  it('passes on how the model shall write', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const wishes = {
      temperature: 0.2,
      top_p: 0.9,
      seed: 7,
      stop: ['END', 'STOP'],
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
    };
    await openai.chat.completions.create({
      model,
      messages: [question],
      ...wishes,
      max_tokens: 5,
      max_completion_tokens: 50,
    });
    const { body } = lastRequest(gateway) ?? {};
    expect(body).toMatchObject(wishes);
    expect(body.max_completion_tokens ?? body.max_tokens).toBe(50);
  });

  it.each(['length', 'content_filter'] as const)('says when the model was cut: %s', async (finish) => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['In '], finish });
    const { choices } = await openai.chat.completions.create({ model, messages: [question] });
    expect(choices[0]).toMatchObject({ finish_reason: finish, message: { content: 'In ' } });
  });
});

describe('openai: structured output', () => {
  const response_format = zodResponseFormat(Place, 'place');

  it('parses what a schema promised', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: [JSON.stringify(place)] });
    const { choices } = await openai.chat.completions.parse({ model, messages: [question], response_format });
    expect(choices[0]?.message.parsed).toEqual(place);
    expect(lastRequest(gateway)?.body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'place', strict: true, schema: { required: ['city', 'people'] } },
    });
  });

  it('parses it from a stream', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['{"city":"Gr', 'az","people":300000}'] });
    const stream = openai.chat.completions.stream({ model, messages: [question], response_format });
    expect((await stream.finalChatCompletion()).choices[0]?.message.parsed).toEqual(place);
  });

  it('asks for any JSON object', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['{"a":1}'] });
    await openai.chat.completions.create({ model, messages: [question], response_format: { type: 'json_object' } });
    expect(lastRequest(gateway)?.body.response_format).toEqual({ type: 'json_object' });
  });

  it('is told that an answer was cut before it could be parsed', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['{"city":"Gr'], finish: 'length' });
    const parsing = openai.chat.completions.parse({ model, messages: [question], response_format });
    await expect(parsing).rejects.toThrow(/length limit/);
  });
});

describe('openai: going away', () => {
  it('stops the model in the middle of a stream', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const halves = inHalves('In ', 'Graz.');
    gateway.upstream.answer(halves.respond);
    const stop = new AbortController();
    const stream = await openai.chat.completions.create(
      { model, messages: [question], stream: true },
      { signal: stop.signal },
    );
    const contents: string[] = [];
    for await (const { choices } of stream) {
      if (!choices[0]?.delta.content) continue;
      contents.push(choices[0].delta.content);
      stop.abort();
    }
    expect(contents).toEqual(['In ']);
    await (await halves.begun).hungUp;
  });

  it.each([true, false])('stops the model before its first word, streamed: %s', async (stream) => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const { respond, asked } = silence();
    gateway.upstream.answer(respond);
    const stop = new AbortController();
    const answer = openai.chat.completions.create({ model, messages: [question], stream }, { signal: stop.signal });
    const failed = expect(answer).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    const { hungUp } = await asked;
    stop.abort();
    await failed;
    await hungUp;
  });

  it('stops the model when the client has waited long enough', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI({ ...settingsOf(gateway), timeout: 2_000, maxRetries: 0 });
    const { respond, asked } = silence();
    gateway.upstream.answer(respond);
    const answer = openai.chat.completions.create({ model, messages: [question] });
    await expect(answer).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await (await asked).hungUp;
  });
});
