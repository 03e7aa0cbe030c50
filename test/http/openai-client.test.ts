import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestGateway, type TestGateway, token, upstreamKey } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { begin, chunk, openStream, refuse, reply, replyWithCalls, startUpstream } from '../upstream.ts';

/** The official client, pointed at a whole gateway whose provider is a scripted local server. */
const clientOf = (gateway: TestGateway, options: { apiKey?: string; maxRetries?: number } = {}) =>
  new OpenAI({ baseURL: `${gateway.http}/v1`, apiKey: token, maxRetries: 0, ...options });

const hello = [{ role: 'user' as const, content: 'hello' }];
const weather = {
  name: 'weather',
  description: 'Tells the weather.',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};
const chatTool = { type: 'function' as const, function: weather };
const responseTool = { type: 'function' as const, strict: null, ...weather };

describe('the openai package against a gateway', () => {
  it('lists and shows models', async () => {
    await using gateway = await startTestGateway();
    const openai = clientOf(gateway);
    const ids = [];
    for await (const model of openai.models.list()) ids.push(model.id);
    expect(ids).toEqual(['openclaw', 'openclaw/default', 'openclaw/main']);
    expect(await openai.models.retrieve('openclaw/main')).toMatchObject({ id: 'openclaw/main', owned_by: 'openclaw' });
    await expect(openai.models.retrieve('openclaw/nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it('completes a chat', async () => {
    await using gateway = await startTestGateway();
    const answer = await clientOf(gateway).chat.completions.create({
      model: 'openclaw',
      messages: hello,
      temperature: 0.3,
      max_completion_tokens: 100,
    });
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello from upstream' } });
    expect(answer.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 });
    const [asked] = gateway.upstream.requests;
    expect(asked?.body).toMatchObject({ model: 'one', temperature: 0.3 });
    expect(asked?.headers.authorization).toBe(`Bearer ${upstreamKey}`);
    expect(JSON.stringify(asked)).not.toContain(token);
  });

  it('streams a chat', async () => {
    await using gateway = await startTestGateway();
    const stream = clientOf(gateway).chat.completions.stream({
      model: 'openclaw',
      messages: hello,
      stream_options: { include_usage: true },
    });
    const deltas: string[] = [];
    stream.on('content', (delta) => deltas.push(delta));
    const final = await stream.finalChatCompletion();
    expect(deltas.join('')).toBe('Hello from upstream');
    expect(final.choices[0]?.message.content).toBe('Hello from upstream');
    expect(final.usage?.total_tokens).toBe(12);
  });

  it('runs its own tools and comes back with what they said', async () => {
    await using gateway = await startTestGateway();
    const openai = clientOf(gateway);
    gateway.upstream.answer((request, res) => {
      const answered = request.body.messages.some((message: { role: string }) => message.role === 'tool');
      const calls = replyWithCalls({ id: 'call-1', name: 'weather', args: { city: 'Graz' } });
      return (answered ? reply('Sunny in Graz.') : calls)(request, res);
    });
    const called: unknown[] = [];
    const runner = openai.chat.completions.runTools({
      model: 'openclaw',
      messages: hello,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            ...weather,
            parse: JSON.parse,
            function: (input: unknown) => {
              called.push(input);
              return 'sunny';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('Sunny in Graz.');
    expect(called).toEqual([{ city: 'Graz' }]);
    expect(gateway.upstream.requests.at(-1)?.body.messages.slice(-2)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'call-1' }] },
      { role: 'tool', tool_call_id: 'call-1', content: 'sunny' },
    ]);
  });

  it('gets tool calls in one piece, too', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(replyWithCalls({ id: 'call-1', name: 'weather', args: { city: 'Graz' } }));
    const answer = await clientOf(gateway).chat.completions.create({
      model: 'openclaw',
      messages: hello,
      tools: [chatTool],
      tool_choice: 'required',
    });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ id: 'call-1', function: { name: 'weather', arguments: '{"city":"Graz"}' } }] },
    });
  });

  it('gets a response, and goes on with it', async () => {
    await using gateway = await startTestGateway();
    const openai = clientOf(gateway);
    const first = await openai.responses.create({ model: 'openclaw', input: 'My name is Ann.' });
    expect(first.output_text).toBe('Hello from upstream');
    await openai.responses.create({ model: 'openclaw', input: 'And now?', previous_response_id: first.id });
    const { messages } = gateway.upstream.requests.at(-1)?.body ?? {};
    expect(messages.filter(({ role }: { role: string }) => role !== 'system')).toMatchObject([
      { role: 'user' },
      { role: 'assistant' },
      { role: 'user' },
    ]);
    await expect(
      openai.responses.create({ model: 'openclaw', input: 'x', previous_response_id: 'resp_none' }),
    ).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
  });

  it('goes on with a response of before a restart', async () => {
    await using folder = await scratch();
    const question = { model: 'openclaw', input: 'My name is Ann.' };
    const before = await startTestGateway({ folder: folder.path });
    const first = await clientOf(before).responses.create(question);
    await before[Symbol.asyncDispose]();
    await using after = await startTestGateway({ folder: folder.path });
    const next = { model: 'openclaw', input: 'And now?', previous_response_id: first.id };
    await clientOf(after).responses.create(next);
    expect(JSON.stringify(after.upstream.requests.at(-1)?.body.messages)).toContain('My name is Ann.');
  });

  it('streams a response', async () => {
    await using gateway = await startTestGateway();
    const stream = clientOf(gateway).responses.stream({ model: 'openclaw', input: 'hello' });
    const types = [];
    for await (const event of stream) types.push(event.type);
    expect(types.at(0)).toBe('response.created');
    expect(types.at(-1)).toBe('response.completed');
    expect((await stream.finalResponse()).output_text).toBe('Hello from upstream');
  });

  it('streams the tool calls of a response', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(replyWithCalls({ id: 'call-1', name: 'weather', args: { city: 'Graz' } }));
    const stream = clientOf(gateway).responses.stream({ model: 'openclaw', input: 'hello', tools: [responseTool] });
    const { output } = await stream.finalResponse();
    expect(output).toMatchObject([{ type: 'function_call', call_id: 'call-1', arguments: '{"city":"Graz"}' }]);
  });

  it('reads what the model tells of its reasoning', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer((_request, res) => {
      const send = openStream(res);
      for (const reasoning_content of ['Let me ', 'see.']) send(chunk({ reasoning_content }));
      send(chunk({ content: 'Yes.' }));
      send(chunk({}, { finish_reason: 'stop' }));
      send('[DONE]');
      res.end();
    });
    const openai = clientOf(gateway);
    const { output } = await openai.responses.stream({ model: 'openclaw', input: 'hello' }).finalResponse();
    expect(output).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Let me see.' }] },
      { type: 'message', content: [{ text: 'Yes.' }] },
    ]);
    const answer = await openai.chat.completions.create({ model: 'openclaw', messages: hello });
    expect(answer.choices[0]?.message).toMatchObject({ content: 'Yes.', reasoning_content: 'Let me see.' });
  });

  it('parses a response that was promised a schema', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(reply('{"city":', '"Graz"}'));
    const answer = await clientOf(gateway).responses.parse({
      model: 'openclaw',
      input: 'where?',
      text: { format: zodTextFormat(z.object({ city: z.string() }), 'place') },
    });
    expect(answer.output_parsed).toEqual({ city: 'Graz' });
    expect(gateway.upstream.requests.at(-1)?.body.response_format).toMatchObject({ json_schema: { name: 'place' } });
  });

  it('embeds texts', async () => {
    await using gateway = await startTestGateway();
    const { data, usage } = await clientOf(gateway).embeddings.create({
      model: 'builtin/lexical-384',
      input: ['a', 'b'],
    });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([384, 384]);
    expect(usage.prompt_tokens).toBeGreaterThan(0);
  });

  it('stops the provider when it stops itself', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(begin('begun', () => new Promise(() => {})));
    const stream = await clientOf(gateway).chat.completions.create({
      model: 'openclaw',
      messages: hello,
      stream: true,
    });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await gateway.upstream.requests[0]?.hungUp;
  });

  it('throws its own classes for every way to fail', async () => {
    await using gateway = await startTestGateway();
    const openai = clientOf(gateway);
    const chat = (model = 'openclaw') => openai.chat.completions.create({ model, messages: hello });
    await expect(clientOf(gateway, { apiKey: 'wrong' }).models.list()).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
    await expect(chat('gpt-4o')).rejects.toBeInstanceOf(OpenAI.BadRequestError);

    gateway.upstream.answer(refuse(401, 'bad key'));
    await expect(chat()).rejects.toMatchObject({ status: 502, type: 'api_error' });
    gateway.upstream.answer(refuse(429, 'You exceeded your current quota', 'insufficient_quota'));
    await expect(chat()).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    gateway.upstream.answer(refuse(400, "This model's maximum context length is 10 tokens", 'context_length_exceeded'));
    await expect(chat()).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });

  it('throws when the provider dies in the middle of a stream', async () => {
    await using gateway = await startTestGateway();
    const seen = Promise.withResolvers<void>();
    gateway.upstream.answer(begin('half a ', (_send, res) => seen.promise.then(() => void res.destroy())));
    const stream = await clientOf(gateway).chat.completions.create({
      model: 'openclaw',
      messages: hello,
      stream: true,
    });
    let text = '';
    const reading = (async () => {
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? '';
        if (text) seen.resolve();
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(text).toBe('half a ');
  });

  it('is told when the provider stalls', async () => {
    await using upstream = await startUpstream(() => new Promise(() => {}));
    const up = { baseUrl: `${upstream.url}/v1`, apiKey: 'k', api: 'openai-completions', models: [{ id: 'one' }] };
    await using gateway = await startTestGateway({
      config: { models: { providers: { up: { ...up, timeoutSeconds: 1 } } } },
    });
    const answer = clientOf(gateway).chat.completions.create({ model: 'openclaw', messages: hello });
    await expect(answer).rejects.toMatchObject({ status: 504 });
  });

  it('is answered by builtin/guide when nothing is configured', async () => {
    await using gateway = await startTestGateway({ config: { agents: { defaults: { model: 'builtin/guide' } } } });
    const answer = await clientOf(gateway).chat.completions.create({
      model: 'openclaw',
      messages: [{ role: 'user', content: 'How do I bind to my LAN?' }],
    });
    expect(answer.choices[0]?.message.content?.length).toBeGreaterThan(40);
    const stream = clientOf(gateway).chat.completions.stream({ model: 'openclaw', messages: hello });
    const streamed = await stream.finalContent();
    expect(streamed?.trim().length).toBeGreaterThan(20);
    expect(streamed).not.toMatch(/^\S+\s\s/);
  });

  it('streams fifty chats at once through one provider', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer((request, res) => {
      const last = request.body.messages.at(-1).content;
      const text = typeof last === 'string' ? last : last[0].text;
      return begin(`${text}: `, async (send, stream) => {
        for (let index = 0; index < 20; index++) {
          await new Promise(setImmediate);
          send(chunk({ content: `${index} ` }));
        }
        send(chunk({}, { finish_reason: 'stop' }));
        send('[DONE]');
        stream.end();
      })(request, res);
    });
    const openai = clientOf(gateway);
    const expected = Array.from({ length: 20 }, (_, index) => `${index} `).join('');
    const contents = await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        openai.chat.completions
          .stream({ model: 'openclaw', messages: [{ role: 'user', content: `caller ${number}` }] })
          .finalContent(),
      ),
    );
    expect(contents).toEqual(Array.from({ length: 50 }, (_, number) => `caller ${number}: ${expected}`));
  });
});
