import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Work that waits for its turn: one at a time for each key, a limited number in all. */
export interface Queue {
  /** Calls `work` when its key and a place are free. */
  add(key: string, work: () => Promise<void>): void;
  /** @throws GatewayError UNAVAILABLE, retryable, when too much waits in all or behind this key. */
  requireRoom(key: string): void;
}

const maxWaiting = 1024;
const maxWaitingPerKey = 64;

/** @param maxActive how many may work at the same time; asked whenever a place comes free. */
export function createQueue(maxActive: () => number): Queue {
  const lines = new Map<string, (() => Promise<void>)[]>();
  const ready: string[] = [];
  let active = 0;
  let waiting = 0;

  /** Starts what may start: the head of every line that is not working, in order of arrival. */
  const advance = () => {
    while (active < maxActive()) {
      const key = ready.shift();
      if (key === undefined) return;
      const work = lines.get(key)?.[0];
      if (!work) continue;
      active++;
      waiting--;
      void work().finally(() => {
        active--;
        const line = lines.get(key);
        line?.shift();
        if (line?.length) ready.push(key);
        else lines.delete(key);
        advance();
      });
    }
  };

  return {
    add(key, work) {
      const line = lines.get(key) ?? [];
      lines.set(key, line);
      line.push(work);
      waiting++;
      if (line.length === 1) ready.push(key);
      advance();
    },
    requireRoom(key) {
      const full =
        waiting >= maxWaiting
          ? 'the gateway'
          : (lines.get(key)?.length ?? 0) > maxWaitingPerKey
            ? `session ${key}`
            : '';
      if (full)
        throw new GatewayError('UNAVAILABLE', `too many messages wait in ${full}. Please try again in a moment.`, {
          details: { code: 'QUEUE_FULL' },
          retryable: true,
          retryAfterMs: 1000,
        });
    },
  };
}
