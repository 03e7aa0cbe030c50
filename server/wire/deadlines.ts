import { performance } from 'node:perf_hooks';
import type { Limits } from './limits.ts';

/** Looks per handshake timeout, and the longest pause between two, milliseconds. */
const looks = 60;
const maxStepMs = 250;

/** Ends what stays silent too long. */
export interface Deadlines<T> {
  add(item: T): void;
  delete(item: T): void;
  close(): void;
}

/**
 * Watches over handshakes. Only time in which the event loop was free counts: a client that spoke while the process
 * was busy is heard before it is given up.
 */
export function createDeadlines<T>(
  { handshakeTimeoutMs }: Pick<Limits, 'handshakeTimeoutMs'>,
  expire: (item: T) => void,
): Deadlines<T> {
  const stepMs = Math.max(1, Math.min(maxStepMs, handshakeTimeoutMs / looks));
  // In order of their addition, so the oldest is first.
  const addedAt = new Map<T, number>();
  let freeMs = 0;
  let lookedAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const countFree = () => Math.min(performance.now() - lookedAt, 2 * stepMs);

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };

  const look = () => {
    freeMs += countFree();
    lookedAt = performance.now();
    for (const [item, at] of addedAt) {
      if (freeMs - at < handshakeTimeoutMs) break;
      addedAt.delete(item);
      expire(item);
    }
    if (addedAt.size === 0) stop();
  };

  return {
    add(item) {
      if (!timer) {
        lookedAt = performance.now();
        timer = setInterval(look, stepMs).unref();
      }
      addedAt.set(item, freeMs + countFree());
    },
    delete(item) {
      addedAt.delete(item);
    },
    close() {
      addedAt.clear();
      stop();
    },
  };
}
