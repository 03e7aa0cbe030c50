import { ChatOpenAI } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import type { TestGateway } from '../gateway.ts';
import { deathAfter, inHalves, openGateway, refuseWith, settingsOf, silence, take } from './fixture.ts';

const question = 'What is the weather in Graz?';

describe.each([
  ['chat', false],
  ['responses', true],
])('LangChain, failures: %s', (_way, useResponsesApi) => {
  const modelOf = (gateway: TestGateway, more: object = {}) => {
    const { baseURL, apiKey } = settingsOf(gateway);
    return new ChatOpenAI({ model: 'openclaw', apiKey, configuration: { baseURL }, useResponsesApi, ...more });
  };
  const fail = (gateway: TestGateway, more: object = {}) =>
    modelOf(gateway, more)
      .invoke(question)
      .catch((reason) => reason);

  it('are those of the caller, once', async () => {
    await using gateway = await openGateway();
    expect(await fail(gateway, { apiKey: 'sk-wrong' })).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(await fail(gateway, { model: 'gpt-4o' })).toMatchObject({ status: 400, code: 'model_not_found' });
    expect(await fail(gateway, { temperature: 3 })).toMatchObject({ status: 400, param: 'temperature' });
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it('are those of the provider', async () => {
    await using gateway = await openGateway();
    gateway.upstream.answer(refuseWith(401, { message: 'bad key', code: 'invalid_api_key' }));
    expect(await fail(gateway, { maxRetries: 0 })).toMatchObject({ status: 502, code: 'provider_auth' });
    gateway.upstream.answer(refuseWith(400, { message: 'too long', code: 'context_length_exceeded' }));
    expect(await fail(gateway)).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    const before = gateway.upstream.requests.length;
    gateway.upstream.answer(refuseWith(429, { message: 'no more', code: 'insufficient_quota' }));
    expect(await fail(gateway)).toMatchObject({ status: 429 });
    expect(gateway.upstream.requests.length - before).toBe(1);
  });

  it('go unnoticed when it repeats and the provider has recovered', async () => {
    await using gateway = await openGateway();
    const busy = refuseWith(429, { message: 'slow down', code: 'rate_limit_exceeded' }, { 'retry-after': '1' });
    gateway.upstream.answer((request, res) =>
      gateway.upstream.requests.length <= 3 ? busy(request, res) : take({ text: ['back'] })(request, res),
    );
    expect((await modelOf(gateway).invoke(question)).text).toBe('back');
  });

  it('in the middle of a stream are thrown, never a short answer', async () => {
    await using gateway = await openGateway();
    const { respond, die } = deathAfter('half a ');
    gateway.upstream.answer(respond);
    let text = '';
    const reading = (async () => {
      for await (const chunk of await modelOf(gateway).stream(question)) {
        text += chunk.text;
        if (text) die();
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(Error);
    expect(text).toBe('half a ');
  });

  it('of nobody: going away in the middle stops the model', async () => {
    await using gateway = await openGateway();
    const halves = inHalves('Sunny', ' in Graz.');
    gateway.upstream.answer(halves.respond);
    const stop = new AbortController();
    const reading = (async () => {
      for await (const chunk of await modelOf(gateway).stream(question, { signal: stop.signal }))
        if (chunk.text) stop.abort();
    })();
    await expect(reading).rejects.toBeInstanceOf(Error);
    await (await halves.begun).hungUp;
  });

  it('of nobody: going away before the first word stops the model', async () => {
    await using gateway = await openGateway();
    const { respond, asked } = silence();
    gateway.upstream.answer(respond);
    const stop = new AbortController();
    const asking = modelOf(gateway).invoke(question, { signal: stop.signal });
    const failed = expect(asking).rejects.toBeInstanceOf(Error);
    const { hungUp } = await asked;
    stop.abort();
    await failed;
    await hungUp;
  });
});
