import type { ModelEvent, ModelFailure } from './provider.ts';

/** Limits of one call. */
export interface CallLimits {
  /** Milliseconds until the first sign of life, the head of the answer. Default: those of `idleMs`. */
  firstMs?: number | undefined;
  /** Milliseconds without a sign of life from the provider. Default 120 000. */
  idleMs?: number | undefined;
  /** Milliseconds for the whole call, retries included. Default 600 000. */
  totalMs?: number | undefined;
}

/** A call in progress: whose it is, and when it began. */
export interface TimedCall {
  provider: string;
  model: string;
  limits: CallLimits;
  /** `performance.now()` of the call's beginning, from which the total counts. */
  startedAt: number;
}

export const defaultIdleMs = 120_000;
/** Milliseconds in which a call is answered or has failed: retries, waits, connects and fallbacks included. */
export const defaultFirstMs = 30_000;
export const defaultTotalMs = 600_000;

/** A configured limit in milliseconds; 0 stands for the default, and no timer can be longer than 24 days. */
export function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : Math.min(seconds * 1000, 2_147_483_647);
}

/**
 * Passes a stream on until it ends, a limit is reached, or the signal fires.
 * A limit ends it with a failure of kind `timeout`, the signal with nothing; either way the stream's own signal fires, so that
 * the provider's connection is cut, and a stream that does not heed it is left behind. Empty deltas count as life and are dropped.
 */
export async function* withTimeouts(
  start: (signal: AbortSignal) => AsyncIterable<ModelEvent>,
  call: TimedCall,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  if (signal.aborted) return;
  const cut = new AbortController();
  const clock = startClock(call, signal, () => cut.abort());
  const events = start(cut.signal)[Symbol.asyncIterator]();
  let complete = false;
  try {
    while (!complete) {
      const next = await clock.next(events);
      if (next === over) {
        if (clock.failure) yield { type: 'failure', failure: clock.failure };
        return;
      }
      if (next.done) complete = true;
      else if (!isSignOfLife(next.value)) {
        complete = next.value.type === 'finish' || next.value.type === 'failure';
        yield next.value;
      }
    }
  } finally {
    clock.stop();
    // A complete answer's connection is worth keeping; any other is cut.
    if (!complete) cut.abort();
    // Not awaited: a stream that is stuck in a wait of its own would never answer.
    void events.return?.().catch(() => undefined);
  }
}

const over = Symbol('over');

/** An idle timer, a total timer and a signal: the first that fires ends the waiting for events, once. */
function startClock(call: TimedCall, signal: AbortSignal, onOver: () => void) {
  const { idleMs = defaultIdleMs, totalMs = defaultTotalMs, firstMs = idleMs } = call.limits;
  let isOver = false;
  let waiter: ((value: typeof over) => void) | undefined;
  const end = (failure?: ModelFailure) => {
    if (isOver) return;
    isOver = true;
    clock.failure = failure;
    onOver();
    waiter?.(over);
  };
  const cancel = () => end();
  // Time that the consumer takes between two events is not the provider's: without a waiter the timer rings in vain.
  const startTimer = (ms: number) => setTimeout(() => waiter && end(idleFailure(call, ms)), ms).unref();
  let idle = startTimer(firstMs);
  let isAlive = firstMs === idleMs;
  const left = Math.max(0, totalMs - (performance.now() - call.startedAt));
  const total = setTimeout(() => end(totalFailure(call, totalMs)), left).unref();
  signal.addEventListener('abort', cancel, { once: true });
  const showLife = () => {
    isAlive = true;
    clearTimeout(idle);
    if (!isOver) idle = startTimer(idleMs);
  };
  const clock = {
    failure: undefined as ModelFailure | undefined,
    next(events: AsyncIterator<ModelEvent>): Promise<IteratorResult<ModelEvent> | typeof over> {
      if (isOver) return Promise.resolve(over);
      idle.refresh();
      // Not Promise.race, which leaves a reaction behind on a lasting promise for every event.
      return new Promise((resolve, reject) => {
        waiter = resolve;
        const settle =
          <T>(how: (value: T) => void) =>
          (value: T) => {
            waiter = undefined;
            if (!isAlive) showLife();
            how(value);
          };
        events.next().then(settle(resolve), settle(reject));
      });
    },
    stop() {
      isOver = true;
      clearTimeout(idle);
      clearTimeout(total);
      signal.removeEventListener('abort', cancel);
    },
  };
  return clock;
}

function isSignOfLife(event: ModelEvent): boolean {
  return (event.type === 'text' || event.type === 'reasoning') && event.delta === '';
}

function idleFailure({ provider, model }: TimedCall, idleMs: number): ModelFailure {
  const key = `models.providers.${provider}.timeoutSeconds`;
  const message = `${provider} sent nothing for ${Math.round(idleMs) / 1000} s. Raise ${key} if ${model} needs longer.`;
  return { kind: 'timeout', message, provider, model, retryable: true };
}

function totalFailure({ provider, model }: TimedCall, totalMs: number): ModelFailure {
  const key = 'agents.defaults.timeoutSeconds';
  const message = `${provider} did not finish within ${totalMs / 1000} s. Raise ${key} if ${model} needs longer.`;
  return { kind: 'timeout', message, provider, model, retryable: true };
}
