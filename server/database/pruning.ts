import type { Log } from '../log/log.ts';
import { nextTurn } from './turns.ts';

export interface PruningOptions {
  /** By what they take out, for the log: each takes some of what is old, and answers how many. */
  steps: Readonly<Record<string, () => number>>;
  log: Log;
}

/** Takes out what is old, a slice in each turn of the event loop, until there is no more of it. */
export interface Pruning {
  /** Begins, unless it is under way. What fails is noted, and tried again the next time. */
  start(): void;
  /** Resolves once nothing of it touches the database any more. */
  close(): Promise<void>;
}

export function createPruning({ steps, log }: PruningOptions): Pruning {
  let isClosed = false;
  let working: Promise<void> | undefined;

  const empty = async (step: () => number): Promise<number> => {
    for (let total = 0; ; ) {
      await nextTurn();
      const count = isClosed ? 0 : step();
      if (count === 0) return total;
      total += count;
    }
  };

  const work = async (): Promise<void> => {
    const pruned: Record<string, number> = {};
    for (const [name, step] of Object.entries(steps))
      try {
        pruned[name] = await empty(step);
      } catch (error) {
        // A full disk, say.
        log.error('what is old could not be taken out, and will be tried again', { what: name, error: String(error) });
      }
    if (Object.values(pruned).some((count) => count > 0)) log.info('pruned', pruned);
    working = undefined;
  };

  return {
    start() {
      working ??= work();
    },
    async close() {
      isClosed = true;
      await working;
    },
  };
}
