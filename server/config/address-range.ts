import { isIP } from 'node:net';

/** A network, as `net.BlockList` takes it. */
export interface AddressRange {
  network: string;
  prefix: number;
  family: 'ipv4' | 'ipv6';
}

/**
 * Reads an IP address or a range in CIDR; undefined for anything else. IPv4 written as IPv6 (`::ffff:10.0.0.0/104`) is IPv4:
 * of its prefix 96 bits belong to the notation.
 */
export function toAddressRange(entry: string): AddressRange | undefined {
  const [network = '', size, ...more] = entry.trim().split('/');
  const version = isIP(network);
  if (version === 0 || more.length > 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = size === undefined ? bits : /^\d{1,3}$/.test(size) ? Number(size) : -1;
  if (prefix < 0 || prefix > bits) return undefined;
  if (version === 4) return { network, prefix, family: 'ipv4' };
  const plain = toPlainAddress(network);
  if (isIP(plain) === 6) return { network, prefix, family: 'ipv6' };
  return prefix < mappedBits ? undefined : { network: plain, prefix: prefix - mappedBits, family: 'ipv4' };
}

/** IPv4 without its IPv6 prefix. */
export function toPlainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address;
}

// --- internal ---

const mappedBits = 96;
