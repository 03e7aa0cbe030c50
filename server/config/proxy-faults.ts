import { toAddressRange } from './address-range.ts';
import type { Fault } from './faults.ts';
import { formatKey, type KeyPath, valueAt } from './key-path.ts';

/** Entries of `gateway.trustedProxies` that could never match. */
export function findProxyFaults(file: Record<string, unknown>): Fault[] {
  const steps: KeyPath = ['gateway', 'trustedProxies'];
  const entries = valueAt(file, steps);
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry, index) => {
    if (typeof entry !== 'string' || toAddressRange(entry)) return [];
    const place = [...steps, index];
    const message = `"${entry}" is neither an IP address nor a range in CIDR: use 10.0.0.1 or 10.0.0.0/8`;
    return [{ steps: place, path: formatKey(place), message }];
  });
}
