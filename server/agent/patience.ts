/*
 * An aborted run ends at once, also when its provider or tool does not care about the signal: what those still do is
 * nobody's business any more.
 */

/** The events of a stream until it ends or the signal fires. */
export async function* untilAborted<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  // One waiter at a time: racing every step with one long-lived promise would pile up reactions on that.
  let wake: () => void = () => undefined;
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const step = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (!step || step.done || signal.aborted) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A stream that hangs would never come to its end; asking it to stop is all there is to do.
    iterator.return?.().catch(() => undefined);
  }
}

/** What a promise resolves to, or `otherwise` once the signal fires. */
export function orAborted<T>(promised: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => resolve(otherwise);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  promised.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}
