import { APICallError, generateText, streamText } from 'ai';
import { describe, expect, it } from 'vitest';
import { ways } from './ai-sdk-ways.ts';
import { deathAfter, inHalves, openGateway, refuseWith, silence, take } from './fixture.ts';

const prompt = 'What is the weather in Graz?';

describe.each(ways)('AI SDK, failures: %s', (_way, modelOf) => {
  it('say what is wrong with the request, once', async () => {
    await using gateway = await openGateway();
    const asking = generateText({ model: modelOf(gateway), prompt, temperature: 3 });
    const error = await asking.catch((reason) => reason);
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode: 400, isRetryable: false });
    expect(error.message).toContain('temperature');
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it('are those of the provider, with what it said', async () => {
    await using gateway = await openGateway();
    gateway.upstream.answer(refuseWith(401, { message: 'bad key', type: 'x', code: 'invalid_api_key' }));
    const asking = generateText({ model: modelOf(gateway), prompt, maxRetries: 0 });
    await expect(asking).rejects.toMatchObject({ statusCode: 502 });
    gateway.upstream.answer(refuseWith(400, { message: 'too long', code: 'context_length_exceeded' }));
    const tooLong = await generateText({ model: modelOf(gateway), prompt }).catch((reason) => reason);
    expect(tooLong).toMatchObject({ statusCode: 400, isRetryable: false });
    expect(tooLong.data.error.code).toBe('context_length_exceeded');
  });

  it('go unnoticed when it repeats and the provider has recovered', async () => {
    await using gateway = await openGateway();
    const busy = refuseWith(429, { message: 'slow down', code: 'rate_limit_exceeded' }, { 'retry-after': '1' });
    gateway.upstream.answer(async (request, res) => {
      if (gateway.upstream.requests.length <= 3) return busy(request, res);
      return take({ text: ['back'] })(request, res);
    });
    expect((await generateText({ model: modelOf(gateway), prompt })).text).toBe('back');
  });

  it('in the middle of a stream are errors, never a short answer', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    const result = streamText({ model: modelOf(gateway), prompt, onError: () => {} });
    const types: string[] = [];
    for await (const part of result.fullStream) {
      types.push(part.type);
      if (part.type === 'text-delta') die();
    }
    expect(types).toContain('error');
    const finish = await Promise.resolve(result.finishReason).catch(() => 'error');
    expect(finish).not.toBe('stop');
  });
});

describe.each(ways)('AI SDK, going away: %s', (_way, modelOf) => {
  it('stops the model in the middle', async () => {
    await using gateway = await openGateway();
    const halves = inHalves('Sunny', ' in Graz.');
    gateway.upstream.answer(halves.respond);
    const stop = new AbortController();
    const result = streamText({ model: modelOf(gateway), prompt, abortSignal: stop.signal });
    const deltas: string[] = [];
    for await (const part of result.fullStream)
      if (part.type === 'text-delta') {
        deltas.push(part.text);
        stop.abort();
      }
    expect(deltas).toEqual(['Sunny']);
    await (await halves.begun).hungUp;
  });

  it('stops the model before its first word', async () => {
    await using gateway = await openGateway();
    const { respond, asked } = silence();
    gateway.upstream.answer(respond);
    const stop = new AbortController();
    const asking = generateText({ model: modelOf(gateway), prompt, abortSignal: stop.signal });
    const failed = expect(asking).rejects.toMatchObject({ name: 'AbortError' });
    const { hungUp } = await asked;
    stop.abort();
    await failed;
    await hungUp;
  });
});
