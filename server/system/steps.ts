/** How long the steps of a start took. */
export interface Steps {
  /** Ends a step, which began when the one before it ended. */
  end(step: string): void;
  /** Milliseconds of each step so far, in their order. */
  took(): Record<string, number>;
  /** The same in words: `lock 3 ms, database 12 ms`. */
  describe(): string;
}

/** Begins to measure. */
export function createSteps(): Steps {
  const took = new Map<string, number>();
  let at = performance.now();
  return {
    end(step) {
      const now = performance.now();
      took.set(step, Math.round(now - at));
      at = now;
    },
    took: () => Object.fromEntries(took),
    describe: () => [...took].map(([step, ms]) => `${step} ${ms} ms`).join(', '),
  };
}
