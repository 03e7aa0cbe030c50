import type { ModelFailure } from '../models/provider.ts';
import { defaultFirstMs } from '../models/timeouts.ts';

/** Divides the time until the first token among the models of a turn: all of them together have as long as one alone. */
export interface Patience {
  /** Milliseconds for the next model, when so many are left with it; what others left over is shared. */
  share(left: number): number;
}

/** Milliseconds that any model gets, however long those before it took. */
const leastMs = 1000;

/** @param totalMs default 30 000. */
export function createPatience(totalMs = defaultFirstMs): Patience {
  let deadline = performance.now() + totalMs;
  let last: { startedAt: number; share: number } | undefined;
  return {
    share(left) {
      const now = performance.now();
      // A model that may take longer than its share, because somebody configured that, does not take it from the others.
      if (last) deadline += Math.max(0, now - last.startedAt - last.share);
      const share = Math.max(leastMs, (deadline - now) / left);
      last = { startedAt: now, share };
      return share;
    },
  };
}

/** Refusals of what was asked, as opposed to how the provider is set up. */
const refusedRequests: ReadonlySet<number> = new Set([400, 413, 422]);

/** False for failures that are the caller's own doing: another model would be asked in vain, or against the caller's interest. */
export function isWorthFallback({ kind, httpStatus = 0 }: ModelFailure): boolean {
  if (kind === 'refusal') return false;
  return kind !== 'bad_request' || !refusedRequests.has(httpStatus);
}
