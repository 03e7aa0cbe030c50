import type { Authentication, AuthPolicy, AuthRequest } from './authenticate.ts';
import type { Caller } from './caller.ts';

/** An {@link Authentication} whose secret may become another one while the gateway runs; its mode stays. */
export interface LivingAuthentication extends Authentication {
  /** The policy in effect. */
  policy(): AuthPolicy;
  /** Callers prove themselves by this policy from now on. @throws GatewayError INVALID_CONFIG when it lacks its secret. */
  follow(policy: AuthPolicy): void;
  /** False for a caller who was let in by an earlier policy, and by a secret that everybody shares. */
  holds(caller: Caller): boolean;
}

/** Binds a policy, and any that comes later. @param define what makes a way of recognising callers out of one. */
export function followPolicy(first: AuthPolicy, define: (policy: AuthPolicy) => Authentication): LivingAuthentication {
  let policy = first;
  let now = define(first);
  /** By which policy callers were let in who showed its secret. */
  const admitted = new WeakMap<Caller, AuthPolicy>();
  return {
    mode: now.mode,
    policy: () => policy,
    follow(next) {
      now = define(next);
      policy = next;
    },
    holds: (caller) => (admitted.get(caller) ?? policy) === policy,
    async authenticate(request: AuthRequest) {
      const asked = policy;
      const verdict = await now.authenticate(request);
      const method = verdict.principal?.method;
      if (method === 'token' || method === 'password') admitted.set(request.caller, asked);
      return verdict;
    },
  };
}
