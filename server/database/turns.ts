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

// --- internal ---

/** The event loop is one for all, and so is the line of those who wait for it. */
const waiting: (() => void)[] = [];

function give(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(give);
}
