import type { PresenceEntry } from '../../sdk/protocol/presence.ts';
import type { Connection, Session } from './connection.ts';

/** Who is on the line: the gateway itself, people's clients, nodes. */
export interface Presence {
  /** @returns true when the list has changed; tools, backends and probes do not show up. */
  join(connection: Connection, session: Session): boolean;
  /** @returns true when the list has changed. */
  leave(connection: Connection): boolean;
  /** The gateway first, then the others in the order they came. */
  list(): PresenceEntry[];
}

/** What the gateway says of itself. */
export type OwnPresence = Pick<PresenceEntry, 'host' | 'ip' | 'version' | 'platform'>;

/** Modes of clients that stand for somebody. */
const visibleModes: readonly string[] = ['ui', 'webchat', 'node'];

export function trackPresence({ host, ip, version, platform }: OwnPresence): Presence {
  const since = Date.now();
  const self: PresenceEntry = {
    host,
    ip,
    version,
    platform,
    mode: 'gateway',
    reason: 'self',
    roles: ['gateway'],
    text: toText('Gateway', { host, version, mode: 'gateway' }),
    ts: since,
    onlineSince: since,
  };
  const others = new Map<string, PresenceEntry>();

  return {
    join(connection, session) {
      const entry = toEntry(connection, session);
      if (entry) others.set(connection.id, entry);
      return entry !== undefined;
    },
    leave: (connection) => others.delete(connection.id),
    list: () => [self, ...others.values()],
  };
}

function toEntry({ caller }: Connection, { client, principal, deviceId }: Session): PresenceEntry | undefined {
  if (!visibleModes.includes(client.mode)) return undefined;
  const host = client.displayName ?? client.id;
  const now = Date.now();
  return {
    host,
    ip: caller.local ? undefined : caller.address,
    version: client.version,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
    modelIdentifier: client.modelIdentifier,
    timeZone: client.timeZone,
    mode: client.mode,
    reason: 'connect',
    text: toText(principal.role === 'node' ? 'Node' : 'Client', { host, version: client.version, mode: client.mode }),
    ts: now,
    onlineSince: now,
    deviceId,
    roles: [principal.role],
    scopes: [...principal.scopes],
    instanceId: client.instanceId,
  };
}

function toText(kind: string, { host, version, mode }: Pick<PresenceEntry, 'host' | 'version' | 'mode'>): string {
  return `${kind}: ${[host, version, mode].filter(Boolean).join(' · ')}`;
}
