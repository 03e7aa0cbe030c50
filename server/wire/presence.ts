import type { Beacon, PresenceEntry } from '../../sdk/protocol/presence.ts';
import type { Connection, Session } from './connection.ts';
import type { Limits } from './limits.ts';

/** Who is on the line: the gateway itself, people's clients, nodes, and who says so by `system-event`. */
export interface Presence {
  /** @returns true when the list has changed; tools, backends and probes do not show up. */
  join(connection: Connection, session: Session): boolean;
  /** @returns true when the list has changed. */
  leave(connection: Connection): boolean;
  /** Takes down what somebody says of itself, in the row of its connection or in one of its own that fades. */
  hear(beacon: Beacon): void;
  /** The gateway first, then the others in the order they came; when there are too many, the newest. */
  list(): PresenceEntry[];
}

/** What the gateway says of itself. */
export type OwnPresence = Pick<PresenceEntry, 'host' | 'ip' | 'version' | 'platform'>;

/** Modes of clients that stand for somebody. */
const visibleModes: readonly string[] = ['ui', 'webchat', 'node'];

type PresenceLimits = Pick<Limits, 'maxPresenceEntries' | 'beaconLifeMs'>;

/** A row of a connection; a connection that leaves takes only its own along. */
interface Row {
  entry: PresenceEntry;
  connection: string;
}

export function trackPresence(own: OwnPresence, limits: PresenceLimits): Presence {
  const self = toSelf(own);
  const connected = new Map<string, Row>();
  /** Rows of those who are not connected; the one heard of last is last. */
  const beacons = new Map<string, PresenceEntry>();

  const forgetBeacons = () => {
    const faded = Date.now() - limits.beaconLifeMs;
    for (const [key, { ts }] of beacons) {
      if (ts >= faded && beacons.size < limits.maxPresenceEntries) break;
      beacons.delete(key);
    }
  };

  return {
    join(connection, session) {
      if (!visibleModes.includes(session.client.mode)) return false;
      const key = toKey(connection, session);
      connected.delete(key);
      connected.set(key, { entry: toEntry(connection, session), connection: connection.id });
      return true;
    },
    leave(connection) {
      const key = connection.session && toKey(connection, connection.session);
      // A node that is back already has its row from the newer connection.
      return key !== undefined && connected.get(key)?.connection === connection.id && connected.delete(key);
    },
    hear(beacon) {
      const ts = Date.now();
      const row = findRow(connected, beacon);
      if (row) {
        row.entry = { ...row.entry, ...beacon, ts };
        return;
      }
      const { deviceId, instanceId, host, ip, mode } = beacon;
      const key = String(deviceId ?? instanceId ?? host ?? ip ?? mode).toLowerCase();
      const before = beacons.get(key);
      beacons.delete(key);
      forgetBeacons();
      beacons.set(key, { ...before, ...beacon, ts });
    },
    list() {
      forgetBeacons();
      const entries = [...beacons.values()];
      for (const { entry } of connected.values()) entries.push(entry);
      return [
        self,
        ...(entries.length < limits.maxPresenceEntries ? entries : entries.slice(1 - limits.maxPresenceEntries)),
      ];
    },
  };
}

/** The row of the connection that a beacon is about. */
function findRow(rows: ReadonlyMap<string, Row>, { deviceId, instanceId }: Beacon): Row | undefined {
  if (deviceId === undefined && instanceId === undefined) return undefined;
  return [...rows.values()].find(({ entry }) =>
    deviceId === undefined ? entry.instanceId === instanceId : entry.deviceId === deviceId,
  );
}

/** Of a node there is one row, however often it connects; of people's clients one for each connection. */
function toKey({ id }: Connection, { client, principal: { deviceId } }: Session): string {
  return client.mode === 'node' ? `node:${deviceId ?? client.instanceId ?? id}`.toLowerCase() : id;
}

function toSelf({ host, ip, version, platform }: OwnPresence): PresenceEntry {
  const since = Date.now();
  return {
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
}

function toEntry({ caller }: Connection, { client, principal }: Session): PresenceEntry {
  const host = cut(client.displayName ?? client.id);
  const version = cut(client.version);
  const now = Date.now();
  return {
    host,
    ip: caller.local ? undefined : caller.address,
    version,
    platform: cut(client.platform),
    deviceFamily: cut(client.deviceFamily),
    modelIdentifier: cut(client.modelIdentifier),
    timeZone: client.timeZone,
    mode: client.mode,
    reason: 'connect',
    text: toText(principal.role === 'node' ? 'Node' : 'Client', { host, version, mode: client.mode }),
    ts: now,
    onlineSince: now,
    deviceId: principal.deviceId,
    roles: [principal.role],
    scopes: principal.scopes.slice(0, maxScopes).map((scope) => scope.slice(0, maxSaidLength)),
    instanceId: cut(client.instanceId),
  };
}

/** Everybody is told what each client says of itself, whenever one comes or goes: characters of a text, and scopes. */
const maxSaidLength = 200;
const maxScopes = 64;

const cut = (text: string | undefined) => text?.slice(0, maxSaidLength).toWellFormed();

function toText(kind: string, { host, version, mode }: Pick<PresenceEntry, 'host' | 'version' | 'mode'>): string {
  return `${kind}: ${[host, version, mode].filter(Boolean).join(' · ')}`;
}
