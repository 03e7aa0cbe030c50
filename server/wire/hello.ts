import { type ErrorShape, isGatewayError, toErrorShape } from '../../sdk/protocol/errors.ts';
import { parseRequestFrame } from '../../sdk/protocol/frames.ts';
import { ConnectParams, type HelloOk } from '../../sdk/protocol/hello.ts';
import type { Principal, Role } from '../../sdk/protocol/scopes.ts';
import { minProbeProtocolVersion, protocolVersion } from '../../sdk/protocol/version.ts';
import type { Authentication } from '../auth/authenticate.ts';
import { findProofFault, toRawKey } from '../auth/device-proof.ts';
import { type Grant, grantPerson, grantScopes } from '../auth/grant.ts';
import { refuseOrigin } from '../auth/origin.ts';
import { type PairingRefusal, toPairingError } from '../auth/pairing-refusal.ts';
import type { Refusal as AuthRefusal } from '../auth/refusal.ts';
import type { Devices } from '../devices/devices.ts';
import type { Connection } from './connection.ts';
import { parseJson } from './dispatch.ts';
import { describeIssues } from './issues.ts';

// The handshake (docs/protocol.md, "Connect"). A state hands on to the next, or refuses: with an answer, where the protocol has
// one, and a close code.
//
//   state          what is checked, in this order                              refused with
//   challenged     size (connection.ts)                                        1009
//       ▼
//   readConnect    JSON ─ worker ─ request frame ─ connect ─ params            1000, 1008
//       ▼
//   admit          starting or stopping ─ protocol ─ role                      1013, 1002, 1008
//       ▼
//   findForeigner  origin ─ device, where the client needs one ─ its proof     1008
//       ▼
//   recognise      lockout ─ secret or device token ─ a device at all          1008, 250 ms later for a wrong one
//       ▼
//   introduce      pairing: known, approved at once, or to be approved         1008, and a request that waits
//       ▼
//   ready          hello-ok, unless the pairing was taken back meanwhile       4001 (sockets.ts)

/** What the handshake needs to know of the gateway. */
export interface Door {
  authentication: Authentication;
  allowedOrigins: readonly string[];
  /** Scopes that a person has besides those of the device. Default none. */
  scopesOf?: ((user: string) => readonly string[]) | undefined;
  devices: Pick<Devices, 'admit' | 'recoveryScope'>;
  /** True while the gateway cannot take clients yet, or no more. */
  closedFor(): 'starting' | 'stopping' | undefined;
}

/** A client that was let in. */
export interface Admitted {
  /** Of the `connect` request. */
  id: string;
  params: ConnectParams;
  principal: Principal;
  /** What `hello-ok` says of it. */
  auth: HelloOk['auth'];
  /** False when its device has been removed or its token taken back since: to be asked right before it becomes ready. */
  holds(): boolean;
  refused?: never;
}

/** Why a client was not let in: what it is answered, if anything, and how the socket is closed. */
export interface Refused {
  /** The cause is for the log, where the protocol has no words for the client. */
  refused: { code: number; reason: string; cause?: string };
  answer?: { id: string; error: ErrorShape } | undefined;
}

/** Takes the first frame of a socket through all states. Rejects for a fault of ours only. */
export async function greet(connection: Connection, frame: Buffer, door: Door): Promise<Admitted | Refused> {
  const opened = readConnect(frame);
  if ('refused' in opened) return opened;
  return admit(opened, door) ?? findForeigner(opened, connection, door) ?? (await recognise(opened, connection, door));
}

interface Opened {
  id: string;
  params: ConnectParams;
}

function readConnect(frame: Buffer): Opened | Refused {
  const value = parseJson(frame);
  if (value === undefined) return { refused: { code: 1000, reason: '', cause: 'the first frame is no JSON' } };
  if (claimsToBeWorker(value)) return { refused: { code: 1008, reason: 'invalid-handshake' } };
  const request = parseRequestFrame(value);
  if ('invalid' in request) return { refused: { code: 1008, reason: 'invalid request frame' } };
  const { id, method, params } = request;
  if (method !== 'connect') return refuse(id, 'INVALID_REQUEST', 'invalid handshake: first request must be connect');
  const read = ConnectParams.safeParse(params ?? {});
  if (read.success) return { id, params: read.data };
  return refuse(id, 'INVALID_REQUEST', `invalid connect params: ${describeIssues(read.error.issues)}`);
}

