import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelEvent, ModelFailure } from './provider.ts';

/** How often, and how long, a call is tried again before its first token. */
export interface RetryPolicy {
  /** Default 2. */
  maxRetries?: number | undefined;
  /** Milliseconds from the beginning of the call within which the last try must begin. Default 30 000. */
  withinMs?: number | undefined;
  /** Milliseconds that are waited at most because a provider asks for it: who asks for more is not tried again. Default 5000. */
  maxDelayMs?: number | undefined;
  /** Milliseconds before the first retry, four times as many before the next. Default 300. */
  firstDelayMs?: number | undefined;
  /** Told before each wait. */
  onRetry?: ((failure: ModelFailure, delayMs: number) => void) | undefined;
}

/**
 * Calls again when a call fails before it gave anything and the failure may pass: never after the first event, never after
 * a timeout (a provider that stalled once is not quick), and not when `Retry-After` asks for more time than is quick: the caller,
 * or a fallback, can do better than wait.
 */
export async function* withRetries(
  call: () => AsyncIterable<ModelEvent>,
  policy: RetryPolicy,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const deadline = performance.now() + (policy.withinMs ?? 30_000);
  for (let retries = 0; ; retries++) {
    let delayMs: number | undefined;
    let begun = false;
    for await (const event of call()) {
      if (event.type === 'failure' && !begun) delayMs = delayBefore(event.failure, { retries, deadline }, policy);
      if (event.type === 'failure' && delayMs !== undefined) {
        policy.onRetry?.(event.failure, delayMs);
        break;
      }
      begun = true;
      yield event;
    }
    if (delayMs === undefined) return;
    // An abort ends the wait, and with it the call, with nothing.
    const waited = await sleep(delayMs, true, { signal }).catch(() => false);
    if (!waited) return;
  }
}

/** Milliseconds to wait before the next try, or undefined when there is none. */
export function delayBefore(
  failure: ModelFailure,
  { retries, deadline }: { retries: number; deadline: number },
  policy: RetryPolicy = {},
): number | undefined {
  if (!failure.retryable || failure.kind === 'timeout' || retries >= (policy.maxRetries ?? 2)) return undefined;
  const usual = (policy.firstDelayMs ?? 300) * 4 ** retries;
  // Spread by a quarter, so that runs that failed together do not come back together.
  const delayMs = failure.retryAfterMs ?? usual * (1 + Math.random() / 4);
  if (delayMs > (policy.maxDelayMs ?? 5000)) return undefined;
  return performance.now() + delayMs <= deadline ? delayMs : undefined;
}
