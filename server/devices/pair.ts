import type { DeviceClient, PairedDevice } from '../../sdk/protocol/device.ts';
import { missingScopes } from '../../sdk/protocol/scopes.ts';
import type { DeviceStore } from './store.ts';

/** A device with all that it is approved for from now on, besides what it was before. */
export interface Approval {
  deviceId: string;
  publicKey: string;
  client: DeviceClient;
  /** The scopes of each role. */
  wanted: Readonly<Record<string, readonly string[]>>;
  via: PairedDevice['approvedVia'];
}

/** Writes an approval down. A role that gets more than it had, or that was revoked, gets a new token. */
export function pair(store: DeviceStore, { deviceId, publicKey, client, wanted, via }: Approval, now: number): void {
  const known = store.find(deviceId);
  store.put({ id: deviceId, publicKey, client, approvedVia: via }, now);
  for (const [role, scopes] of Object.entries(wanted)) {
    const has = known?.roles.find((one) => one.role === role && one.revokedAt === undefined);
    if (has && missingScopes(has.scopes, scopes).length === 0) continue;
    const all = [...new Set([...(has?.scopes ?? []), ...scopes])];
    store.grant({ deviceId, role, scopes: all, tokenScopes: all }, now);
  }
}
