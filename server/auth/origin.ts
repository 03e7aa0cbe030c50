import { isIP } from 'node:net';
import { type Caller, isLoopbackAddress } from './caller.ts';

/**
 * Decides whether the page that a browser shows may talk to the gateway.
 * Allowed are `gateway.controlUi.allowedOrigins` (`*` means any) and pages served from this gateway's own loopback address.
 * @returns why not, or undefined when the caller is allowed or is no browser.
 */
export function refuseOrigin(
  { origin, host, local }: Caller,
  { allowedOrigins, required = false }: { allowedOrigins: readonly string[]; required?: boolean },
): string | undefined {
  if (origin === undefined && !required) return undefined;
  const page = parseUrl(origin);
  // Browsers send `null` for pages without an origin, for example local files.
  if (!page || page.origin === 'null') return 'origin missing or invalid';
  if (allowedOrigins.includes('*') || allowedOrigins.some((allowed) => parseUrl(allowed)?.origin === page.origin))
    return undefined;
  const own = parseUrl(host && `${page.protocol}//${host}`);
  const isOwnPage = own && own.port === page.port && isLoopbackName(own.hostname) && isLoopbackName(page.hostname);
  return local && isOwnPage ? undefined : 'origin not allowed';
}

/**
 * Decides whether a `Host` header may reach a listener on loopback. A page whose name was pointed at 127.0.0.1
 * ("DNS rebinding") arrives with its own name: only localhost, IP literals and the names of allowed origins pass.
 */
export function isAllowedHost(host: string | undefined, allowedOrigins: readonly string[]): boolean {
  // Only browsers can be tricked, and they always send it.
  if (host === undefined) return true;
  const name = parseUrl(`http://${host}`)?.hostname;
  if (!name) return false;
  return isLoopbackName(name) || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || isNamed(name, allowedOrigins);
}

function isNamed(name: string, allowedOrigins: readonly string[]): boolean {
  return allowedOrigins.some((allowed) => parseUrl(allowed)?.hostname === name);
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name.replace(/^\[|\]$/g, ''));
}

function parseUrl(text: string | undefined): URL | undefined {
  return text && URL.canParse(text) ? new URL(text) : undefined;
}
