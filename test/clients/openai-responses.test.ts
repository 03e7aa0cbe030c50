import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import type { ResponseInputItem, ResponseStreamEvent, Tool } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import {
  askWeather,
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
  toldWeather,
  turnsOf,
} from './fixture.ts';

const model = 'openclaw';
const question = 'What is the weather in Graz?';
const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const tools: Tool[] = [{ type: 'function', name: 'weather', parameters, strict: true }];

describe('openai: a response', () => {
  it('comes in one piece', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const response = await openai.responses.create({ model, input: question, instructions: 'Be brief.' });
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      model,
      error: null,
      instructions: 'Be brief.',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', annotations: [] }] }],
      usage: { input_tokens: 7, output_tokens: 5, total_tokens: 12 },
    });
    expect(response.output_text).toBe('Hello from upstream');
    expect(systemOf(lastRequest(gateway))).toContain('Be brief.');
  });

  it('streams while it is written, in the order of events that OpenAI has', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const halves = inHalves('In ', 'Graz.');
    gateway.upstream.answer(halves.respond);
    const stream = openai.responses.stream({ model, input: question });
    const deltas: string[] = [];
    stream.on('response.output_text.delta', ({ delta, snapshot }) => {
      deltas.push(delta);
      expect(snapshot).toBe(deltas.join(''));
      halves.goOn();
    });
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event as ResponseStreamEvent);
    expect(deltas).toEqual(['In ', 'Graz.']);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ output_text: 'In Graz.', usage: { total_tokens: 12 } });
  });

  it('takes images', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const content = [
      { type: 'input_text' as const, text: 'What is this?' },
      { type: 'input_image' as const, image_url: pixel, detail: 'auto' as const },
    ];
    await openai.responses.create({ model, input: [{ role: 'user', content }] });
    expect(turnsOf(lastRequest(gateway)).at(-1)?.content).toMatchObject([
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: pixel } },
    ]);
  });

  it('says why it was cut', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['In '], finish: 'length' });
    const cut = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output_text: 'In ' };
    expect(await openai.responses.create({ model, input: question })).toMatchObject(cut);
    expect(await openai.responses.stream({ model, input: question }).finalResponse()).toMatchObject(cut);
  });

  it('is parsed by its schema, whole and streamed', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, { text: ['{"city":"Gr', 'az","people":300000}'] });
    const body = { model, input: question, text: { format: zodTextFormat(Place, 'place') } };
    expect((await openai.responses.parse(body)).output_parsed).toEqual(place);
    expect((await openai.responses.stream(body).finalResponse()).output_parsed).toEqual(place);
    expect(lastRequest(gateway)?.body.response_format).toMatchObject({
      json_schema: { name: 'place', strict: true, schema: { required: ['city', 'people'] } },
    });
  });
});

describe('openai: a chain of responses', () => {
  it('goes on from each of its links', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const first = await openai.responses.create({ model, input: 'one' });
    const second = await openai.responses.create({ model, input: 'two', previous_response_id: first.id });
    expect(second.previous_response_id).toBe(first.id);
    const stream = openai.responses.stream({ model, input: 'three', previous_response_id: second.id });
    await stream.finalResponse();
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
    for (const word of ['one', 'two', 'three'])
      expect(JSON.stringify(told).match(new RegExp(word, 'g'))).toHaveLength(1);
  });

  it('is refused when its link is not known', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const asking = openai.responses.create({ model, input: 'two', previous_response_id: 'resp_none' });
    await expect(asking).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
  });

  it('takes results of tools', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...askWeather);
    const first = await openai.responses.create({ model, input: question, tools });
    expect(first.output.map(({ type }) => type)).toEqual(['message', 'function_call']);
    const next = await openai.responses.create({
      model,
      tools,
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: 'call-1', output: 'sunny in Graz' }],
    });
    expect(next.output_text).toBe('Sunny in Graz.');
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    expect(turnsOf(lastRequest(gateway))).toHaveLength(3);
  });
});

