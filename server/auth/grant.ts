import type { ClientIdentity } from '../../sdk/protocol/hello.ts';
import type { Role } from '../../sdk/protocol/scopes.ts';
import type { Caller } from './caller.ts';

/** What decides on the scopes of a client that proved who it is. */
export interface Claim {
  client: Pick<ClientIdentity, 'id' | 'mode'>;
  role: Role;
  /** What it would like to be allowed. */
  scopes: readonly string[];
  /** True when it also proved to hold a device's key. */
  hasDevice: boolean;
  caller: Caller;
}

/** Clients that keep their scopes without a device: `<id>/<mode>`. */
const trustedWithoutDevice = ['gateway-client/backend', 'cli/cli'];

/**
 * Decides what a client may do (docs/protocol.md, "Scopes"): what it asked for when it has a device, or when it is one
 * of our own tools and no page in a browser; nothing otherwise, so that a leaked token in a page cannot act.
 */
export function grantScopes({ client, role, scopes, hasDevice, caller }: Claim): readonly string[] {
  if (role === 'node') return [];
  const isOwnTool = caller.origin === undefined && trustedWithoutDevice.includes(`${client.id}/${client.mode}`);
  return hasDevice || isOwnTool ? scopes : [];
}
