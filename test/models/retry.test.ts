import { expect, it } from 'vitest';
import type { ModelEvent, ModelFailure } from '../../server/models/provider.ts';
import { type RetryPolicy, withRetries } from '../../server/models/retry.ts';
import { collect, never } from './calling.ts';

const finish: ModelEvent = { type: 'finish', reason: 'stop', usage: { input: 0, output: 0, total: 0 } };
const text: ModelEvent = { type: 'text', delta: 'a' };
const failed = (more: Partial<ModelFailure> = {}): ModelEvent => ({
  type: 'failure',
  failure: { kind: 'unavailable', message: 'busy', provider: 'acme', model: 'anvil', retryable: true, ...more },
});

/** Runs calls of which the n-th gives the n-th list; answers what came out and how many calls there were. */
async function run(lists: ModelEvent[][], policy: RetryPolicy = {}, signal = never) {
  let calls = 0;
  const waits: number[] = [];
  const events = await collect(
    withRetries(
      async function* () {
        yield* lists[calls++] ?? [];
      },
      { firstDelayMs: 1, onRetry: (_, delayMs) => waits.push(delayMs), ...policy },
      signal,
    ),
  );
  return { events, calls, waits };
}

it('calls again until it works, twice at most', async () => {
  expect(await run([[failed()], [failed()], [text, finish]])).toMatchObject({ events: [text, finish], calls: 3 });
  expect(await run([[failed()], [failed()], [failed()], [finish]])).toMatchObject({ events: [failed()], calls: 3 });
});

it('never calls again after the first event', async () => {
  expect(await run([[text, failed()], [finish]])).toMatchObject({ events: [text, failed()], calls: 1 });
});

it('calls once when trying again is no use', async () => {
  const refused = failed({ kind: 'auth', retryable: false });
  expect(await run([[refused], [finish]])).toMatchObject({ events: [refused], calls: 1 });
  const late = failed({ kind: 'timeout' });
  expect(await run([[late], [finish]])).toMatchObject({ events: [late], calls: 1 });
});

it('waits as long as the provider asks, when there is that much time', async () => {
  expect(await run([[failed({ retryAfterMs: 3 })], [finish]])).toMatchObject({ events: [finish], waits: [3] });
  const later = failed({ retryAfterMs: 31_000 });
  expect(await run([[later], [finish]])).toMatchObject({ events: [later], calls: 1 });
  expect(await run([[later], [finish]], { withinMs: 0 })).toMatchObject({ events: [later], calls: 1 });
});

it('waits longer before the second retry', async () => {
  const { waits } = await run([[failed()], [failed()], [finish]], { firstDelayMs: 2 });
  expect(waits[0]).toBeGreaterThanOrEqual(2);
  expect(waits[0]).toBeLessThanOrEqual(2.5);
  expect(waits[1]).toBeGreaterThanOrEqual(8);
});

it('stops waiting when the caller aborts', async () => {
  const abort = new AbortController();
  const running = run(
    [[failed({ retryAfterMs: 4000 })], [finish]],
    { onRetry: () => setImmediate(() => abort.abort()) },
    abort.signal,
  );
  expect(await running).toMatchObject({ events: [], calls: 1 });
});
