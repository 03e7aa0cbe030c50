import type { PairedDevice, PairingRequest } from '../../sdk/protocol/device.ts';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import { type AuthMethod, missingScopes } from '../../sdk/protocol/scopes.ts';
import type { DeviceTokens } from '../auth/authenticate.ts';
import type { Database } from '../database/database.ts';
import { type Admission, type Arrival, createAdmission, maxDevices } from './admission.ts';
import { type Asker, confinedTo, requireAuthority, requireOwn } from './authority.ts';
import { pair } from './pair.ts';
import { createRequests, toPairingRequest, whenDurable } from './requests.ts';
import { createDeviceStore, type Device, type DeviceRole } from './store.ts';
import { createMint, type Mint } from './tokens.ts';

/** Devices that may connect, and those that would like to. What is answered is on disk. */
export interface Devices extends DeviceTokens {
  /** Decides on a device whose proof and credentials hold. @throws GatewayError UNAVAILABLE when the disk refuses it. */
  admit(arrival: Arrival): Promise<Admission>;
  /** A socket of a device is ready. */
  joined(device: { deviceId: string; role: string; method: AuthMethod }): void;
  /** Such a socket has gone. */
  left(deviceId: string): void;
  /** See `hello-ok.auth.recoveryScope`. */
  recoveryScope: Mint['recoveryScope'];
  list(asker: Asker): { pending: PairingRequest[]; paired: PairedDevice[] };
  /** @throws GatewayError INVALID_REQUEST for an unknown request, FORBIDDEN for one beyond the asker's own scopes. */
  approve(requestId: string, asker: Asker): Promise<{ requestId: string; device: PairedDevice }>;
  /** @throws GatewayError INVALID_REQUEST, FORBIDDEN */
  reject(requestId: string, asker: Asker): Promise<{ requestId: string; deviceId: string }>;
  /** @throws GatewayError INVALID_REQUEST, FORBIDDEN */
  remove(deviceId: string, asker: Asker): Promise<{ deviceId: string }>;
  /** @throws GatewayError INVALID_REQUEST, FORBIDDEN */
  rename(deviceId: string, label: string, asker: Asker): Promise<{ deviceId: string; label: string }>;
  /** @throws GatewayError INVALID_REQUEST, FORBIDDEN */
  rotate(target: TokenTarget, asker: Asker): Promise<Rotated>;
  /** @throws GatewayError INVALID_REQUEST, FORBIDDEN */
  revoke(target: TokenTarget, asker: Asker): Promise<{ deviceId: string; role: string; revokedAtMs: number }>;
  close(): void;
}

/** The token of one role of a device. */
export interface TokenTarget {
  deviceId: string;
  role: string;
  /** What it carries from now on. Default: as before. */
  scopes?: readonly string[] | undefined;
}

export interface Rotated {
  deviceId: string;
  role: string;
  token?: string | undefined;
  scopes: string[];
  rotatedAtMs: number;
  tokenDelivery: 'in-band' | 'withheld-cross-device';
}

/** The sockets of devices, as this domain needs them. */
export interface DeviceSockets {
  /** Closes with 4001 `device removed`. @param role all roles by default. @param sparing a connection that still gets an answer. */
  close(device: { deviceId: string; role?: string | undefined; sparing?: string | undefined }): void;
}

export interface DevicesOptions {
  database: Database;
  /** What tokens are derived from. */
  secret: string;
  /** Told each token that is given out or brought, to keep it out of logs. Default: does nothing. */
  learn?: ((token: string) => void) | undefined;
  publish: Publish;
  sockets: DeviceSockets;
  /** `gateway.nodes.pairing.autoApproveLocal`, as it is now. */
  autoApproveLocal: () => boolean;
  /** Milliseconds since the epoch. Default the clock. */
  now?: (() => number) | undefined;
}

