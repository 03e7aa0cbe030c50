import { expect, it } from 'vitest';
import type { ModelEvent } from '../../server/models/provider.ts';
import { type CallLimits, withTimeouts } from '../../server/models/timeouts.ts';
import { collect, failureOf, never } from './calling.ts';

const finish: ModelEvent = { type: 'finish', reason: 'stop', usage: { input: 0, output: 0, total: 0 } };
const text = (delta: string): ModelEvent => ({ type: 'text', delta });
const call = (limits: CallLimits, startedAt = performance.now()) => ({
  provider: 'acme',
  model: 'anvil',
  limits,
  startedAt,
});
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const hang = () => new Promise<never>(() => undefined);

it('passes a stream on and drops its signs of life', async () => {
  async function* stream() {
    yield text('a');
    yield text('');
    yield finish;
  }
  expect(await collect(withTimeouts(stream, call({}), never))).toEqual([text('a'), finish]);
});

it('leaves the signal of a complete stream alone', async () => {
  let cut: AbortSignal | undefined;
  async function* stream(signal: AbortSignal) {
    cut = signal;
    yield finish;
  }
  await collect(withTimeouts(stream, call({}), never));
  expect(cut?.aborted).toBe(false);
});

it('ends a stream that falls silent, even one that does not listen to its signal', async () => {
  let cut: AbortSignal | undefined;
  async function* stream(signal: AbortSignal) {
    cut = signal;
    yield text('a');
    await hang();
  }
  const events = await collect(withTimeouts(stream, call({ idleMs: 30 }), never));
  expect(events[0]).toEqual(text('a'));
  expect(failureOf(events)).toMatchObject({
    kind: 'timeout',
    retryable: true,
    message: 'acme sent nothing for 0.03 s. Raise models.providers.acme.timeoutSeconds if anvil needs longer.',
  });
  expect(cut?.aborted).toBe(true);
});

it('counts signs of life as life', async () => {
  async function* stream() {
    for (let sign = 0; sign < 8; sign++) {
      await wait(25);
      yield text('');
    }
    yield finish;
  }
  expect(await collect(withTimeouts(stream, call({ idleMs: 120 }), never))).toEqual([finish]);
});

it('does not count the time that the consumer takes', async () => {
  async function* stream() {
    yield text('a');
    yield finish;
  }
  const events: ModelEvent[] = [];
  for await (const event of withTimeouts(stream, call({ idleMs: 20 }), never)) {
    events.push(event);
    await wait(60);
  }
  expect(events).toEqual([text('a'), finish]);
});

it('ends a stream that lives too long, counted from the beginning of the call', async () => {
  async function* stream() {
    while (true) {
      await wait(5);
      yield text('a');
    }
  }
  const failure = failureOf(
    await collect(withTimeouts(stream, call({ totalMs: 1000 }, performance.now() - 970), never)),
  );
  expect(failure.message).toBe(
    'acme did not finish within 1 s. Raise agents.defaults.timeoutSeconds if anvil needs longer.',
  );
});

it('ends with nothing when the caller aborts', async () => {
  const abort = new AbortController();
  async function* stream() {
    yield text('a');
    await hang();
  }
  const events: ModelEvent[] = [];
  for await (const event of withTimeouts(stream, call({}), abort.signal)) {
    events.push(event);
    setImmediate(() => abort.abort());
  }
  expect(events).toEqual([text('a')]);
  expect(await collect(withTimeouts(stream, call({}), abort.signal))).toEqual([]);
});
