import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { CallLimit } from '../../sdk/protocol/method.ts';

/** Who calls what. */
export interface Spender {
  method: string;
  /** Absent over HTTP and for clients without a device. */
  deviceId?: string | undefined;
  /** IP address. */
  address: string;
}

/** Counts the calls of methods that have a limit, per method, device and address. */
export interface CallBudget {
  /** @throws GatewayError UNAVAILABLE, retryable, when all calls of the window are used up. */
  spend(spender: Spender, limit: CallLimit): void;
}

/** Callers that are remembered; more of them push out the one that began first. */
const maxWindows = 10_000;

export function createCallBudget(now: () => number = Date.now): CallBudget {
  // In the order in which they began, so that the oldest is first.
  const windows = new Map<string, { endsAt: number; calls: number }>();

  const open = (key: string, { windowMs }: CallLimit) => {
    for (const [other, { endsAt }] of windows) {
      if (endsAt > now() && windows.size < maxWindows) break;
      windows.delete(other);
    }
    const window = { endsAt: now() + windowMs, calls: 0 };
    windows.delete(key);
    windows.set(key, window);
    return window;
  };

  return {
    spend({ method, deviceId = '', address }, limit) {
      const key = JSON.stringify([method, deviceId, address]);
      const known = windows.get(key);
      const window = known && known.endsAt > now() ? known : open(key, limit);
      if (window.calls >= limit.calls) throw spent(method, limit, window.endsAt - now());
      window.calls++;
    },
  };
}

function spent(method: string, { calls, windowMs }: CallLimit, retryAfterMs: number): GatewayError {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new GatewayError('UNAVAILABLE', `rate limit exceeded for ${method}; retry after ${seconds}s`, {
    retryable: true,
    retryAfterMs,
    details: { method, limit: `${calls} per ${windowMs / 1000}s` },
  });
}
