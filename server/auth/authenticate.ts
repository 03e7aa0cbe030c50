import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Credentials } from '../../sdk/protocol/hello.ts';
import { operatorScopes, type Principal, type Role } from '../../sdk/protocol/scopes.ts';
import type { Attempts } from './attempts.ts';
import type { Caller } from './caller.ts';
import { isSameUser } from './proxies.ts';
import { type Fault, type Refusal, toProxyRefusal, toRefusal, withoutProxy } from './refusal.ts';

/** How callers prove that they may talk to the gateway. */
export interface AuthPolicy {
  mode: 'none' | 'token' | 'password' | 'trusted-proxy';
  /** The secret of mode `token`. */
  token?: string | undefined;
  /** The secret of mode `password`; in mode `trusted-proxy` that of programs on this machine, which may have none. */
  password?: string | undefined;
  /** Where the secret is kept, for people. Default `gateway.auth.token` or `gateway.auth.password`. */
  source?: string | undefined;
}

export interface AuthRequest {
  /** What the caller presents; over HTTP the bearer, as `token`. */
  credentials: Credentials | undefined;
  caller: Caller;
  /** Names the caller in logs: the connection's id, the request's id. */
  id: string;
  /** Default `operator`. */
  role?: Role | undefined;
  /** What it is allowed once it is recognised. Default every operator scope. */
  scopes?: readonly string[] | undefined;
  /** The device whose key the caller has proved to hold. */
  deviceId?: string | undefined;
}

/** A device's claim that one of the texts is the token it was issued. */
export interface DeviceClaim {
  deviceId: string;
  role: string;
  /** What it asks for. */
  scopes: readonly string[];
  presented: readonly string[];
}

/** The tokens that devices were issued. */
export interface DeviceTokens {
  /** `scopes`: it is the token, and it carries less than is asked for. Contract: takes the same time for any text. */
  check(claim: DeviceClaim): 'valid' | 'scopes' | 'unknown';
}

export type Verdict = { principal: Principal; refusal?: never } | { principal?: never; refusal: Refusal };

/** The one way to a {@link Principal}, for the socket and for HTTP. */
export interface Authentication {
  readonly mode: AuthPolicy['mode'];
  /** Never rejects. A wrong credential is answered after {@link wrongCredentialDelayMs}. */
  authenticate(request: AuthRequest): Promise<Verdict>;
}

/** How long a wrong credential is left without an answer. */
const wrongCredentialDelayMs = 250;

/** What else proves who somebody is. */
export interface OtherProofs {
  tokens?: DeviceTokens | undefined;
  /** Whose machine has an address of the tailnet; undefined where nobody is let in by that. */
  whois?: (() => ((address: string) => Promise<string | undefined>) | undefined) | undefined;
}

/**
 * Binds a policy, a count of failures and the tokens of devices into a way of recognising callers.
 * @throws GatewayError INVALID_CONFIG when the policy's mode lacks its secret.
 */
export function defineAuthentication(
  policy: AuthPolicy,
  attempts: Attempts,
  { tokens, whois }: OtherProofs = {},
): Authentication {
  const { mode } = policy;
  const findFault = toFindFault(policy);

  return {
    mode,
    async authenticate(request) {
      const { credentials = {}, caller, id, role = 'operator', scopes = operatorScopes, deviceId } = request;
      if (mode === 'trusted-proxy' && (!caller.local || !policy.password)) return judgeProxied(request);
      const retryAfterMs = attempts.lockedForMs(caller);
      const found = findFault(credentials, deviceId !== undefined);
      const byToken = found && deviceId && checkToken(tokens, { credentials, deviceId, role, scopes });
      const fault = found !== 'missing' && mode !== 'none' && retryAfterMs > 0 ? 'locked' : found;
      if (!fault || (fault !== 'locked' && byToken === 'valid')) {
        attempts.succeeded(caller);
        return { principal: { id, role, scopes, method: fault ? 'device-token' : methodOf(mode), deviceId } };
      }
      if (fault === 'locked') return { refusal: toRefusal({ fault, policy, caller, retryAfterMs }) };
      if (byToken === 'scopes') return { refusal: toRefusal({ fault: 'scopes', policy, caller }) };
      if (fault !== 'missing') {
        attempts.failed(caller);
        await delay(wrongCredentialDelayMs);
      }
      const user =
        fault === 'missing' && deviceId && role === 'operator' ? await findPerson(caller, whois?.()) : undefined;
      if (user !== undefined) return { principal: { id, role, scopes, method: 'tailscale', deviceId, user } };
      const mayHaveDeviceToken = deviceId !== undefined && !!credentials.token;
      return { refusal: toRefusal({ fault, policy, caller, mayHaveDeviceToken }) };
    },
  };
}

