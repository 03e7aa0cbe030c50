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

/** Headers that a proxy adds; who sends one is not the client itself. */
const forwardingHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
  'cf-connecting-ip',
  'true-client-ip',
];

/** Reads the caller from a request of `node:http`, plain or upgraded. */
export function toCaller({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): Caller {
  const address = toPlainAddress(socket.remoteAddress ?? '');
  return {
    address,
    local: isLoopbackAddress(address) && !forwardingHeaders.some((name) => headers[name] !== undefined),
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
