import { performance } from 'node:perf_hooks';

/**
 * Resolves in a later turn of the event loop: one of all who wait for theirs, in the order in which they came. Long work is
 * done in slices of a few milliseconds with this in between; slices of many, one after the other, would be as long as if
 * none of them had paused.
 */
export function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push(resolve);
  if (waiting.length === 1) setImmediate(give);
  return promise;
}

/** A function to call between the pieces of long work: resolves in a later turn once those since the last one took some milliseconds. */
export function createPace(sliceMs = 4): () => Promise<void> {
  let until = performance.now() + sliceMs;
  return async () => {
    if (performance.now() < until) return;
    await nextTurn();
    until = performance.now() + sliceMs;
  };
}

// --- internal ---

/** The event loop is one for all, and so is the line of those who wait for it. */
const waiting: (() => void)[] = [];

function give(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(give);
}
