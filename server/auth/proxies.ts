import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { toAddressRange, toPlainAddress } from '../config/address-range.ts';
import { isLoopbackAddress } from './addresses.ts';

/** Who may say for whom a request is passed on. */
export interface ProxySettings {
  /** `gateway.trustedProxies`: addresses and ranges in CIDR. */
  trusted: readonly string[];
  /** `gateway.allowRealIpFallback`: `X-Real-IP` counts where there is no `X-Forwarded-For`. Default false. */
  realIpFallback?: boolean | undefined;
  /** `gateway.auth.trustedProxy`, in the mode `trusted-proxy`. */
  identity?: IdentitySettings | undefined;
  /** Addresses of this machine. Default those of the operating system. */
  ownAddresses?: (() => string[]) | undefined;
}

export interface IdentitySettings {
  /** Header with the name of the person whom the proxy signed in. */
  userHeader: string;
  /** Headers that have to be there as well. Default none. */
  requiredHeaders?: readonly string[] | undefined;
  /** Names that are let in. Default all. */
  allowUsers?: readonly string[] | undefined;
  /** True when a proxy on this machine counts. Default false. */
  allowLoopback?: boolean | undefined;
}

/** Whom a proxy says it signed in, or why that does not count. */
export type ProxyClaim = { user: string; fault?: never } | { user?: never; fault: ProxyFault };

export interface ProxyFault {
  /** As in the published documentation, for example `trusted_proxy_user_missing`. */
  reason: string;
  /** For the operator: what to change. Names no value of a header. */
  fix: string;
}

/** Where a connection comes from, and what its head says. */
export interface Passed {
  /** Remote address of the connection. */
  source: string;
  headers: IncomingHttpHeaders;
  /** Names of headers that came more than once, lower case. */
  repeated?: ReadonlySet<string> | undefined;
}

/** True when somebody says that the request is passed on for another. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => /^(forwarded|x-forwarded-.+|x-real-ip)$/.test(name));
}

/**
 * The client behind a trusted proxy: of `X-Forwarded-For`, read from its end, the first address that is no trusted proxy.
 * @returns undefined when the source is no trusted proxy, or names no client that could be on another machine.
 */
export function findClient({ source, headers }: Passed, settings: ProxySettings): string | undefined {
  const trusted = toRanges(settings.trusted);
  if (!isWithin(source, trusted)) return undefined;
  const fallback = settings.realIpFallback ? headers['x-real-ip'] : undefined;
  const chain = String(headers['x-forwarded-for'] ?? fallback ?? '').split(',', maxHops + 1);
  if (chain.length > maxHops) return undefined;
  for (const hop of chain.reverse()) {
    const address = toAddress(hop);
    if (address === undefined || isLoopbackAddress(address)) return undefined;
    if (!isWithin(address, trusted)) return address;
  }
  return undefined;
}

/** Judges what a proxy says of a person, in the order of docs/trusted-proxy.md. */
export function judgeClaim(passed: Passed, settings: ProxySettings & { identity: IdentitySettings }): ProxyClaim {
  const { userHeader, requiredHeaders = [], allowUsers = [], allowLoopback = false } = settings.identity;
  const { source, headers } = passed;
  if (!isWithin(source, toRanges(settings.trusted))) return { fault: faults.source };
  if (findClient(passed, settings) === undefined) return { fault: faults.attribution };
  if (isLoopbackAddress(source)) {
    if (!allowLoopback) return { fault: faults.loopback };
  } else if ((settings.ownAddresses ?? listOwnAddresses)().includes(source)) return { fault: faults.ownAddress };
  const missing = requiredHeaders.find((name) => isBlank(headers[name.toLowerCase()]));
  if (missing !== undefined) return { fault: missingHeader(missing) };
  if (passed.repeated?.has(userHeader.toLowerCase())) return { fault: repeatedUser(userHeader) };
  const user = String(headers[userHeader.toLowerCase()] ?? '').trim();
  if (user === '') return { fault: missingUser(userHeader) };
  if (allowUsers.length > 0 && !allowUsers.some((allowed) => isSameUser(allowed, user)))
    return { fault: faults.notAllowed };
  return { user };
}

/** Names with an `@` are compared without regard to case, as mail addresses are. */
export function isSameUser(a: string, b: string): boolean {
  return a === b || (a.includes('@') && a.toLowerCase() === b.toLowerCase());
}

// --- internal ---

/** Proxies in a row. */
const maxHops = 32;

const fault = (reason: string, fix: string): ProxyFault => ({ reason, fix });

const faults = {
  source: fault(
    'trusted_proxy_untrusted_source',
    'come through the proxy; its address has to be in gateway.trustedProxies',
  ),
  attribution: fault(
    'proxy_attribution_required',
    'the proxy has to overwrite X-Forwarded-For with the address of its client',
  ),
  loopback: fault(
    'trusted_proxy_loopback_source',
    'a proxy on the same machine counts only with gateway.auth.trustedProxy.allowLoopback; local programs send gateway.auth.password',
  ),
  ownAddress: fault(
    'trusted_proxy_local_interface_source',
    "this is an address of the gateway's own machine: let the proxy connect from its own, or to 127.0.0.1 with allowLoopback",
  ),
  notAllowed: fault(
    'trusted_proxy_user_not_allowed',
    'this person is not in gateway.auth.trustedProxy.allowUsers: sign in as somebody who is',
  ),
};

function missingHeader(name: string): ProxyFault {
  return fault(
    `trusted_proxy_missing_header_${name.toLowerCase()}`,
    `the proxy has to send the header ${name}, also with requests for a WebSocket`,
  );
}

function missingUser(name: string): ProxyFault {
  return fault(
    'trusted_proxy_user_missing',
    `the proxy has to name the person in the header ${name}, also with requests for a WebSocket`,
  );
}

function repeatedUser(name: string): ProxyFault {
  return fault(
    'trusted_proxy_user_ambiguous',
    `the proxy has to overwrite the header ${name}, and here it stands beside one of its client's`,
  );
}

const isBlank = (value: string | string[] | undefined) => String(value ?? '').trim() === '';

/** `203.0.113.9`, `203.0.113.9:4711`, `2001:db8::1`, `[2001:db8::1]:4711`; undefined for anything else. */
function toAddress(hop: string): string | undefined {
  const text = hop.trim();
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : toPlainAddress(bare);
}

/** Lists are compiled once: the configuration hands out the same one until it changes. */
const compiled = new WeakMap<readonly string[], BlockList>();

function toRanges(entries: readonly string[]): BlockList {
  const known = compiled.get(entries);
  if (known) return known;
  const list = new BlockList();
  for (const entry of entries) {
    const range = toAddressRange(entry);
    if (range) list.addSubnet(range.network, range.prefix, range.family);
  }
  compiled.set(entries, list);
  return list;
}

function isWithin(address: string, ranges: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && ranges.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function listOwnAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}
