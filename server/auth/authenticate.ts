import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Credentials } from '../../sdk/protocol/hello.ts';
import { operatorScopes, type Principal, type Role } from '../../sdk/protocol/scopes.ts';
import type { Attempts } from './attempts.ts';
import type { Caller } from './caller.ts';
import { type Fault, type Refusal, toRefusal } from './refusal.ts';

export type { Refusal } from './refusal.ts';

/** How callers prove that they may talk to the gateway. */
export interface AuthPolicy {
  mode: 'none' | 'token' | 'password';
  /** The secret of mode `token`. */
  token?: string | undefined;
  /** The secret of mode `password`. */
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
  /** True when the caller has proved to hold a device's key. */
  hasDevice?: boolean | undefined;
}

export type Verdict = { principal: Principal; refusal?: never } | { principal?: never; refusal: Refusal };

/** The one way to a {@link Principal}, for the socket and for HTTP. */
export interface Authentication {
  readonly mode: AuthPolicy['mode'];
  /** Never rejects. A wrong credential is answered after {@link wrongCredentialDelayMs}. */
  authenticate(request: AuthRequest): Promise<Verdict>;
}

/** How long a wrong credential is left without an answer. */
export const wrongCredentialDelayMs = 250;

/**
 * Binds a policy and a count of failures into a way of recognising callers.
 * @throws GatewayError INVALID_CONFIG when the policy's mode lacks its secret.
 */
export function defineAuthentication(policy: AuthPolicy, attempts: Attempts): Authentication {
  const { mode } = policy;
  const findFault = mode === 'none' ? () => undefined : compareWith(requireSecret(policy));

  return {
    mode,
    async authenticate({
      credentials = {},
      caller,
      id,
      role = 'operator',
      scopes = operatorScopes,
      hasDevice = false,
    }) {
      const retryAfterMs = attempts.lockedForMs(caller);
      const found = findFault(credentials, hasDevice);
      const fault = found !== 'missing' && mode !== 'none' && retryAfterMs > 0 ? 'locked' : found;
      if (!fault) {
        attempts.succeeded(caller);
        return { principal: { id, role, scopes, method: mode } };
      }
      if (fault === 'locked') return { refusal: toRefusal({ fault, policy, caller, retryAfterMs }) };
      if (fault !== 'missing') {
        attempts.failed(caller);
        await delay(wrongCredentialDelayMs);
      }
      const mayHaveDeviceToken = hasDevice && !!credentials.token;
      return { refusal: toRefusal({ fault, policy, caller, mayHaveDeviceToken }) };
    },
  };
}

type FindFault = (presented: Credentials, hasDevice: boolean) => Exclude<Fault, 'locked'> | undefined;

function compareWith(secret: string): FindFault {
  const expected = toDigest(secret);
  const isSecret = (presented: string | undefined) => timingSafeEqual(toDigest(presented ?? ''), expected);
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