/** Workers of the published product speak another protocol on the same port; they give up on this reason alone. */
function claimsToBeWorker(value: unknown): boolean {
  const params = member(value, 'params');
  const client = member(params, 'client');
  return (
    member(params, 'role') === 'worker' ||
    member(client, 'mode') === 'worker' ||
    member(client, 'id') === 'openclaw-worker'
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function admit({ id, params }: Opened, door: Door): Refused | undefined {
  const { client, minProtocol, maxProtocol, role } = params;
  const closedFor = door.closedFor();
  if (closedFor) return refuseForNow(id, closedFor);
  const mayBeOlder = client.mode === 'probe' || client.mode === 'node';
  const oldest = mayBeOlder ? minProbeProtocolVersion : protocolVersion;
  if (minProtocol > maxProtocol || minProtocol > protocolVersion || maxProtocol < oldest) {
    const details = {
      code: 'PROTOCOL_MISMATCH',
      clientMinProtocol: minProtocol,
      clientMaxProtocol: maxProtocol,
      expectedProtocol: protocolVersion,
      minimumProbeProtocol: minProbeProtocolVersion,
    };
    return {
      ...refuse(id, 'INVALID_REQUEST', 'protocol mismatch', details),
      refused: { code: 1002, reason: 'protocol mismatch' },
    };
  }
  if (role !== undefined && role !== 'operator' && role !== 'node')
    return refuse(id, 'INVALID_REQUEST', 'invalid role');
  return undefined;
}

function refuseForNow(id: string, closedFor: 'starting' | 'stopping'): Refused {
  const isStarting = closedFor === 'starting';
  const error: ErrorShape = {
    code: 'UNAVAILABLE',
    message: isStarting ? 'gateway starting; retry shortly' : 'gateway stopping; retry when it is back',
    details: { reason: isStarting ? 'startup-sidecars' : 'gateway-stopping' },
    retryable: true,
    retryAfterMs: isStarting ? 500 : 1000,
  };
  return { answer: { id, error }, refused: { code: 1013, reason: `gateway ${closedFor}` } };
}

/** Clients that are pages in a browser: without an origin they are not what they say. */
const isPage = ({ id, mode }: ConnectParams['client']) =>
  id === 'openclaw-control-ui' || id === 'openclaw-browser-copilot' || id === 'webchat-ui' || mode === 'webchat';

/** Checks where the client comes from and which device it is on. */
function findForeigner({ id, params }: Opened, { caller, nonce }: Connection, door: Door): Refused | undefined {
  const { client, device, auth, role = 'operator', scopes = [] } = params;
  const reason = refuseOrigin(caller, { allowedOrigins: door.allowedOrigins, required: isPage(client) });
  if (reason) {
    const message = `origin not allowed: add ${caller.origin ?? 'the page'} to gateway.controlUi.allowedOrigins`;
    return refuse(id, 'INVALID_REQUEST', message, { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED', reason });
  }
  const isPerson = caller.claim?.user !== undefined;
  if (!device && !isPerson && (client.id === 'openclaw-control-ui' || client.id === 'openclaw-tui')) {
    const message = 'control ui requires device identity: send device with a signed connect.challenge';
    return refuse(id, 'INVALID_REQUEST', message, { code: 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED' });
  }
  const fault = device && findProofFault({ device, client, role, scopes, credentials: auth, nonce, now: Date.now() });
  return fault && refuse(id, 'INVALID_REQUEST', fault.message, { code: fault.code, reason: fault.reason });
}

async function recognise(opened: Opened, connection: Connection, door: Door): Promise<Admitted | Refused> {
  const { id, params } = opened;
  const { caller } = connection;
  const { client, device, auth, scopes = [] } = params;
  const role: Role = params.role === 'node' ? 'node' : 'operator';
  const hasDevice = device !== undefined;
  const asked = grantScopes({ client, role, scopes, hasDevice, caller });
  const { principal: known, refusal } = await door.authentication.authenticate({
    credentials: auth,
    caller,
    id: connection.id,
    role,
    scopes: asked.scopes,
    deviceId: device?.id,
  });
  const isUnknown = refusal ? refusal.code.endsWith('_MISSING') : role === 'node';
  if (!hasDevice && isUnknown)
    return refuse(id, 'NOT_PAIRED', 'device identity required', { code: 'DEVICE_IDENTITY_REQUIRED' });
  if (refusal) return refuseCredentials(id, refusal);
  const { grant, paired } = grantTo(known, { asked, caller, door });
  const principal = { ...known, scopes: grant.scopes };
  try {
    return await introduce(opened, { principal, grant, paired, caller }, door);
  } catch (error) {
    // A disk that takes no approvals is told as such; anything else is a fault of ours.
    if (!isGatewayError(error)) throw error;
    return { answer: { id, error: toErrorShape(error) }, refused: { code: 1011, reason: 'hello failed' } };
  }
}

/** Adds what is due to the person, where there is one. */
function grantTo(
  { user, role, method }: Principal,
  { asked, caller, door }: { asked: Grant; caller: Connection['caller']; door: Door },
): ReturnType<typeof grantPerson> {
  if (user === undefined || role !== 'operator') return { grant: asked, paired: asked.scopes };
  // Only a trusted proxy has a say in it; what Tailscale passes on is the client's own word.
  const allowed = method === 'trusted-proxy' ? caller.scopes : undefined;
  return grantPerson(asked, { own: door.scopesOf?.(user) ?? [], allowed });
}

interface Recognised extends Pick<Connection, 'caller'> {
  principal: Principal;
  grant: Grant;
  /** Of the scopes, those that the device has to be approved for. */
  paired: readonly string[];
}

/** Sees to the pairing of a device, and composes what the client is told of itself. */
async function introduce({ id, params }: Opened, known: Recognised, door: Door): Promise<Admitted | Refused> {
  const { principal, grant, paired, caller } = known;
  const { client, device, scopes = [] } = params;
  const { role, method } = principal;
  const arrival = device && {
    deviceId: device.id,
    publicKey: toRawKey(device.publicKey) ?? '',
    client,
    role,
    scopes: paired,
    caller,
    method,
  };
  const admission = arrival ? await door.devices.admit(arrival) : { holds: () => true };
  if (admission.pairing)
    return refusePairing(id, { ...admission.pairing, deviceId: device?.id ?? '', role, scopes: paired });
  const auth: HelloOk['auth'] = {
    role,
    scopes: [...principal.scopes],
    method,
    ...admission.token,
    ...(role === 'operator' && {
      recoveryScope: toRecoveryScope(admission.token?.deviceToken, { params, method, door }),
    }),
    requestedScopes: [...scopes],
    withheldScopes: grant.withheld,
    grantedAs: grant.grantedAs,
  };
  return { id, params, principal, auth, holds: admission.holds };
}

/** The same for a device as long as its token is, and for anybody else as long as the secret is. */
function toRecoveryScope(
  deviceToken: string | undefined,
  { params: { device, auth }, method, door }: { params: ConnectParams; method: Principal['method']; door: Door },
): string {
  if (deviceToken !== undefined) return door.devices.recoveryScope(['device-token', deviceToken]);
  const secret = method === 'none' ? undefined : auth?.token || auth?.password;
  return door.devices.recoveryScope([method, secret ?? '', device?.id ?? '']);
}

function refusePairing(id: string, refusal: PairingRefusal): Refused {
  const { error, reason } = toPairingError(refusal);
  return { answer: { id, error }, refused: { code: 1008, reason } };
}

function refuseCredentials(id: string, { message, details, retryAfterMs }: AuthRefusal): Refused {
  const retry = retryAfterMs === undefined ? {} : { retryable: true, retryAfterMs };
  return {
    answer: { id, error: { code: 'INVALID_REQUEST', message, details, ...retry } },
    refused: { code: 1008, reason: message },
  };
}

function refuse(id: string, code: string, message: string, details?: Record<string, unknown>): Refused {
  return {
    answer: { id, error: { code, message, ...(details && { details }) } },
    refused: { code: 1008, reason: message },
  };
}
