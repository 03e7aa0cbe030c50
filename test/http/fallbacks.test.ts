import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway, token, upstreamKey } from '../gateway.ts';
import { chunk, die, json, type Respond, refuse, reply, startUpstream } from '../upstream.ts';
import { readEvents } from './house.ts';

/** A gateway whose agent has `up/one` and falls back on `spare/two`, then `last/three`; each with an upstream of its own. */
async function openHouse(one: Respond, two: Respond = reply('from two'), three: Respond = reply('from three')) {
  const upstreams = [await startUpstream(one), await startUpstream(two), await startUpstream(three)] as const;
  const [up, spare, last] = upstreams.map(({ url }) => ({
    baseUrl: `${url}/v1`,
    apiKey: upstreamKey,
    api: 'openai-completions',
    timeoutSeconds: 5,
  }));
  const model = { primary: 'up/one', fallbacks: ['spare/two', 'last/three'] };
  const gateway = await startTestGateway({
    config: {
      agents: { defaults: { model }, entries: { main: { default: true }, strict: { model: { fallbacks: [] } } } },
      models: { providers: { up: up ?? {}, spare: spare ?? {}, last: last ?? {} } },
    },
  });
  return {
    gateway,
    asked: () => upstreams.map(({ requests }) => requests.length),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
    },
  };
}

const ask = (gateway: TestGateway, body: object = {}, headers: Record<string, string> = {}) =>
  fetch(`${gateway.http}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...body }),
  });

const textOf = async (answer: Response) => {
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content;
};

describe('fallbacks over HTTP', () => {
  it('answer with the next model, which the answer names, streamed or whole', async () => {
    await using house = await openHouse(refuse(401, 'no'), refuse(404, 'no such model'));
    const whole = await ask(house.gateway);
    expect(whole.headers.get('x-openclaw-model')).toBe('last/three');
    expect(await textOf(whole)).toBe('from three');
    const streamed = await ask(house.gateway, { stream: true });
    expect(streamed.headers.get('x-openclaw-model')).toBe('last/three');
    expect((await readEvents(streamed)).join('')).toContain('from three');
    expect(house.asked()).toEqual([2, 2, 2]);
  });

  it('are not asked when the first answers, which the answer names, too', async () => {
    await using house = await openHouse(reply('from one'));
    const answer = await ask(house.gateway);
    expect([answer.headers.get('x-openclaw-model'), await textOf(answer)]).toEqual(['up/one', 'from one']);
    expect(house.asked()).toEqual([1, 0, 0]);
  });

  it('stand in the log with provider, model, kind and what comes next; no key is in it', async () => {
    await using house = await openHouse(refuse(429, `slow down, ${upstreamKey}`, 'insufficient_quota'));
    expect(await textOf(await ask(house.gateway))).toBe('from two');
    const line = async () =>
      (await readFile(house.gateway.logFile, 'utf8')).split('\n').find((each) => each.includes('trying spare/two'));
    await expect.poll(line).toBeDefined();
    const logged = await line();
    for (const field of ['"provider":"up"', '"model":"one"', '"kind":"quota"', '"next":"spare/two"'])
      expect(logged).toContain(field);
    expect(await readFile(house.gateway.logFile, 'utf8')).not.toContain(upstreamKey);
  });

  it('do not help against what the caller did wrong', async () => {
    await using house = await openHouse(refuse(400, 'unknown parameter'));
    const answer = await ask(house.gateway);
    expect([answer.status, answer.headers.get('x-openclaw-model')]).toEqual([400, 'up/one']);
    expect(house.asked()).toEqual([1, 0, 0]);
  });

  it.each([
    ['temperature', 'temperature'],
    // The places of messages are other ones at the provider.
    ['messages[3].content', null],
  ])('leave the word to the provider that refuses %s', async (named, param) => {
    const error = { message: 'no', type: 'invalid_request_error', param: named, code: 'unsupported_value' };
    await using house = await openHouse(json(400, { error }));
    const answer = await ask(house.gateway);
    const told = ((await answer.json()) as { error: object }).error;
    expect([answer.status, told]).toEqual([
      400,
      { message: 'up answered 400: no', type: 'invalid_request_error', code: 'unsupported_value', param },
    ]);
  });

  it('are not asked for a model that the caller chose, nor for an agent that has none', async () => {
    await using house = await openHouse(refuse(401, 'no'));
    expect((await ask(house.gateway, {}, { 'x-openclaw-model': 'up/one' })).status).toBe(502);
    expect((await ask(house.gateway, { model: 'openclaw/strict' })).status).toBe(502);
    expect(house.asked()).toEqual([2, 0, 0]);
  });

  it('come too late after the first token, also of thinking', async () => {
    for (const delta of [{ reasoning_content: 'hm' }, { content: 'half' }]) {
      const dies = die('text/event-stream', [`data: ${JSON.stringify(chunk(delta))}\n\n`]);
      await using house = await openHouse(dies);
      expect((await ask(house.gateway)).status).toBe(502);
      expect(house.asked()).toEqual([1, 0, 0]);
    }
  });

  it('tell the last failure when all have failed', async () => {
    await using house = await openHouse(
      refuse(401, 'no'),
      refuse(402, 'no'),
      json(429, { error: { message: 'busy' } }),
    );
    const answer = await ask(house.gateway);
    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-openclaw-model')).toBe('last/three');
    expect(house.asked()).toEqual([1, 1, 3]);
  });
});
