import type { AuthPolicy } from './authenticate.ts';
import type { Caller } from './caller.ts';
import type { ProxyFault } from './proxies.ts';

/** What is wrong with the credentials of a caller. */
export type Fault = 'missing' | 'mismatch' | 'deviceToken' | 'bootstrapToken' | 'scopes' | 'locked';

/** Why a caller was not let in. `code` and `details` are those of the published protocol (docs/protocol.md, "Connect"). */
export interface Refusal {
  code:
    | 'AUTH_TOKEN_MISSING'
    | 'AUTH_TOKEN_MISMATCH'
    | 'AUTH_PASSWORD_MISSING'
    | 'AUTH_PASSWORD_MISMATCH'
    | 'AUTH_DEVICE_TOKEN_MISMATCH'
    | 'AUTH_SCOPE_MISMATCH'
    | 'AUTH_BOOTSTRAP_TOKEN_INVALID'
    | 'AUTH_RATE_LIMITED'
    | 'AUTH_IDENTITY_HEADER_REQUIRED'
    | 'AUTH_UNAUTHORIZED';
  /** For people: what was wrong, where the right one is kept, what to type. Never a secret. */
  message: string;
  /** Milliseconds, while the caller is locked out. */
  retryAfterMs?: number | undefined;
  /** For programs, on the socket. */
  details: Record<string, unknown>;
}

export interface RefusalReason {
  fault: Fault;
  policy: AuthPolicy;
  caller: Caller;
  /** True when a token issued to the client's device might do. */
  mayHaveDeviceToken?: boolean | undefined;
  /** Milliseconds, on `locked`. */
  retryAfterMs?: number | undefined;
}

/** Puts a fault into the words and codes of the protocol. */
export function toRefusal({ fault, policy, caller, mayHaveDeviceToken, retryAfterMs }: RefusalReason): Refusal {
  const word = policy.mode === 'token' ? 'token' : 'password';
  const { code, text, authReason, nextStep } = describe(fault, word);
  const canRetryWithDeviceToken = fault === 'mismatch' && word === 'token' && mayHaveDeviceToken === true;
  const recommendedNextStep = canRetryWithDeviceToken ? 'retry_with_device_token' : nextStep;
  return {
    code,
    message: `unauthorized: ${text} (${hints[fault] ?? toHint(word, policy, caller)})`,
    retryAfterMs,
    details: { code, authReason, canRetryWithDeviceToken, recommendedNextStep },
  };
}

/** A request of this machine that no proxy passed on, where there is no password for such. */
export const withoutProxy: ProxyFault = {
  reason: 'trusted_proxy_untrusted_source',
  fix: 'come through the proxy; for programs on this machine set gateway.auth.password',
};

/** Says why the word of a proxy does not count. */
export function toProxyRefusal({ reason, fix }: ProxyFault): Refusal {
  const isMissing = reason === 'trusted_proxy_user_missing' || reason.startsWith('trusted_proxy_missing_header_');
  const code = isMissing ? 'AUTH_IDENTITY_HEADER_REQUIRED' : 'AUTH_UNAUTHORIZED';
  return {
    code,
    message: `unauthorized: ${reason} (${fix})`,
    details: {
      code,
      authReason: reason,
      canRetryWithDeviceToken: false,
      recommendedNextStep: 'review_auth_configuration',
    },
  };
}

/** Where the gateway's secret is no help. */
const hints: Partial<Record<Fault, string>> = {
  locked: 'retry later',
  scopes: 'ask for fewer scopes, or connect with the gateway token or password to be approved for more',
};

function toHint(word: string, { source }: AuthPolicy, caller: Caller): string {
  // A stranger is not told where files lie on this machine.
  const where = caller.local ? (source ?? `gateway.auth.${word}`) : 'set by its operator';
  return `this gateway's ${word} is ${where}: send it with --${word}, or as "Authorization: Bearer"`;
}

interface Description {
  code: Refusal['code'];
  text: string;
  authReason: string;
  nextStep: string;
}

function describe(fault: Fault, word: 'token' | 'password'): Description {
  const upper = word === 'password' ? 'PASSWORD' : 'TOKEN';
  const descriptions: Record<Fault, Description> = {
    missing: {
      code: `AUTH_${upper}_MISSING`,
      text: `gateway ${word} missing`,
      authReason: `${word}_missing`,
      nextStep: 'update_auth_configuration',
    },
    mismatch: {
      code: `AUTH_${upper}_MISMATCH`,
      text: `gateway ${word} mismatch`,
      authReason: `${word}_mismatch`,
      nextStep: 'update_auth_credentials',
    },
    deviceToken: {
      code: 'AUTH_DEVICE_TOKEN_MISMATCH',
      text: 'device token mismatch, this gateway did not issue it',
      authReason: 'device_token_mismatch',
      nextStep: 'update_auth_credentials',
    },
    scopes: {
      code: 'AUTH_SCOPE_MISMATCH',
      text: 'device token scope mismatch, it does not carry every scope that was asked for',
      authReason: 'scope_mismatch',
      nextStep: 'review_auth_configuration',
    },
    bootstrapToken: {
      code: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
      text: 'bootstrap token invalid, this gateway did not issue it',
      authReason: 'bootstrap_token_invalid',
      nextStep: 'review_auth_configuration',
    },
    locked: {
      code: 'AUTH_RATE_LIMITED',
      text: 'too many failed authentication attempts',
      authReason: 'rate_limited',
      nextStep: 'wait_then_retry',
    },
  };
  return descriptions[fault];
}
