import { BlockList, isIP } from 'node:net';

/** True for 127.0.0.0/8 and ::1, however they are written: also as IPv6 in digits, and with a zone. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

// --- internal ---

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
