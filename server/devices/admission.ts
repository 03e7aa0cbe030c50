import { randomUUID } from 'node:crypto';
import type { DeviceClient } from '../../sdk/protocol/device.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { ClientIdentity } from '../../sdk/protocol/hello.ts';
import { type AuthMethod, missingScopes } from '../../sdk/protocol/scopes.ts';
import type { Caller } from '../auth/caller.ts';
import type { Database } from '../database/database.ts';
import { pair } from './pair.ts';
import { type Requests, whenDurable } from './requests.ts';
import type { Device, DeviceRole, DeviceStore } from './store.ts';
import type { Mint } from './tokens.ts';

// What a device that has proved its key, and whose credentials hold, still needs (docs/devices.md):
//
//   our own backend on this machine ───────────────────────────────────────────► in, as it is: not paired, no token
//   unknown ────────────── not-paired ───────┐
//   another role ───────── role-upgrade ─────┤ on this machine, with the secret ► approved at once, in
//   more scopes ────────── scope-upgrade ────┤ a role that was revoked, or any
//   another machine ────── metadata-upgrade ─┘ other machine ───────────────────► a request, PAIRING_REQUIRED
//   nothing ───────────────────────────────────────────────────────────────────► in, with its token

/** Why a device is not let in yet. */
export type PairingReason = 'not-paired' | 'role-upgrade' | 'scope-upgrade' | 'metadata-upgrade';

/** A device at the door. */
export interface Arrival {
  deviceId: string;
  /** Raw, base64url. */
  publicKey: string;
  client: ClientIdentity;
  role: string;
  scopes: readonly string[];
  caller: Caller;
  /** How it was recognised. */
  method: AuthMethod;
}

/** What is told of a request that has to be approved first. */
export interface PairingNeed {
  reason: PairingReason;
  requestId: string;
  /** What the device may be already; absent for an unknown one. */
  approved?: { roles: string[]; scopes: string[] } | undefined;
}

export type Admission =
  | {
      pairing?: never;
      token?: { deviceToken: string; issuedAtMs: number } | undefined;
      /** False once the pairing has been taken back; to be asked right before the socket becomes ready. */
      holds(): boolean;
    }
  | { pairing: PairingNeed };

