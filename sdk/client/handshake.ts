import { type ErrorShape, GatewayError } from '../protocol/errors.ts';
import type { ClientIdentity, ConnectParams } from '../protocol/hello.ts';
import { protocolVersion } from '../protocol/version.ts';
import type { Located } from './surroundings.ts';
import { sdkVersion } from './version.ts';

/** Everything an operator may do; the gateway grants what the credentials allow. */
const fullOperator = [
  'operator.admin',
  'operator.read',
  'operator.write',
  'operator.approvals',
  'operator.pairing',
] as const;

/** Who the client says it is, and what it would like to be allowed. */
export interface Introduction {
  client?: Partial<ClientIdentity> | undefined;
  /** Default {@link fullOperator}. */
  scopes?: readonly string[] | undefined;
  platform: string;
  /** Stays the same over reconnects. */
  instanceId: string;
}

/** What `connect` is asked with (docs/protocol.md, "Connect"). */
export function toConnectParams({ client, scopes, platform, instanceId }: Introduction, located: Located) {
  const { token, password } = located;
  const auth = { ...(token !== undefined && { token }), ...(password !== undefined && { password }) };
  const params: ConnectParams = {
    minProtocol: protocolVersion,
    maxProtocol: protocolVersion,
    client: { id: 'gateway-client', mode: 'backend', version: sdkVersion, platform, instanceId, ...client },
    caps: ['tool-events'],
    role: 'operator',
    scopes: [...(scopes ?? fullOperator)],
    ...(Object.keys(auth).length > 0 && { auth }),
  };
  return params;
}

/** A refusal of `connect` as an error that names the gateway, the credential and where both were found. */
export function toRefusal(error: ErrorShape, located: Located): GatewayError {
  const { url, urlFrom, credentialFrom } = located;
  const details = typeof error.details === 'object' && error.details !== null ? error.details : {};
  const credential = located.token !== undefined ? 'token' : located.password !== undefined ? 'password' : undefined;
  const origin = credential
    ? `the ${credential} comes from ${credentialFrom}`
    : 'no token or password was found; pass one to new OpenClaw(), or set OPENCLAW_GATEWAY_TOKEN';
  const approval = toApproval(error.message, details);
  const aboutAuth = 'code' in details && /^AUTH_|^DEVICE_IDENTITY_REQUIRED$/.test(String(details.code));
  return new GatewayError(
    error.code,
    `${url} (from ${urlFrom}) refused the connection: ${error.message}${aboutAuth ? ` (${origin})` : ''}${approval}`,
    {
      details: { ...details, why: error.message, url, credential, credentialFrom: credential && credentialFrom },
      retryable: error.retryable,
      retryAfterMs: error.retryAfterMs,
    },
  );
}

/** What to type where the gateway runs, unless it has said so itself. Ids come from the gateway: an odd one is not repeated. */
function toApproval(message: string, details: { code?: unknown; requestId?: unknown }): string {
  const requestId = String(details.requestId ?? '');
  if (details.code !== 'PAIRING_REQUIRED' || !/^[A-Za-z0-9][\w.:-]{0,127}$/.test(requestId)) return '';
  const command = `openclaw devices approve ${requestId}`;
  return message.includes(command) ? '' : `; where the gateway runs, type: ${command}`;
}

/** True when the same `connect` would be refused again: retrying waits for nothing. */
export function isTerminal(refusal: GatewayError): boolean {
  if (refusal.retryable || refusal.code === 'UNAVAILABLE') return false;
  return refusal.details?.code !== 'AUTH_RATE_LIMITED';
}

/** Milliseconds to wait when the gateway has locked the address out without saying for how long. */
const lockoutMs = 30_000;

/** The wait that a refusal asks for. */
export function toRetryAfterMs(refusal: GatewayError): number | undefined {
  return refusal.retryAfterMs ?? (refusal.details?.code === 'AUTH_RATE_LIMITED' ? lockoutMs : undefined);
}
