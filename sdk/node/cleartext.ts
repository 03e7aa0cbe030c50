import { BlockList, isIP } from 'node:net';
import { GatewayError } from '../protocol/errors.ts';
import type { Address } from './places.ts';
import type { Environment } from './secret-input.ts';

/**
 * Refuses `ws://` to a host that is not on a network of one's own: token and conversation would travel in the clear.
 * Loopback, private, link-local and tailnet addresses, `.local` and `.ts.net` are one's own; any other name is
 * after `OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1`, but never a public address.
 * @throws GatewayError INVALID_REQUEST, details.code INSECURE_URL
 */
export function requireEncryption({ url, urlFrom }: Address, env: Environment): void {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'ws:' || isPrivateHost(hostname.replace(/^\[|\]$/g, ''))) return;
  const isName = isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  if (isName && env.OPENCLAW_ALLOW_INSECURE_PRIVATE_WS?.trim() === '1') return;
  const trust = isName ? ', or set OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1 if that name is on a network of your own' : '';
  throw new GatewayError(
    'INVALID_REQUEST',
    `${url} (from ${urlFrom}) would send the token and every message in the clear: use wss://, or an SSH tunnel (--ssh user@${hostname})${trust}`,
    { details: { code: 'INSECURE_URL', url, urlFrom } },
  );
}

// --- internal ---

const own = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 32],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  own.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  own.addSubnet(network, prefix, 'ipv6');

function isPrivateHost(host: string): boolean {
  const family = isIP(host);
  if (family !== 0) return own.check(host, family === 6 ? 'ipv6' : 'ipv4');
  return /(^|\.)localhost$|\.local$|\.ts\.net$/.test(host.replace(/\.$/, '').toLowerCase());
}
