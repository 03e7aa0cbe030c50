import type { ErrorShape } from '../../sdk/protocol/errors.ts';

/** A device that has to be approved first. */
export interface PairingRefusal {
  reason: 'not-paired' | 'role-upgrade' | 'scope-upgrade' | 'metadata-upgrade';
  requestId: string;
  deviceId: string;
  /** What it asked for. */
  role: string;
  scopes: readonly string[];
  /** What it may be already; absent for an unknown device. */
  approved?: { roles: readonly string[]; scopes: readonly string[] } | undefined;
}

const wordings: Record<PairingRefusal['reason'], string> = {
  'not-paired': 'this device is not approved yet',
  'role-upgrade': 'this device is not approved for this role',
  'scope-upgrade': 'this device asks for more scopes than it was approved for',
  'metadata-upgrade': 'this device is not the machine it was',
};

/** The error and the close reason of a device that has to be approved first (docs/protocol.md, "Connect"). */
export function toPairingError(refusal: PairingRefusal): { error: ErrorShape; reason: string } {
  const { requestId, deviceId, role, scopes, approved } = refusal;
  const reason = `pairing required: ${wordings[refusal.reason]} (requestId: ${requestId})`;
  const remediationHint = `Look at it with "openclaw devices list" where the gateway runs, then run: openclaw devices approve ${requestId}`;
  const details = {
    code: 'PAIRING_REQUIRED',
    reason: refusal.reason,
    requestId,
    deviceId,
    requestedRole: role,
    requestedScopes: [...scopes],
    remediationHint,
    ...(approved && { approvedRoles: [...approved.roles], approvedScopes: [...approved.scopes] }),
  };
  return { error: { code: 'NOT_PAIRED', message: `${reason}. ${remediationHint}`, details }, reason };
}
