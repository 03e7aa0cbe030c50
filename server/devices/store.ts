import type { DeviceClient, PairedDevice } from '../../sdk/protocol/device.ts';
import type { Database } from '../database/database.ts';

/** A paired device as it is kept; `roles` holds the revoked ones, too. */
export interface Device {
  id: string;
  publicKey: string;
  label: string | undefined;
  client: DeviceClient;
  approvedVia: PairedDevice['approvedVia'];
  createdAt: number;
  approvedAt: number;
  lastSeenAt: number | undefined;
  lastSeenReason: string | undefined;
  roles: readonly DeviceRole[];
}

/** One role that a device was approved for. */
export interface DeviceRole {
  deviceId: string;
  role: string;
  /** Approved. */
  scopes: readonly string[];
  /** What its token carries, within `scopes`. */
  tokenScopes: readonly string[];
  /** Of the token; never used twice. */
  generation: number;
  createdAt: number;
  rotatedAt: number | undefined;
  lastUsedAt: number | undefined;
  revokedAt: number | undefined;
}

/** A request as it is kept. */
export interface StoredRequest {
  requestId: string;
  deviceId: string;
  publicKey: string;
  client: DeviceClient;
  /** The role that asked last. */
  role: string;
  /** The scopes of each role that asks. */
  wanted: Readonly<Record<string, readonly string[]>>;
  requestedAt: number;
}

/** The tables of devices; the only code that knows them. Writes are atomic each, and durable after `database.durable()`. */
export interface DeviceStore {
  find(deviceId: string): Device | undefined;
  findRole(deviceId: string, role: string): DeviceRole | undefined;
  /** All paired devices, the newest approval first. */
  list(): Device[];
  count(): number;
  /** Adds a device, or brings what is known of one up to date; its label stays. */
  put(device: Pick<Device, 'id' | 'publicKey' | 'client' | 'approvedVia'>, now: number): void;
  describe(deviceId: string, client: DeviceClient): void;
  label(deviceId: string, label: string): void;
  /** Gives a role a new token; what was revoked is valid again. */
  grant(role: Pick<DeviceRole, 'deviceId' | 'role' | 'scopes' | 'tokenScopes'>, now: number): DeviceRole;
  /** True once a generation may be told: the disk has it. */
  isSettled(generation: number): boolean;
  revoke(deviceId: string, role: string, now: number): void;
  seen(deviceId: string, reason: string, now: number): void;
  used(deviceId: string, role: string, now: number): void;
  /** False when there was none. */
  remove(deviceId: string): boolean;
  request(requestId: string): StoredRequest | undefined;
  requestOf(deviceId: string): StoredRequest | undefined;
  /** The oldest first. */
  requests(): StoredRequest[];
  /** Puts a request in the place of any other of the same device. */
  putRequest(request: StoredRequest): void;
  dropRequest(requestId: string): void;
}

type Row = Record<string, string | number | null>;

/** @param database the gateway's, or that of a gateway that is down. */
export function createDeviceStore(database: Database): DeviceStore {
  const sql = prepare(database);
  const withRoles = (row: Row): Device => toDevice(row, sql.roles.all(String(row.device_id)) as Row[]);
  const settling = new Set<number>();
  const nextGeneration = () => {
    const { newest } = sql.nextGeneration.get() as { newest: number };
    settling.add(newest);
    // One that the disk refuses stays unsettled: its token is never told.
    database.durable().then(
      () => settling.delete(newest),
      () => undefined,
    );
    return newest;
  };

  return {
    find(deviceId) {
      const row = sql.device.get(deviceId) as Row | undefined;
      return row && withRoles(row);
    },
    findRole(deviceId, role) {
      const row = sql.role.get(deviceId, role) as Row | undefined;
      return row && toRole(row);
    },
    list: () => (sql.devices.all() as Row[]).map(withRoles),
    count: () => Number((sql.count.get() as Row).count),
    put: ({ id, publicKey, client, approvedVia }, now) =>
      void database.write(() => sql.put.run(id, publicKey, JSON.stringify(client), approvedVia, now, now)),
    describe: (deviceId, client) => void database.write(() => sql.describe.run(JSON.stringify(client), deviceId)),
    label: (deviceId, label) => void database.write(() => sql.label.run(label, deviceId)),
    grant: ({ deviceId, role, scopes, tokenScopes }, now) =>
      database.write(() => {
        const [approved, carried] = [JSON.stringify(scopes), JSON.stringify(tokenScopes)];
        return toRole(sql.grant.get(deviceId, role, approved, carried, nextGeneration(), now, now) as Row);
      }),
    isSettled: (generation) => !settling.has(generation),
    revoke: (deviceId, role, now) => void database.write(() => sql.revoke.run(now, deviceId, role)),
    seen: (deviceId, reason, now) => void database.write(() => sql.seen.run(now, reason, deviceId)),
    used: (deviceId, role, now) => void database.write(() => sql.used.run(now, deviceId, role)),
    remove: (deviceId) => database.write(() => sql.remove.run(deviceId).changes > 0),
    request: (requestId) => toRequest(sql.request.get(requestId) as Row | undefined),
    requestOf: (deviceId) => toRequest(sql.requestOf.get(deviceId) as Row | undefined),
    requests: () => (sql.requests.all() as Row[]).flatMap((row) => toRequest(row) ?? []),
    putRequest: ({ requestId, deviceId, publicKey, client, role, wanted, requestedAt }) =>
      void database.write(() => {
        sql.dropRequestOf.run(deviceId);
        const [said, asked] = [JSON.stringify(client), JSON.stringify(wanted)];
        sql.putRequest.run(requestId, deviceId, publicKey, said, role, asked, requestedAt);
      }),
    dropRequest: (requestId) => void database.write(() => sql.dropRequest.run(requestId)),
  };
}

