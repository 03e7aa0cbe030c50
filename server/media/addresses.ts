import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** An address as `node:dns` answers it. */
export interface Address {
  address: string;
  family: number;
}

/** Finds the addresses of a name. Contract: rejects when there are none. */
export type LookUp = (hostname: string) => Promise<Address[]>;

/** Asks the machine's own resolver, with its hosts file. */
export const lookUpName: LookUp = (hostname) => lookup(hostname, { all: true, verbatim: true });

/**
 * True for an address on the public internet. Everything else is refused, also what only leads elsewhere: private, loopback,
 * link-local (with the metadata services of clouds), shared (RFC 6598), benchmark, documentation, multicast and reserved
 * addresses, and IPv4 addresses in IPv6 (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  // A zone only means something on this machine.
  if (address.includes('%') || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast' || hidden.has(address)) return false;
  // Of IPv6, only this part has been given out.
  return !(parsed instanceof ipaddr.IPv6) || parsed.match(globalUnicast);
}

/**
 * True for a public address that is not one of this machine: behind it stand programs that a firewall keeps from everybody
 * else.
 * @param own as `node:os` tells them.
 */
export function isElsewhere(address: string, own = networkInterfaces()): boolean {
  const isSame = (one: { address: string }) =>
    ipaddr.isValid(one.address) && toCanonical(one.address) === toCanonical(address);
  return isPublicAddress(address) && !Object.values(own).some((all) => all?.some(isSame));
}

/** True for text that is an IPv4 or IPv6 address. */
export const isAddress = (host: string): boolean => ipaddr.isValid(host);

// --- internal ---

const toCanonical = (address: string) => ipaddr.parse(address).toNormalizedString();

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** Public by its number, but answered inside a cloud only: the virtual machine's host on Azure. */
const hidden: ReadonlySet<string> = new Set(['168.63.129.16']);