export interface AdmissionOptions {
  database: Database;
  store: DeviceStore;
  requests: Requests;
  mint: Mint;
  publish: Publish;
  /** `gateway.nodes.pairing.autoApproveLocal`, as it is now. */
  autoApproveLocal: () => boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Devices that may be paired; no more are let in without being asked about. */
export const maxDevices = 10_000;
/** Of what a client says of itself, characters. */
const maxSaidLength = 200;

/** Decides on a device at connect. What it answers is on disk. @throws GatewayError UNAVAILABLE when the disk refuses it. */
export function createAdmission(options: AdmissionOptions): (arrival: Arrival) => Promise<Admission> {
  const { database, store, requests, mint, publish, autoApproveLocal, now } = options;

  const maySilently = (reason: PairingReason, arrival: Arrival, role: DeviceRole | undefined) => {
    if (!arrival.caller.local) return false;
    if (reason === 'metadata-upgrade') return true;
    if (role?.revokedAt !== undefined || arrival.method === 'device-token') return false;
    return autoApproveLocal() && (reason !== 'not-paired' || store.count() < maxDevices);
  };

  const approve = (arrival: Arrival) => {
    const { deviceId, publicKey, role, scopes } = arrival;
    const client = toDeviceClient(arrival);
    database.write(() => {
      pair(store, { deviceId, publicKey, client, wanted: { [role]: scopes }, via: 'silent' }, now());
      requests.settleOf(deviceId, 'superseded');
    });
    const told = { requestId: randomUUID(), deviceId, decision: 'approved', ts: now() };
    whenDurable(database, () => publish('device.pair.resolved', told));
  };

  const need = async (arrival: Arrival, reason: PairingReason, device: Device | undefined): Promise<Admission> => {
    const { deviceId, publicKey, role, scopes } = arrival;
    const { requestId } = requests.ask({ deviceId, publicKey, client: toDeviceClient(arrival), role, scopes });
    await database.durable();
    const valid = device?.roles.filter(({ revokedAt }) => revokedAt === undefined);
    return {
      pairing: {
        reason,
        requestId,
        approved: valid && { roles: valid.map((one) => one.role), scopes: valid.flatMap((one) => one.scopes) },
      },
    };
  };

  const admit = (arrival: Arrival): Admission => {
    const { deviceId, role, scopes } = arrival;
    const granted = store.findRole(deviceId, role);
    const holds = () => isCurrent(store.findRole(deviceId, role), granted);
    // A token that an operator has narrowed since cannot stand for a connection with more.
    if (!granted || missingScopes(granted.tokenScopes, scopes).length > 0) return { holds };
    const { generation, rotatedAt, createdAt } = granted;
    const deviceToken = mint.token({ deviceId, role, generation });
    return { holds, token: { deviceToken, issuedAtMs: rotatedAt ?? createdAt } };
  };

  return async (arrival) => {
    if (isOwnBackend(arrival)) return { holds: () => true };
    const device = store.find(arrival.deviceId);
    const reason = findReason(arrival, device);
    const role = device?.roles.find((one) => one.role === arrival.role);
    if (reason && !maySilently(reason, arrival, role)) return need(arrival, reason, device);
    if (reason === 'metadata-upgrade') store.describe(arrival.deviceId, toDeviceClient(arrival));
    else if (reason) approve(arrival);
    const granted = store.findRole(arrival.deviceId, arrival.role);
    // What is told survives us, also what another socket of the same device has just been granted.
    if (reason || (granted && !store.isSettled(granted.generation))) await database.durable();
    return admit(arrival);
  };
}

// --- internal ---

/** The gateway's own tools on this machine: they have the secret, so that a key adds nothing. */
function isOwnBackend({ client, caller, role, method }: Arrival): boolean {
  const isBackend = client.id === 'gateway-client' && client.mode === 'backend';
  return isBackend && role === 'operator' && caller.local && caller.origin === undefined && method !== 'device-token';
}

function findReason({ role, scopes, client }: Arrival, device: Device | undefined): PairingReason | undefined {
  if (!device) return 'not-paired';
  const granted = device.roles.find((one) => one.role === role && one.revokedAt === undefined);
  if (!granted) return 'role-upgrade';
  if (missingScopes(granted.scopes, scopes).length > 0) return 'scope-upgrade';
  return isSameMachine(device.client, client) ? undefined : 'metadata-upgrade';
}

/** A key that turns up on another kind of machine may have been copied. Versions change, and may be left out. */
function isSameMachine(known: DeviceClient, now: Pick<ClientIdentity, 'platform' | 'deviceFamily'>): boolean {
  const isSame = (before: string | undefined, after: string | undefined) =>
    !before || !after || toKind(before) === toKind(after);
  return isSame(known.platform, now.platform) && isSame(known.deviceFamily, now.deviceFamily);
}

/** `iOS 18.4.0` is `ios`. */
const toKind = (text: string) =>
  text
    .trim()
    .toLowerCase()
    .split(/[\s\d(]/)[0];

function toDeviceClient({ client, caller }: Arrival): DeviceClient {
  const cut = (text: string | undefined) => text?.slice(0, maxSaidLength) || undefined;
  const said = {
    displayName: cut(client.displayName),
    platform: cut(client.platform),
    deviceFamily: cut(client.deviceFamily),
    clientId: client.id,
    clientMode: client.mode,
    browserOrigin: cut(caller.origin),
    remoteIp: caller.local ? undefined : caller.address,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function isCurrent(now: DeviceRole | undefined, then: DeviceRole | undefined): boolean {
  return now !== undefined && now.revokedAt === undefined && now.generation === then?.generation;
}
