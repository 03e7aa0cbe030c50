import { expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { pieces, startUpstream } from '../upstream.ts';
import { collect, createTestRegistry, hello, never, textOf } from './calling.ts';

const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const end = 'data: [DONE]\n\n';
const withProviders = (providers: NonNullable<Config['models']>['providers']): Config => ({ models: { providers } });

it('offers what another configuration has, and no more what it has not', async () => {
  await using registry = createTestRegistry(
    withProviders({ old: { baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'a' }] } }),
  );
  registry.apply(withProviders({ young: { baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'b' }] } }));
  expect(registry.find('b')).toMatchObject({ provider: 'young' });
  expect(() => registry.find('old/a')).toThrow('No model "old/a"');
  expect(registry.list().map(({ provider, id }) => `${provider}/${id}`)).toEqual(['young/b', 'builtin/guide']);
  expect(registry.fallback().model).toBe('young/b');
});

it('keeps the connections of a provider that stays as it is, and makes new ones for one that changed', async () => {
  await using server = await startUpstream(pieces('text/event-stream', [chunk('hi'), end]));
  const same = { baseUrl: `${server.url}/v1`, apiKey: 'first', models: [{ id: 'a' }] };
  await using registry = createTestRegistry(withProviders({ same }));
  const ask = async () => textOf(await collect(registry.find('same/a').stream(hello, never)));
  // An answer is read a moment before its connection is free again: of several, one is.
  await Promise.all([ask(), ask()]);
  expect(await ask()).toBe('hi');
  const opened = server.connections();
  registry.apply(withProviders({ other: { baseUrl: server.url }, same: { ...same } }));
  expect(await ask()).toBe('hi');
  expect(server.connections()).toBe(opened);
  registry.apply(withProviders({ same: { ...same, apiKey: 'second' } }));
  expect(await ask()).toBe('hi');
  expect(server.connections()).toBe(opened + 1);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    ...Array(4).fill('Bearer first'),
    'Bearer second',
  ]);
});

it('lets a call go on to its end whose provider is gone', async () => {
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  await using server = await startUpstream((_request, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.write(chunk('begun'));
    void goOn.then(() => answer.end(`${chunk(' and ended')}${end}`));
  });
  await using registry = createTestRegistry(withProviders({ gone: { baseUrl: `${server.url}/v1` } }));
  const model = registry.find('gone/a');
  const events = model.stream(hello, never)[Symbol.asyncIterator]();
  expect(await events.next()).toMatchObject({ value: { type: 'text', delta: 'begun' } });
  registry.apply({});
  resolve();
  const rest = await collect({ [Symbol.asyncIterator]: () => events });
  expect(textOf(rest)).toBe(' and ended');
  // A run that chose the model before the change may call it once more.
  expect(textOf(await collect(model.stream(hello, never)))).toBe('begun and ended');
});
