import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { toPlainAddress } from '../config/address-range.ts';
import { isLoopbackAddress } from './addresses.ts';
import { isIngress } from './ingress.ts';
import { findClient, isForwarded, judgeClaim, type ProxyClaim, type ProxySettings } from './proxies.ts';

/** Where a socket or an HTTP request comes from. `origin`, `host` and `scopes` are what the peer claims. */
export interface Caller {
  /** IP address of the client, IPv4 without its IPv6 prefix: behind a trusted proxy the one that it names. */
  address: string;
  /** True when the peer is on this machine and does not say that it forwards for another. */
  local: boolean;
  /** The `Origin` header: present means a browser. */
  origin: string | undefined;
  /** The `Host` header. */
  host: string | undefined;
  /** True for a request that a program on this machine passes on without being a trusted proxy: nobody knows for whom. */
  unattributed?: boolean | undefined;
  /** Whom a trusted proxy has signed in; only in the mode `trusted-proxy`, and not for who comes without a proxy. */
  claim?: ProxyClaim | undefined;
  /** Whom Tailscale says it passes this on for, by the door that only it is told of; still to be checked. */
  tailnetLogin?: string | undefined;
  /** `x-openclaw-scopes`: all that it may be given; only in modes without a shared secret. */
  scopes?: readonly string[] | undefined;
}

/** Headers that proxies, tunnels and clouds add; who sends one is not the client itself. */
const forwardingHeaders =
  /^(x-(original-)?forwarded(-.+)?|forwarded(-for)?|via|cdn-loop|true-client-ip|x-(real|client|proxyuser|cluster-client)-ip|(cf-connecting|fastly-client|fly-client)-ip|cf-ray|x-envoy-external-address|x-amzn-trace-id|tailscale-user-login)$/;

const noProxies: ProxySettings = { trusted: [] };

/** Reads the caller from a request of `node:http`, plain or upgraded. */
export function toCaller(
  { socket, headers, rawHeaders }: Pick<IncomingMessage, 'socket' | 'headers'> & { rawHeaders?: string[] },
  proxies: ProxySettings = noProxies,
): Caller {
  const source = toPlainAddress(socket.remoteAddress ?? '');
  const passed = { source, headers, repeated: toRepeated(rawHeaders) };
  const byIngress = isIngress(socket);
  const forwarders = byIngress ? { ...proxies, trusted: ingressSources } : proxies;
  const client = findClient(passed, forwarders);
  const isHere = isLoopbackAddress(source);
  const local = isHere && !Object.keys(headers).some((name) => forwardingHeaders.test(name));
  const { identity } = proxies;
  return {
    address: client ?? source,
    local,
    origin: headers.origin?.trim() || undefined,
    host: headers.host,
    unattributed: isHere && client === undefined && isForwarded(headers),
    claim: identity && !local ? judgeClaim(passed, { ...proxies, identity }) : undefined,
    tailnetLogin: byIngress && client !== undefined ? toTailnetLogin(headers) : undefined,
    scopes: toScopes(headers['x-openclaw-scopes'], passed.repeated),
  };
}

// --- internal ---

/** Tailscale's proxy runs on this machine, and by its door nobody else comes. */
const ingressSources: readonly string[] = ['127.0.0.1'];

/** What comes from the internet by a funnel has no name. */
function toTailnetLogin(headers: IncomingHttpHeaders): string | undefined {
  const isWhole = headers['x-forwarded-proto'] !== undefined && headers['x-forwarded-host'] !== undefined;
  if (!isWhole || headers['tailscale-funnel-request'] !== undefined) return undefined;
  return String(headers['tailscale-user-login'] ?? '').trim() || undefined;
}

/** Node joins what came more than once: a value of the client's and one of the proxy's would look like one. */
function toRepeated(rawHeaders: readonly string[] = []): ReadonlySet<string> {
  const names = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [name.toLowerCase()] : []));
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

/** Said twice, it is not known by whom: then nothing is allowed. */
function toScopes(header: string | string[] | undefined, repeated: ReadonlySet<string>): string[] | undefined {
  if (header === undefined) return undefined;
  if (repeated.has('x-openclaw-scopes')) return [];
  return String(header)
    .split(/[\s,]+/)
    .filter(Boolean);
}
