import type { GatewayConfig } from '../config/config.ts';
import type { AuthPolicy } from './authenticate.ts';
import { isSameUser, type ProxySettings } from './proxies.ts';

/** Whose word counts for whom a request is passed on, by the configuration in effect. */
export function toProxySettings(gateway: GatewayConfig | undefined, { mode }: Pick<AuthPolicy, 'mode'>): ProxySettings {
  const { trustedProxies = nobody, allowRealIpFallback, auth } = gateway ?? {};
  const { userHeader = '', ...rules } = auth?.trustedProxy ?? {};
  return {
    trusted: trustedProxies,
    realIpFallback: allowRealIpFallback,
    identity: mode === 'trusted-proxy' ? { userHeader, ...rules } : undefined,
  };
}

/** Scopes that `gateway.auth.identityScopes` gives to a person. */
export function scopesOf(scopes: Record<string, string[]> = {}, user: string): string[] {
  return Object.entries(scopes).flatMap(([name, own]) => (isSameUser(name, user) ? own : []));
}

// --- internal ---

/** One list, so that it is compiled once. */
const nobody: readonly string[] = [];
