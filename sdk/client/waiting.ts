import { GatewayError } from '../protocol/errors.ts';

/** Taken by every call. */
export interface CallOptions {
  /** Stops the wait with `CANCELLED`. What was sent already may still happen at the gateway. */
  signal?: AbortSignal | undefined;
  /** Milliseconds until the wait stops with `TIMEOUT`, or with `UNREACHABLE` when nothing could be sent. */
  timeoutMs?: number | undefined;
}

/** The longest delay that timers can take; anything longer is no limit. */
const longestDelayMs = 2 ** 31 - 1;

/** A promise that somebody else settles, within the caller's deadline and signal. */
export class Waiting<T> {
  readonly promise: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  #release: () => void;

  /**
   * @param expired makes the error when the deadline passes.
   * @param gaveUp hears of an end by deadline or signal; not of a signal that had fired before.
   */
  constructor({ signal, timeoutMs }: CallOptions, expired: () => GatewayError, gaveUp: () => void = () => {}) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const giveUp = (error: GatewayError) => {
      gaveUp();
      this.reject(error);
    };
    const onAbort = () => giveUp(cancelled(signal));
    const limited = timeoutMs !== undefined && timeoutMs <= longestDelayMs;
    const timer = limited ? setTimeout(() => giveUp(expired()), timeoutMs) : undefined;
    this.#release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    // A caller that gave up before it asked is told so, and nothing is begun.
    if (signal?.aborted) this.reject(cancelled(signal));
    else signal?.addEventListener('abort', onAbort);
  }

  resolve(value: T): void {
    this.#release();
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    this.#release();
    this.#reject(reason);
  }
}

function cancelled(signal: AbortSignal | undefined): GatewayError {
  return new GatewayError('CANCELLED', 'the call was cancelled by its signal', { cause: signal?.reason });
}
