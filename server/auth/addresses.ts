import { toPlainAddress } from '../config/address-range.ts';

/** True for 127.0.0.0/8 and ::1, also when written as IPv6. */
export function isLoopbackAddress(address: string): boolean {
  const plain = toPlainAddress(address);
  return plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}
