import { BlockList, isIP } from 'node:net';
import { isLoopbackAddress } from './addresses.ts';
import type { Caller } from './caller.ts';

/**
 * Decides whether the page that a browser shows may talk to the gateway.
 * Allowed are `gateway.controlUi.allowedOrigins` (`*` means any) and pages that came from this gateway itself, by a loopback
 * or a private address. Public names are never taken for its own: any of them can be pointed at it.
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
  if (!own) return 'origin not allowed';
  const isOnLoopback = own.port === page.port && isLoopbackName(own.hostname) && isLoopbackName(page.hostname);
  const isOnPrivate = own.host === page.host && isPrivateName(page.hostname);
  return (local && isOnLoopback) || isOnPrivate ? undefined : 'origin not allowed';
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

/** Addresses that no public name of somebody else's leads to by itself, and the names of the local network (mDNS). */
function isPrivateName(name: string): boolean {
  const address = name.replace(/^\[|\]$/g, '');
  const kind = isIP(address);
  return kind === 0 ? name.endsWith('.local') : privateRanges.check(address, kind === 6 ? 'ipv6' : 'ipv4');
}

/** RFC 1918, RFC 6598 (carriers and tailnets), RFC 3927; RFC 4193, RFC 4291. */
const privateRanges = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const)
  privateRanges.addSubnet(network, prefix, 'ipv4');
privateRanges.addSubnet('fc00::', 7, 'ipv6');
privateRanges.addSubnet('fe80::', 10, 'ipv6');

function parseUrl(text: string | undefined): URL | undefined {
  return text && URL.canParse(text) ? new URL(text) : undefined;
}