describe('openai: a conversation that the caller keeps', () => {
  it('takes back what was answered, unchanged, tools and reasoning included', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, ...askWeather);
    const input: ResponseInputItem[] = [{ role: 'user', content: question }];
    for (;;) {
      const { output } = await openai.responses.create({
        model,
        tools,
        input,
        store: false,
        reasoning: { effort: 'low' },
      });
      const thought = {
        type: 'reasoning' as const,
        id: 'rs_0',
        summary: [{ type: 'summary_text' as const, text: 'thinking' }],
      };
      input.push(thought, ...(output as ResponseInputItem[]));
      const calls = output.filter((item) => item.type === 'function_call');
      for (const { call_id, arguments: text } of calls)
        input.push({ type: 'function_call_output', call_id, output: `sunny in ${JSON.parse(text).city}` });
      if (calls.length === 0) break;
    }
    expect(turnsOf(lastRequest(gateway))).toMatchObject(toldWeather);
    input.push({ role: 'user', content: 'And tomorrow?' });
    await openai.responses.create({ model, tools, input });
    const told = turnsOf(lastRequest(gateway));
    expect(told.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
    expect(JSON.stringify(told)).not.toContain('thinking');
    expect(JSON.stringify(told).match(/Let me see\./g)).toHaveLength(1);
  });

  it('streams the calls of tools as items with their arguments', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    play(gateway, {
      text: ['Let me see.'],
      calls: [
        { id: 'call-1', name: 'weather', args: { city: 'Graz' } },
        { id: 'call-2', name: 'weather', args: { city: 'Linz' } },
      ],
    });
    const stream = openai.responses.stream({ model, input: question, tools });
    const done: string[] = [];
    stream.on('response.function_call_arguments.done', (event) => void done.push(event.arguments));
    const { output } = await stream.finalResponse();
    expect(done).toEqual(['{"city":"Graz"}', '{"city":"Linz"}']);
    expect(output).toMatchObject([
      { type: 'message', content: [{ text: 'Let me see.' }] },
      { type: 'function_call', call_id: 'call-1', name: 'weather', status: 'completed', arguments: '{"city":"Graz"}' },
      { type: 'function_call', call_id: 'call-2', arguments: '{"city":"Linz"}' },
    ]);
    expect(new Set(output.map(({ id }) => id)).size).toBe(3);
  });
});

describe('openai: a response that was kept', () => {
  it('is read again with its input, and deleted', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const made = await openai.responses.create({ model, input: question });
    expect(await openai.responses.retrieve(made.id)).toMatchObject({ id: made.id, output_text: made.output_text });
    const { data } = await openai.responses.inputItems.list(made.id);
    expect(JSON.stringify(data)).toContain(question);
    await openai.responses.delete(made.id);
    await expect(openai.responses.retrieve(made.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('is not kept when it shall not be', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const { id } = await openai.responses.create({ model, input: question, store: false });
    await expect(openai.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const chained = openai.responses.create({ model, input: 'two', previous_response_id: id });
    await expect(chained).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
  });
});

describe('openai: going away from a response', () => {
  it.each([true, false])('stops the model before its first word, streamed: %s', async (stream) => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const { respond, asked } = silence();
    gateway.upstream.answer(respond);
    const stop = new AbortController();
    const answer = openai.responses.create({ model, input: question, stream }, { signal: stop.signal });
    const failed = expect(answer).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    const { hungUp } = await asked;
    stop.abort();
    await failed;
    await hungUp;
  });

  it('stops the model in the middle', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const halves = inHalves('In ', 'Graz.');
    gateway.upstream.answer(halves.respond);
    const stream = openai.responses.stream({ model, input: question });
    stream.on('response.output_text.delta', () => stream.abort());
    await expect(stream.done()).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await (await halves.begun).hungUp;
  });
});