// --- internal ---

function prepare(database: Database) {
  return {
    device: database.prepare('SELECT * FROM devices WHERE device_id = ?'),
    devices: database.prepare('SELECT * FROM devices ORDER BY approved_at DESC, device_id'),
    count: database.prepare('SELECT count(*) AS count FROM devices'),
    roles: database.prepare('SELECT * FROM device_roles WHERE device_id = ? ORDER BY created_at, role'),
    role: database.prepare('SELECT * FROM device_roles WHERE device_id = ? AND role = ?'),
    put: database.prepare(`
      INSERT INTO devices (device_id, public_key, client, approved_via, created_at, approved_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (device_id) DO UPDATE SET
        public_key = excluded.public_key, client = excluded.client,
        approved_via = excluded.approved_via, approved_at = excluded.approved_at`),
    describe: database.prepare('UPDATE devices SET client = ? WHERE device_id = ?'),
    label: database.prepare('UPDATE devices SET label = ? WHERE device_id = ?'),
    nextGeneration: database.prepare('UPDATE device_generation SET newest = newest + 1 RETURNING newest'),
    grant: database.prepare(`
      INSERT INTO device_roles (device_id, role, scopes, token_scopes, generation, created_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (device_id, role) DO UPDATE SET
        scopes = excluded.scopes, token_scopes = excluded.token_scopes, generation = excluded.generation,
        rotated_at = ?, revoked_at = NULL
      RETURNING *`),
    revoke: database.prepare('UPDATE device_roles SET revoked_at = ? WHERE device_id = ? AND role = ?'),
    seen: database.prepare('UPDATE devices SET last_seen_at = ?, last_seen_reason = ? WHERE device_id = ?'),
    used: database.prepare('UPDATE device_roles SET last_used_at = ? WHERE device_id = ? AND role = ?'),
    remove: database.prepare('DELETE FROM devices WHERE device_id = ?'),
    request: database.prepare('SELECT * FROM device_requests WHERE request_id = ?'),
    requestOf: database.prepare('SELECT * FROM device_requests WHERE device_id = ?'),
    requests: database.prepare('SELECT * FROM device_requests ORDER BY requested_at, request_id'),
    putRequest: database.prepare(`
      INSERT INTO device_requests (request_id, device_id, public_key, client, role, wanted, requested_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)`),
    dropRequest: database.prepare('DELETE FROM device_requests WHERE request_id = ?'),
    dropRequestOf: database.prepare('DELETE FROM device_requests WHERE device_id = ?'),
  };
}

const toTime = (value: Row[string] | undefined) => (value === null || value === undefined ? undefined : Number(value));

function toDevice(row: Row, roles: readonly Row[]): Device {
  return {
    id: String(row.device_id),
    publicKey: String(row.public_key),
    label: row.label === null ? undefined : String(row.label),
    client: JSON.parse(String(row.client)),
    approvedVia: row.approved_via === 'silent' ? 'silent' : 'owner',
    createdAt: Number(row.created_at),
    approvedAt: Number(row.approved_at),
    lastSeenAt: toTime(row.last_seen_at),
    lastSeenReason: row.last_seen_reason === null ? undefined : String(row.last_seen_reason),
    roles: roles.map(toRole),
  };
}

function toRole(row: Row): DeviceRole {
  return {
    deviceId: String(row.device_id),
    role: String(row.role),
    scopes: JSON.parse(String(row.scopes)),
    tokenScopes: JSON.parse(String(row.token_scopes)),
    generation: Number(row.generation),
    createdAt: Number(row.created_at),
    rotatedAt: toTime(row.rotated_at),
    lastUsedAt: toTime(row.last_used_at),
    revokedAt: toTime(row.revoked_at),
  };
}

function toRequest(row: Row | undefined): StoredRequest | undefined {
  return (
    row && {
      requestId: String(row.request_id),
      deviceId: String(row.device_id),
      publicKey: String(row.public_key),
      client: JSON.parse(String(row.client)),
      role: String(row.role),
      wanted: JSON.parse(String(row.wanted)),
      requestedAt: Number(row.requested_at),
    }
  );
}
