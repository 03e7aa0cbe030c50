import type { ClientIdentity, GrantedAs, WithheldScope } from '../../sdk/protocol/hello.ts';
import { isGranted, type OperatorScope, type Role } from '../../sdk/protocol/scopes.ts';
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

/** What a client gets of what it asked for, and why. */
export interface Grant {
  scopes: readonly string[];
  grantedAs: GrantedAs;
  withheld: WithheldScope[];
}

/** Clients that keep their scopes without a device: `<id>/<mode>`. */
const trustedWithoutDevice = ['gateway-client/backend', 'cli/cli'];

/**
 * Decides what a client may do (docs/protocol.md, "Scopes"): what it asked for when it has a device, or when it is one
 * of our own tools and no page in a browser; nothing otherwise, so that a leaked token in a page cannot act. For a device
 * the pairing decides as well, and refuses where this would have to give less.
 */
export function grantScopes(claim: Claim): Grant {
  const grantedAs = toGrantedAs(claim);
  const reason = grantedAs === 'node' ? 'node-role' : grantedAs === 'guest' ? 'device-required' : undefined;
  if (!reason) return { scopes: claim.scopes, grantedAs, withheld: [] };
  const withheld = claim.scopes.map((scope) => ({ scope, reason, fix: fixes[reason] }) as const);
  return { scopes: [], grantedAs, withheld };
}

/** What is known of a person whom a trusted proxy has signed in. */
export interface Person {
  /** Of `gateway.auth.identityScopes`. */
  own: readonly string[];
  /** All that the proxy allows, by `x-openclaw-scopes`. Undefined: everything. */
  allowed: readonly string[] | undefined;
}

/**
 * Adds what a person may do to what the client is granted, and takes away what the proxy does not allow.
 * @returns besides, which of the scopes a device has to be approved for: those that are not the person's own.
 */
export function grantPerson(grant: Grant, { own, allowed }: Person): { grant: Grant; paired: readonly string[] } {
  const cap = (scopes: readonly string[]) => [
    ...new Set(scopes.flatMap((scope) => (!allowed || includes(allowed, scope) ? [scope] : narrow(scope, allowed)))),
  ];
  const scopes = cap([...grant.scopes, ...own]);
  const narrowed = grant.scopes
    .filter((scope) => !includes(scopes, scope))
    .map((scope) => ({ scope, reason: 'narrowed', fix: fixes.narrowed }) as const);
  const withheld = grant.withheld.filter(({ scope }) => !includes(scopes, scope));
  return {
    grant: { ...grant, scopes, withheld: [...withheld, ...narrowed] },
    paired: cap(grant.scopes).filter((scope) => !includes(own, scope)),
  };
}

// --- internal ---

const includes = (scopes: readonly string[], scope: string) => isGranted(scopes, scope as OperatorScope);

/** Of a scope that is not allowed as a whole, what it includes and is. */
const narrow = (scope: string, allowed: readonly string[]) => allowed.filter((one) => includes([scope], one));

function toGrantedAs({ client, role, hasDevice, caller }: Claim): GrantedAs {
  if (role === 'node') return 'node';
  if (hasDevice) return 'device';
  const isOwnTool = caller.origin === undefined && trustedWithoutDevice.includes(`${client.id}/${client.mode}`);
  if (!isOwnTool) return 'guest';
  return caller.local ? 'local-tool' : 'remote-tool';
}

const fixes: Record<WithheldScope['reason'], string> = {
  'device-required':
    "send device in connect, a key that signs the challenge; on the gateway's machine it is paired at once, elsewhere after `openclaw devices approve`",
  narrowed: 'have the proxy in between allow more in x-openclaw-scopes',
  'node-role': 'connect a second time with the role operator; nodes have no scopes',
};
