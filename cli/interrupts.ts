/**
 * A terminal sends Ctrl-C to every process in the foreground, and npm, npx and our own launcher hand it on once more: two
 * of them this close together are one.
 */
const echoMs = 250;

export interface Interrupts {
  /** Called on the first signal. */
  onFirst(signal: NodeJS.Signals): void;
  /** Called on a later one: the person does not want to wait. */
  onSecond(signal: NodeJS.Signals): void;
}

/** Listens for signals. @returns how to stop listening. */
export function listenForInterrupts(signals: readonly NodeJS.Signals[], { onFirst, onSecond }: Interrupts): () => void {
  let firstAt: number | undefined;
  const listener = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      onFirst(signal);
    } else if (now - firstAt > echoMs) onSecond(signal);
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
