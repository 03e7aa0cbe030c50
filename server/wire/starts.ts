import { performance } from 'node:perf_hooks';
import type { Limits } from './limits.ts';

/** Time that starting requests may take before other work of the process gets its turn, milliseconds. */
const turnBudgetMs = 12;

/** Requests on their way to their handlers, of all connections together: a burst may not starve the process. */
export interface Starts {
  /** Starts the work now or soon, in order. @returns false when too much waits already; the work is not started then. */
  offer(start: () => void, bytes: number): boolean;
}

/** Makes the one queue that all connections share. */
export function queueStarts(
  limits: Pick<Limits, 'maxWaitingRequests' | 'maxWaitingRequestBytes' | 'maxStartsPerTurn'>,
): Starts {
  const waiting: { start: () => void; bytes: number }[] = [];
  let waitingBytes = 0;
  let startedThisTurn = 0;
  let turnStartedAt = 0;
  let isTurnOpen = false;

  const mayStart = () => startedThisTurn < limits.maxStartsPerTurn && performance.now() - turnStartedAt < turnBudgetMs;

  const nextTurn = () => {
    isTurnOpen = false;
    let taken = 0;
    while (taken < waiting.length) {
      openTurn();
      if (!mayStart()) break;
      const next = waiting[taken++];
      if (!next) break;
      waitingBytes -= next.bytes;
      startedThisTurn++;
      next.start();
    }
    waiting.splice(0, taken);
  };

  const openTurn = () => {
    if (isTurnOpen) return;
    isTurnOpen = true;
    startedThisTurn = 0;
    turnStartedAt = performance.now();
    setImmediate(nextTurn);
  };

  return {
    offer(start, bytes) {
      openTurn();
      if (waiting.length === 0 && mayStart()) {
        startedThisTurn++;
        start();
        return true;
      }
      if (waiting.length >= limits.maxWaitingRequests || waitingBytes + bytes > limits.maxWaitingRequestBytes)
        return false;
      waiting.push({ start, bytes });
      waitingBytes += bytes;
      return true;
    },
  };
}
