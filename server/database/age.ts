import type { StatementSync } from 'node:sqlite';

export interface AgeOptions {
  /** Milliseconds that rows are kept. */
  lifeMs: number;
  /** Rows that are kept at the most. */
  max: number;
}

/** Milliseconds for which it is known where the newest rows begin: to count them takes some. */
const countMs = 60_000;

/**
 * A function that answers from when rows have to be, in milliseconds since the epoch, to be kept: they may be only so old, and
 * only so many, so that no rate at which they come fills the disk.
 * @param newest selects `at` of one row: the newest behind as many as it is given.
 */
export function createAgeLimit(newest: Pick<StatementSync, 'get'>, { lifeMs, max }: AgeOptions): () => number {
  let counted = { at: Number.NEGATIVE_INFINITY, limit: 0 };
  return () => {
    const now = Date.now();
    if (now - counted.at >= countMs) counted = { at: now, limit: Number(newest.get(max)?.at ?? -1) + 1 };
    return Math.max(now - lifeMs, counted.limit);
  };
}
