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

/** Milliseconds after the announced return of a gateway in which it is still expected at any moment. */
const lateMs = 10_000;
/** Milliseconds that a wait for a gateway which is expected never exceeds. */
const maxExpectingMs = 200;

/**
 * Until when a gateway that says `shutdown` is expected back, milliseconds since the epoch. Until then its clients ask every
 * moment instead of ever more seldom: else who happened to ask right before it is there comes back seconds later.
 * @param payload of the event.
 */
export function toExpectedUntil(payload: unknown): number {
  const { restartExpectedMs } = (payload ?? {}) as { restartExpectedMs?: unknown };
  return typeof restartExpectedMs === 'number' ? Date.now() + restartExpectedMs + lateMs : 0;
}

/** The options of {@link backoffMs} that hold while the gateway is expected. */
export function whileExpected(options: ReconnectOptions, expectedUntil: number): ReconnectOptions {
  const { maxDelayMs = maxExpectingMs } = options;
  return Date.now() < expectedUntil ? { ...options, maxDelayMs: Math.min(maxDelayMs, maxExpectingMs) } : options;
}
