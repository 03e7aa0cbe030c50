import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { Respond } from '../upstream.ts';
import { deathAfter, openGateway, openLine, refuseWith, settingsOf, take } from './fixture.ts';

const model = 'openclaw';
const messages = [{ role: 'user' as const, content: 'hello' }];
const body = { model, messages };

const rateLimit = (retryAfter: string) =>
  refuseWith(
    429,
    { message: 'slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    { 'retry-after': retryAfter },
  );
const quota = refuseWith(429, {
  message: 'You exceeded your quota',
  type: 'insufficient_quota',
  code: 'insufficient_quota',
});
const badKey = refuseWith(401, { message: 'bad key', type: 'invalid_request_error', code: 'invalid_api_key' });
const broken = refuseWith(500, { message: 'oh no', type: 'server_error' });
const tooLong = refuseWith(400, {
  message: 'too long',
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
});
const cut: Respond = (_request, res) => void res.destroy();

describe('openai: errors of the caller', () => {
  it('AuthenticationError: another key', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI({ ...settingsOf(gateway), apiKey: 'sk-wrong' });
    const error = await openai.chat.completions.create(body).catch((reason) => reason);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, type: 'unauthorized', code: 'invalid_api_key', param: null });
    expect(error.requestID).toBeTruthy();
    expect(error.message).not.toContain('sk-wrong');
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it('PermissionDeniedError: fewer scopes than the call needs', async () => {
    await using gateway = await openGateway({ config: { gateway: { auth: { mode: 'none' } } } });
    const defaultHeaders = { 'x-openclaw-scopes': 'operator.read' };
    const openai = new OpenAI({ ...settingsOf(gateway), defaultHeaders });
    await expect(openai.chat.completions.create(body)).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect((await openai.models.list()).data.length).toBeGreaterThan(0);
  });

  it('NotFoundError: a model or a route that is not there', async () => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const error = await openai.models.retrieve('openclaw/nobody').catch((reason) => reason);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model' });
    const routeless = await openai.files.list().catch((reason: unknown) => reason);
    expect(routeless).toBeInstanceOf(OpenAI.NotFoundError);
    expect((routeless as Error).message).toContain('/v1/files');
  });

  it.each([
    ['an unknown model', { ...body, model: 'gpt-4o' }, { code: 'model_not_found', param: 'model' }],
    ['a wrong number', { ...body, temperature: 3 }, { param: 'temperature' }],
    ['a wrong role', { model, messages: [{ role: 'robot', content: 'x' }] }, { param: 'messages[0].role' }],
    ['two choices', { ...body, n: 2 }, { code: 'unsupported_parameter', param: 'n' }],
    ['no messages', { model, messages: [] }, { param: 'messages' }],
  ])('BadRequestError: %s', async (_what, wrong, expected) => {
    await using gateway = await openGateway();
    const openai = new OpenAI(settingsOf(gateway));
    const error = await openai.chat.completions
      .create(wrong as OpenAI.ChatCompletionCreateParamsNonStreaming)
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ type: 'invalid_request_error', ...expected });
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it('APIConnectionError: no gateway there', async () => {
    const gateway = await openGateway();
    const openai = new OpenAI({ ...settingsOf(gateway), maxRetries: 0 });
    await gateway[Symbol.asyncDispose]();
    await expect(openai.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });
});

describe('openai: errors of the provider, before the first word', () => {
  it.each([
    ['its key', badKey, OpenAI.InternalServerError, { status: 502, type: 'api_error', code: 'provider_auth' }],
    ['its quota', quota, OpenAI.RateLimitError, { status: 429, code: 'insufficient_quota' }],
    ['too much to read', tooLong, OpenAI.BadRequestError, { status: 400, code: 'context_length_exceeded' }],
  ])('are told once, where repeating is of no use: %s', async (_what, respond, kind, expected) => {
    await using gateway = await openGateway();
    gateway.upstream.answer(respond);
    // The client repeats twice by default.
    const openai = new OpenAI(settingsOf(gateway));
    for (const stream of [true, false]) {
      const before = gateway.upstream.requests.length;
      const error = await openai.chat.completions.create({ ...body, stream }).catch((reason) => reason);
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject(expected);
      expect(gateway.upstream.requests.length - before).toBe(1);
    }
  });

  it.each([
    ['broken', broken],
    ['cut', cut],
  ])('are 502 when it is %s', async (_what, respond) => {
    await using gateway = await openGateway();
    gateway.upstream.answer(respond);
    const openai = new OpenAI({ ...settingsOf(gateway), maxRetries: 0 });
    for (const stream of [true, false]) {
      const error = await openai.chat.completions.create({ ...body, stream }).catch((reason) => reason);
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(error).toMatchObject({ status: 502, type: 'api_error' });
    }
  });

  it('are 429 with the time to wait, when it has too much to do', async () => {
    await using gateway = await openGateway();
    gateway.upstream.answer(rateLimit('55'));
    const openai = new OpenAI({ ...settingsOf(gateway), maxRetries: 0 });
    const error = await openai.chat.completions.create(body).catch((reason) => reason);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    const seconds = Number(error.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(55);
  });

  it('go unnoticed when the client repeats and the provider has recovered', async () => {
    await using gateway = await openGateway();
    const begun: Respond[] = [rateLimit('1'), rateLimit('1'), rateLimit('1'), rateLimit('1')];
    gateway.upstream.answer((request, res) => {
      const next = begun[gateway.upstream.requests.length - 1];
      if (next) return next(request, res);
      return take({ text: ['back'] })(request, res);
    });
    const openai = new OpenAI({ ...settingsOf(gateway), maxRetries: 5 });
    expect((await openai.chat.completions.create(body)).choices[0]?.message.content).toBe('back');
  });
});

describe('openai: errors in the middle of a stream', () => {
  it('are thrown by chat, never a short answer', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    const openai = new OpenAI(settingsOf(gateway));
    const stream = await openai.chat.completions.create({ ...body, stream: true });
    let text = '';
    const reading = (async () => {
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? '';
        if (text) die();
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(text).toBe('half a ');
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it('are thrown by the helper of streams', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    const openai = new OpenAI(settingsOf(gateway));
    const stream = openai.chat.completions.stream(body);
    stream.on('content', () => die());
    await expect(stream.finalContent()).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it('are thrown by a response, too', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    const openai = new OpenAI(settingsOf(gateway));
    const stream = await openai.responses.create({ model, input: 'hello', stream: true });
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of stream) {
        types.push(event.type);
        if (event.type === 'response.output_text.delta') die();
      }
    })();
    const error = await reading.catch((reason) => reason);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ type: 'api_error', message: expect.stringContaining('up') });
    expect(types).toContain('response.output_text.delta');
    expect(types).not.toContain('response.completed');
  });

  it('are thrown by the helper of responses', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    const openai = new OpenAI(settingsOf(gateway));
    const stream = openai.responses.stream({ model, input: 'hello' });
    stream.on('response.output_text.delta', () => die());
    await expect(stream.finalResponse()).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it('are thrown when the line to the gateway is cut, before the first byte or later', async () => {
    await using gateway = await openGateway();
    const { respond } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    await using line = await openLine(gateway);
    const openai = new OpenAI({ ...settingsOf(gateway), baseURL: line.baseURL, maxRetries: 0 });
    const stream = await openai.chat.completions.create({ ...body, stream: true });
    const reading = (async () => {
      for await (const { choices } of stream) if (choices[0]?.delta.content) line.cut();
    })();
    await expect(reading).rejects.toBeInstanceOf(Error);
    await gateway.upstream.requests[0]?.hungUp;
    await expect(openai.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });
});