/** In mode `trusted-proxy` only who comes without a proxy shows a secret. */
const methodOf = (mode: AuthPolicy['mode']) => (mode === 'trusted-proxy' ? 'password' : mode);

/** Who the proxy has signed in; nobody is signed in who comes without one. */
function judgeProxied({ caller, id, role = 'operator', scopes = operatorScopes, deviceId }: AuthRequest): Verdict {
  const { user, fault } = caller.claim ?? { fault: withoutProxy };
  if (user === undefined) return { refusal: toProxyRefusal(fault) };
  return { principal: { id, role, scopes, method: 'trusted-proxy', deviceId, user } };
}

/** Whom Tailscale names and, asked by the address, knows: the header alone is only a claim. */
async function findPerson(
  { address, tailnetLogin }: Caller,
  whois: ((address: string) => Promise<string | undefined>) | undefined,
): Promise<string | undefined> {
  if (tailnetLogin === undefined || !whois) return undefined;
  const login = await whois(address);
  return login !== undefined && isSameUser(login, tailnetLogin) ? login : undefined;
}

/** A device's own token may stand in either place; the published client sends it in both. */
function checkToken(
  tokens: DeviceTokens | undefined,
  { credentials: { token, deviceToken }, ...claim }: Omit<DeviceClaim, 'presented'> & { credentials: Credentials },
) {
  const presented = [token, deviceToken].flatMap((text) => text || []);
  return presented.length > 0 ? tokens?.check({ ...claim, presented }) : undefined;
}

type FindFault = (presented: Credentials, hasDevice: boolean) => Exclude<Fault, 'locked' | 'scopes'> | undefined;

function toFindFault(policy: AuthPolicy): FindFault {
  if (policy.mode === 'none') return () => undefined;
  if (policy.mode === 'trusted-proxy') return policy.password ? compareWith(policy.password) : () => 'missing';
  return compareWith(requireSecret(policy));
}

function compareWith(secret: string): FindFault {
  const expected = toDigest(secret);
  const nothing = toDigest('');
  const isSecret = (presented: string | undefined) =>
    timingSafeEqual(presented ? toDigest(presented) : nothing, expected);
  return ({ token, password, deviceToken, bootstrapToken }, hasDevice) => {
    // Either field may carry the secret; both are always compared, so that the time does not tell which one did.
    const [isToken, isPassword] = [isSecret(token), isSecret(password)];
    if (isToken || isPassword) return undefined;
    if (deviceToken) return 'deviceToken';
    // A bootstrap token introduces a device: without one it introduces nobody.
    if (bootstrapToken && hasDevice) return 'bootstrapToken';
    return token || password ? 'mismatch' : 'missing';
  };
}

function requireSecret({ mode, token, password }: AuthPolicy): string {
  const secret = mode === 'password' ? password : token;
  if (secret) return secret;
  throw new GatewayError(
    'INVALID_CONFIG',
    `gateway.auth.mode is "${mode}" but there is no ${mode}: set gateway.auth.${mode}`,
  );
}

/** Digests have one length: comparing them tells nothing about the length of the secret. */
function toDigest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
