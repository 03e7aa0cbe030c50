import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { ProviderConfig } from '../../server/config/provider-config.ts';
import { type Dialect, dialects } from '../dialects.ts';
import { json, pieces, type Respond, startUpstream } from '../upstream.ts';
import { collect, createTestRegistry, failureOf, hello, never, textOf } from './calling.ts';

/*
 * Everything before the first token is over in time: 30 s, of which these tests make less.
 */

const dialectOf = (api: string) => dialects.find((dialect) => dialect.api === api) as Dialect;
const completions = dialectOf('openai-completions');

/** The events of a call that has so many milliseconds until the provider's first sign of life. */
async function call(dialect: Dialect, respond: Respond, withinMs: number, more: ProviderConfig = {}) {
  await using upstream = await startUpstream(respond);
  const test = { api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: 'k', ...more };
  await using registry = createTestRegistry(
    { models: { providers: { test } } },
    { retry: { firstDelayMs: 1, withinMs } },
  );
  const events = await collect(registry.find('test/model-1').stream(hello, never));
  return { events, tries: upstream.requests.length };
}

const late =
  (dialect: Dialect, ms: number): Respond =>
  async (request, res) => {
    await sleep(ms);
    await pieces(dialect.type, dialect.text)(request, res);
  };

// The client for providers is loaded at the first call, which is no part of what is measured here.
beforeAll(() => import('undici'));

it.each(dialects.filter(({ api }) => api !== 'ollama'))(
  'a provider of $api that stalls is given up in time',
  async (dialect) => {
    const { events, tries } = await call(dialect, () => undefined, 100);
    expect(failureOf(events)).toMatchObject({
      kind: 'timeout',
      message: expect.stringMatching(/sent nothing for .*timeoutSeconds/),
    });
    expect(tries).toBeLessThanOrEqual(1);
  },
);

it('a retry has what the tries before it have left', async () => {
  let asked = 0;
  const busyThenSilent: Respond = (request, res) => {
    if (asked++ === 0) json(503, { error: { message: 'busy' } })(request, res);
  };
  const { events, tries } = await call(completions, busyThenSilent, 1500);
  expect(failureOf(events).kind).toBe('timeout');
  expect(tries).toBe(2);
});

it('a server that loads its model first has longer', async () => {
  const ollama = dialectOf('ollama');
  const { events } = await call(ollama, late(ollama, 150), 50);
  expect(textOf(events)).toBe('Hello world');
});

it('a provider that somebody gave more time has it', async () => {
  const { events } = await call(completions, late(completions, 150), 50, { timeoutSeconds: 60 });
  expect(textOf(events)).toBe('Hello world');
});

it('a provider that has sent its head may think on', async () => {
  const thinks: Respond = async (_request, res) => {
    res.writeHead(200, { 'content-type': completions.type });
    res.flushHeaders();
    await sleep(2300);
    res.end(completions.text.join(''));
  };
  const { events } = await call(completions, thinks, 2000);
  expect(textOf(events)).toBe('Hello world');
});
