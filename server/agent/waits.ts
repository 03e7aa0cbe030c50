import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { WaitOptions } from './runs.ts';

/** Waits that one caller may have at the same time. */
const maxWaits = 128;
/** The longest timer that Node can set, 24 days: a longer one would ring at once. */
export const maxTimerMs = 2_147_483_647;

/** Lets callers wait, each a limited number of times at once. */
export interface Waits {
  /** Waits for a promise, a time or a signal, whichever comes first. @throws GatewayError UNAVAILABLE, retryable. */
  until(promise: Promise<unknown>, options: WaitOptions): Promise<void>;
}

export function createWaits(): Waits {
  const counts = new Map<string, number>();
  return {
    async until(promise, { timeoutMs, signal, caller }) {
      if (caller === undefined) return within(promise, timeoutMs, signal);
      const count = (counts.get(caller) ?? 0) + 1;
      if (count > maxWaits) throw tooMany();
      counts.set(caller, count);
      try {
        await within(promise, timeoutMs, signal);
      } finally {
        const left = (counts.get(caller) ?? 1) - 1;
        if (left > 0) counts.set(caller, left);
        else counts.delete(caller);
      }
    },
  };
}

/** Waits for a promise, a time or a signal, whichever comes first. */
export async function within(promise: Promise<unknown>, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end);
  try {
    await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    // The signal of a connection outlives many waits.
    signal?.removeEventListener('abort', end);
  }
}

function tooMany(): GatewayError {
  return new GatewayError(
    'UNAVAILABLE',
    `this connection waits for ${maxWaits} runs already: let one of them end first`,
    {
      details: { code: 'TOO_MANY_WAITS' },
      retryable: true,
      retryAfterMs: 1000,
    },
  );
}