export function createDevices(options: DevicesOptions): Devices {
  const { database, secret, publish, sockets, autoApproveLocal, now = Date.now } = options;
  const store = createDeviceStore(database);
  const mint = createMint(secret, options.learn);
  const requests = createRequests({ database, store, publish, now });
  const admit = createAdmission({ database, store, requests, mint, publish, autoApproveLocal, now });

  /** How many sockets each device has. */
  const connected = new Map<string, number>();

  const toPaired = (device: Device) => toPairedDevice(device, connected.has(device.id));
  const changed = () => whenDurable(database, () => publish('device.pair.changed', {}));
  const requireRequest = (requestId: string, asker: Asker) => {
    const request = requests.find(requestId);
    if (!request) throw unknown('requestId');
    requireOwn(asker, request.deviceId);
    return request;
  };
  const requireDevice = (deviceId: string, asker: Asker) => {
    requireOwn(asker, deviceId);
    const device = store.find(deviceId);
    if (!device) throw unknown('deviceId');
    return device;
  };
  const requireRole = ({ deviceId, role, scopes }: TokenTarget, asker: Asker): DeviceRole => {
    const granted = requireDevice(deviceId, asker).roles.find((one) => one.role === role);
    if (!granted || granted.revokedAt !== undefined)
      throw new GatewayError('INVALID_REQUEST', `the device has no token for the role "${role}": approve it first`);
    const beyond = missingScopes(granted.scopes, scopes ?? []);
    if (beyond.length > 0)
      throw new GatewayError(
        'INVALID_REQUEST',
        `the device was not approved for ${beyond.join(', ')}: connect it with them`,
      );
    requireAuthority(asker, role, [...granted.tokenScopes, ...(scopes ?? [])]);
    return granted;
  };
  /** Closes at once whoever has lost a right, and the asker itself after its answer. */
  const closeSockets = (asker: Asker, device: { deviceId: string; role?: string }) => {
    sockets.close({ ...device, sparing: asker.id });
    whenDurable(database, () => setImmediate(() => sockets.close(device)));
  };

  return {
    admit,
    recoveryScope: mint.recoveryScope,
    check({ deviceId, role, scopes, presented }) {
      const granted = store.findRole(deviceId, role);
      // A role that is not there is compared as well, so that the time does not tell.
      const isMatch = mint.matches({ deviceId, role, generation: granted?.generation ?? 0 }, presented);
      if (!granted || granted.revokedAt !== undefined || !isMatch) return 'unknown';
      return missingScopes(granted.tokenScopes, scopes).length === 0 ? 'valid' : 'scopes';
    },
    joined({ deviceId, role, method }) {
      connected.set(deviceId, (connected.get(deviceId) ?? 0) + 1);
      note(() => store.seen(deviceId, 'connect', now()));
      if (method === 'device-token') note(() => store.used(deviceId, role, now()));
    },
    left(deviceId) {
      const others = (connected.get(deviceId) ?? 1) - 1;
      if (others > 0) connected.set(deviceId, others);
      else {
        connected.delete(deviceId);
        note(() => store.seen(deviceId, 'disconnect', now()));
      }
    },
    list(asker) {
      const own = confinedTo(asker);
      const isSeen = (deviceId: string) => own === undefined || own === deviceId;
      const waiting = requests.list().filter(({ deviceId }) => isSeen(deviceId));
      return {
        pending: waiting.map((request) => toPairingRequest(request, store.find(request.deviceId) !== undefined)),
        paired: store
          .list()
          .filter(({ id }) => isSeen(id))
          .map(toPaired),
      };
    },
    async approve(requestId, asker) {
      const request = requireRequest(requestId, asker);
      for (const [role, scopes] of Object.entries(request.wanted)) requireAuthority(asker, role, scopes);
      if (!store.find(request.deviceId) && store.count() >= maxDevices)
        throw new GatewayError(
          'UNAVAILABLE',
          `${maxDevices} devices are paired already: remove some that are not used`,
        );
      database.write(() => {
        pair(store, { ...request, via: 'owner' }, now());
        requests.settle(request, 'approved');
      });
      const device = toPaired(store.find(request.deviceId) as Device);
      await database.durable();
      return { requestId, device };
    },
    async reject(requestId, asker) {
      const request = requireRequest(requestId, asker);
      requests.settle(request, 'rejected');
      await database.durable();
      return { requestId, deviceId: request.deviceId };
    },
    async remove(deviceId, asker) {
      requireDevice(deviceId, asker);
      database.write(() => {
        store.remove(deviceId);
        requests.settleOf(deviceId, 'superseded');
      });
      changed();
      closeSockets(asker, { deviceId });
      await database.durable();
      return { deviceId };
    },
    async rename(deviceId, label, asker) {
      requireDevice(deviceId, asker);
      store.label(deviceId, label);
      changed();
      await database.durable();
      return { deviceId, label };
    },
    async rotate(target, asker) {
      const { deviceId, role } = target;
      const { scopes, tokenScopes } = requireRole(target, asker);
      const rotatedAtMs = now();
      const granted = store.grant({ deviceId, role, scopes, tokenScopes: target.scopes ?? tokenScopes }, rotatedAtMs);
      changed();
      closeSockets(asker, { deviceId, role });
      await database.durable();
      const isOwn = asker.deviceId === deviceId && asker.method === 'device-token' && role === 'operator';
      return {
        deviceId,
        role,
        ...(isOwn && { token: mint.token(granted) }),
        scopes: [...granted.tokenScopes],
        rotatedAtMs,
        tokenDelivery: isOwn ? 'in-band' : 'withheld-cross-device',
      };
    },
    async revoke(target, asker) {
      const { deviceId, role } = target;
      requireRole(target, asker);
      const revokedAtMs = now();
      store.revoke(deviceId, role, revokedAtMs);
      changed();
      closeSockets(asker, { deviceId, role });
      await database.durable();
      return { deviceId, role, revokedAtMs };
    },
    close: requests.close,
  };
}

// --- internal ---

/** When a device was seen last is good to know, and no reason to refuse it on a disk that is full. */
function note(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isGatewayError(error)) throw error;
  }
}

function unknown(what: 'requestId' | 'deviceId'): GatewayError {
  return new GatewayError('INVALID_REQUEST', `unknown ${what}`, { details: { fix: 'list with device.pair.list' } });
}

function toPairedDevice(device: Device, connected: boolean): PairedDevice {
  const valid = device.roles.filter(({ revokedAt }) => revokedAt === undefined);
  const { lastSeenAt, lastSeenReason, label } = device;
  return {
    deviceId: device.id,
    publicKey: device.publicKey,
    ...device.client,
    ...(label && { operatorLabel: label }),
    ...(valid[0] && { role: valid[0].role }),
    roles: valid.map(({ role }) => role),
    scopes: [...new Set(valid.flatMap(({ scopes }) => scopes))],
    approvedVia: device.approvedVia,
    createdAtMs: device.createdAt,
    approvedAtMs: device.approvedAt,
    ...(lastSeenAt !== undefined && { lastSeenAtMs: lastSeenAt }),
    ...(lastSeenReason && { lastSeenReason }),
    connected,
    tokens: device.roles.map(toDeviceToken),
  };
}

function toDeviceToken({ role, tokenScopes, createdAt, rotatedAt, lastUsedAt, revokedAt }: DeviceRole) {
  return {
    role,
    scopes: [...tokenScopes],
    createdAtMs: createdAt,
    ...(rotatedAt !== undefined && { rotatedAtMs: rotatedAt }),
    ...(lastUsedAt !== undefined && { lastUsedAtMs: lastUsedAt }),
    ...(revokedAt !== undefined && { revokedAtMs: revokedAt }),
  };
}
