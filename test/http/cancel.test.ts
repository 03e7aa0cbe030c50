import { describe, expect, it } from 'vitest';
import type { ModelSetting } from '../../server/config/config.ts';
import { dialects } from '../dialects.ts';
import { startTestGateway, token, upstreamKey } from '../gateway.ts';
import { json, type Respond, stall, startUpstream, type TestUpstream } from '../upstream.ts';

/*
 * A caller who goes away takes the provider's call along. What is asserted is that it happens; the bound is that of the test.
 */

const roads = [
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], stream: true }],
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }],
  ['/v1/responses', { input: 'Hi', stream: true }],
  ['/v1/responses', { input: 'Hi' }],
] as const;

async function openHouse(dialect: (typeof dialects)[number], respond: Respond, model: ModelSetting = 'up/one') {
  const upstream = await startUpstream(respond);
  const up = { api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: upstreamKey };
  const gateway = await startTestGateway({
    config: { agents: { defaults: { model } }, models: { providers: { up } } },
  });
  return {
    upstream,
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** Asks on every road, and leaves once all of the provider's calls have begun. */
async function askAndLeave(http: string, upstream: TestUpstream): Promise<void> {
  const leaving = new AbortController();
  const asked = roads.map(([path, body]) =>
    fetch(`${http}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal: leaving.signal,
    })
      .then((answer) => answer.text())
      .catch(() => 'left'),
  );
  await upstream.request(roads.length - 1);
  leaving.abort();
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['left']));
}

describe.each(dialects)('a caller who leaves a provider that speaks $api', (dialect) => {
  it('hangs up on it before the first byte', async () => {
    await using house = await openHouse(dialect, () => undefined);
    await askAndLeave(house.gateway.http, house.upstream);
    await Promise.all(house.upstream.requests.map(({ hungUp }) => hungUp));
  });

  it('hangs up on it in the middle', async () => {
    await using house = await openHouse(dialect, stall(dialect.type, dialect.text.slice(0, dialect.begun)));
    await askAndLeave(house.gateway.http, house.upstream);
    await Promise.all(house.upstream.requests.map(({ hungUp }) => hungUp));
  });
});

it('a caller who leaves the embeddings hangs up on their provider', async () => {
  const [dialect] = dialects;
  if (!dialect) throw new Error('no dialect');
  await using house = await openHouse(dialect, () => undefined);
  const leaving = new AbortController();
  const asked = fetch(`${house.gateway.http}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-openclaw-model': 'up/my-embedder' },
    body: JSON.stringify({ input: Array.from({ length: 600 }, (_, at) => `text ${at}`) }),
    signal: leaving.signal,
  });
  await house.upstream.request(2);
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await Promise.all(house.upstream.requests.map(({ hungUp }) => hungUp));
});

it('a caller who leaves while a fallback is asked hangs up on that', async () => {
  const [dialect] = dialects;
  if (!dialect) throw new Error('no dialect');
  const refusesFirst: Respond = (request, res) =>
    request.body.model === 'one' ? json(401, { error: { message: 'no' } })(request, res) : undefined;
  await using house = await openHouse(dialect, refusesFirst, { primary: 'up/one', fallbacks: ['up/two'] });
  const leaving = new AbortController();
  const asked = fetch(`${house.gateway.http}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }] }),
    signal: leaving.signal,
  });
  const { body, hungUp } = await house.upstream.request(1);
  expect(body.model).toBe('two');
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await hungUp;
});

it('a caller who leaves while a call waits to be tried again ends the waiting', async () => {
  const [dialect] = dialects;
  if (!dialect) throw new Error('no dialect');
  await using house = await openHouse(dialect, json(503, { error: { message: 'busy' } }, { 'retry-after': '4' }));
  await askAndLeave(house.gateway.http, house.upstream);
  // Whoever works still would stop the gateway from closing at once.
  await house.gateway.close();
  expect(house.upstream.requests).toHaveLength(roads.length);
});
