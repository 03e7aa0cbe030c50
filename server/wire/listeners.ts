import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Limits } from './limits.ts';

/** Those who follow events without a socket: the contract over HTTP. */
export interface Listeners {
  /** Hands an event to all who listen for it. */
  offer(event: string, payload: unknown, droppable: boolean): void;
  /**
   * Follows one event from now on, until the signal fires.
   * A listener that is too slow misses droppable events; it ends with UNAVAILABLE when one is lost that may not be.
   */
  listen(event: string, signal: AbortSignal | undefined): AsyncGenerator<unknown, void>;
  close(): void;
}

interface Listener {
  waiting: unknown[];
  /** True when nothing more will come. */
  isOver: boolean;
  /** True when an event was lost that may not be: it ends after what waits. */
  isTooSlow: boolean;
  wake(): void;
}

export function createListeners({ maxListenerEvents }: Pick<Limits, 'maxListenerEvents'>): Listeners {
  const byEvent = new Map<string, Set<Listener>>();

  return {
    offer(event, payload, droppable) {
      for (const listener of byEvent.get(event) ?? []) {
        if (listener.isTooSlow) continue;
        if (listener.waiting.length < maxListenerEvents) listener.waiting.push(payload);
        else listener.isTooSlow = !droppable;
        listener.wake();
      }
    },
    async *listen(event, signal) {
      const listener: Listener = { waiting: [], isOver: signal?.aborted ?? false, isTooSlow: false, wake: () => {} };
      const end = () => endListening(listener);
      const listeners = byEvent.get(event) ?? new Set();
      byEvent.set(event, listeners.add(listener));
      signal?.addEventListener('abort', end);
      try {
        while (!listener.isOver) {
          if (listener.waiting.length > 0) yield listener.waiting.shift();
          else if (listener.isTooSlow) throw tooSlow(event);
          else {
            await new Promise<void>((resolve) => {
              listener.wake = resolve;
            });
          }
        }
      } finally {
        signal?.removeEventListener('abort', end);
        listeners.delete(listener);
      }
    },
    close() {
      for (const listeners of byEvent.values()) for (const listener of listeners) endListening(listener);
    },
  };
}

function endListening(listener: Listener): void {
  listener.isOver = true;
  listener.wake();
}

function tooSlow(event: string): GatewayError {
  return new GatewayError('UNAVAILABLE', `slow consumer: "${event}" events came faster than they were read`, {
    retryable: true,
  });
}
