import type { Caller } from './caller.ts';

export interface AttemptLimits {
  /** Wrong credentials within the window before the lockout. Default 10. */
  maxAttempts?: number | undefined;
  /** Milliseconds. Default 60 000. */
  windowMs?: number | undefined;
  /** Milliseconds. Default 300 000. */
  lockoutMs?: number | undefined;
  /** Never locks callers on this machine, unless a browser sends them. Default true. */
  exemptLoopback?: boolean | undefined;
  /** Milliseconds since the epoch. Default the clock. */
  now?: (() => number) | undefined;
}

/** Counts wrong credentials by where they come from, for the socket and for HTTP together. */
export interface Attempts {
  /** Milliseconds until this caller may try again, 0 when it may now. */
  lockedForMs(caller: Caller): number;
  failed(caller: Caller): void;
  /** Forgets earlier failures. */
  succeeded(caller: Caller): void;
}

interface History {
  /** When each failure happened, oldest first. */
  failures: number[];
  lockedUntil: number;
}

/** Callers remembered; beyond that the oldest is forgotten. */
const maxCallers = 10_000;
/** Of an origin, characters. */
const maxKeyLength = 200;

/** Limits guessing. Keeps nothing on disk: a restart forgets. @param limits those in effect; asked for each attempt. */
export function limitAttempts(limits: () => AttemptLimits = () => ({})): Attempts {
  const now = () => (limits().now ?? Date.now)();
  const histories = new Map<string, History>();
  const isExempt = ({ local, origin }: Caller) => (limits().exemptLoopback ?? true) && local && origin === undefined;

  return {
    lockedForMs(caller) {
      if (isExempt(caller)) return 0;
      return Math.max(0, (histories.get(toKey(caller))?.lockedUntil ?? 0) - now());
    },
    failed(caller) {
      if (isExempt(caller)) return;
      const { maxAttempts = 10, windowMs = 60_000, lockoutMs = 300_000 } = limits();
      const key = toKey(caller);
      const at = now();
      const failures = (histories.get(key)?.failures ?? []).filter((time) => time > at - windowMs);
      failures.push(at);
      const isLocked = failures.length >= maxAttempts;
      // Deleting first moves the caller to the young end of the map.
      histories.delete(key);
      histories.set(key, isLocked ? { failures: [], lockedUntil: at + lockoutMs } : { failures, lockedUntil: 0 });
      if (histories.size > maxCallers) forgetOldest(histories);
    },
    succeeded(caller) {
      histories.delete(toKey(caller));
    },
  };
}

/** Pages of one site share a count: all browsers of this machine have the same address. */
function toKey({ address, local, origin }: Caller): string {
  return local && origin !== undefined ? `origin ${origin.slice(0, maxKeyLength)}` : address;
}

function forgetOldest(histories: Map<string, History>): void {
  for (const key of histories.keys()) {
    histories.delete(key);
    return;
  }
}
