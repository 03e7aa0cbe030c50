/** How long to wait between attempts to connect. */
export interface ReconnectOptions {
  /** Milliseconds before the second attempt; doubles with each further one. Default 100. */
  minDelayMs?: number | undefined;
  /** Milliseconds that a wait never exceeds. Default 10 000. */
  maxDelayMs?: number | undefined;
}

/**
 * Milliseconds to wait before the next attempt: doubled each time, then shortened by up to half at random, so that the
 * clients of a gateway that restarts do not come back all at once.
 * @param attempt attempts that failed in a row, from 1.
 */
export function backoffMs(attempt: number, { minDelayMs = 100, maxDelayMs = 10_000 }: ReconnectOptions): number {
  const full = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (0.5 + Math.random() / 2));
}
