import type { HealthSnapshot } from '../../sdk/protocol/health.ts';
import type { Log } from '../log/log.ts';
import { coalesce } from './coalesce.ts';
import type { Hub } from './hub.ts';
import type { Limits } from './limits.ts';
import type { Presence } from './presence.ts';

/** What the wire tells by itself: ticks, who is present, and to who has just connected how the gateway is. */
export interface News {
  /** A crowd that comes or goes at once is a few events, not one for each of them to each of them. */
  presenceChanged(): void;
  /** The connection gets one `health` event, whoever else connects. */
  connected(connection: string): void;
  close(): void;
}

export interface NewsDeps {
  hub: Hub;
  presence: Presence;
  health: (() => HealthSnapshot) | undefined;
  limits: Pick<Limits, 'tickIntervalMs' | 'newsPauseMs'>;
  log: Log;
}

/** Rows of presence, of all connections together, that are written per millisecond at most. */
const presenceRowsPerMs = 200;

export function createNews({ hub, presence, health, limits, log }: NewsDeps): News {
  const { tickIntervalMs, newsPauseMs } = limits;
  const ticks = setInterval(() => hub.publish('tick', { ts: Date.now() }), tickIntervalMs).unref();
  let fresh = new Set<string>();

  const presences = coalesce(() => {
    const entries = presence.list();
    hub.publish('presence', { presence: entries });
    return Math.max(newsPauseMs, (entries.length * hub.size) / presenceRowsPerMs);
  });

  const greetings = coalesce(() => {
    const connections = fresh;
    fresh = new Set();
    try {
      if (health) hub.publish('health', health(), { connections });
    } catch (error) {
      // They have one from hello, and get the next in a minute; the process must not end for it.
      log.error('health cannot be told', { error });
    }
    return newsPauseMs;
  });

  return {
    presenceChanged: presences.touch,
    connected(connection) {
      fresh.add(connection);
      greetings.touch();
    },
    close() {
      clearInterval(ticks);
      presences.close();
      greetings.close();
    },
  };
}
