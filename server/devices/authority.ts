import { GatewayError } from '../../sdk/protocol/errors.ts';
import { isGranted, missingScopes, type Principal } from '../../sdk/protocol/scopes.ts';

/*
 * What `operator.pairing` alone does not allow:
 *   a device without operator.admin   manages itself only
 *   a role other than operator        is for operator.admin
 *   scopes that the caller lacks      are neither given nor taken
 */

/** Who asks. */
export type Asker = Pick<Principal, 'id' | 'scopes' | 'deviceId' | 'method'>;

/** Which device the asker is confined to; undefined when it may see all. */
export function confinedTo({ deviceId, scopes }: Asker): string | undefined {
  return isGranted(scopes, 'operator.admin') ? undefined : deviceId;
}

/** @throws GatewayError FORBIDDEN when the device is not the asker's own. */
export function requireOwn(asker: Asker, deviceId: string): void {
  const own = confinedTo(asker);
  if (own !== undefined && own !== deviceId) throw missing(['operator.admin']);
}

/** @throws GatewayError FORBIDDEN for a role that is for admins, or scopes that the asker does not hold. */
export function requireAuthority({ scopes: held }: Asker, role: string, scopes: readonly string[]): void {
  if (role !== 'operator' && !isGranted(held, 'operator.admin')) throw missing(['operator.admin']);
  const lacking = missingScopes(held, scopes);
  if (lacking.length > 0) throw missing(lacking);
}

// --- internal ---

function missing(scopes: readonly string[]): GatewayError {
  const [missingScope] = scopes;
  return new GatewayError('FORBIDDEN', `missing scope: ${missingScope}`, {
    details: { code: 'MISSING_SCOPE', missingScope, requiredScopes: [...scopes] },
  });
}
