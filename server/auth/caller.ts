import type { IncomingMessage } from 'node:http';

/** Where a socket or an HTTP request comes from. All but `address` and `local` is what the peer claims. */
export interface Caller {
  /** Remote IP address, IPv4 without its IPv6 prefix. */
  address: string;
  /** True when the peer is on this machine and does not say that it forwards for another. */
  local: boolean;
  /** The `Origin` header: present means a browser. */
  origin: string | undefined;
  /** The `Host` header. */
  host: string | undefined;
}

/** Headers that proxies, tunnels and clouds add; who sends one is not the client itself. */
const forwardingHeaders =
  /^(x-(original-)?forwarded(-.+)?|forwarded(-for)?|via|cdn-loop|true-client-ip|x-(real|client|proxyuser|cluster-client)-ip|(cf-connecting|fastly-client|fly-client)-ip|cf-ray|x-envoy-external-address|x-amzn-trace-id|tailscale-user-login)$/;

/** Reads the caller from a request of `node:http`, plain or upgraded. */
export function toCaller({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): Caller {
  const address = toPlainAddress(socket.remoteAddress ?? '');
  return {
    address,
    local: isLoopbackAddress(address) && !Object.keys(headers).some((name) => forwardingHeaders.test(name)),
    origin: headers.origin?.trim() || undefined,
    host: headers.host,
  };
}

/** True for 127.0.0.0/8 and ::1, also when written as IPv6. */
export function isLoopbackAddress(address: string): boolean {
  const plain = toPlainAddress(address);
  return plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}

function toPlainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
