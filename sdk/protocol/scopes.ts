/** What an operator may be allowed to do. `operator.admin` includes all others, `operator.write` includes `operator.read`. */
export const operatorScopes = [
  'operator.admin',
  'operator.read',
  'operator.write',
  'operator.approvals',
  'operator.pairing',
  'operator.questions',
  'operator.talk',
  'operator.talk.secrets',
] as const;

export type OperatorScope = (typeof operatorScopes)[number];

/** Which kind of peer is on the line: a person's client, or a device that offers commands. */
export type Role = 'operator' | 'node';

/** How the caller proved who it is. */
export type AuthMethod = 'none' | 'token' | 'password' | 'device-token' | 'trusted-proxy' | 'tailscale';

/** Who is calling. Made once, at hello or per HTTP request, and never changed. */
export interface Principal {
  /** Stable for the life of the connection or request; for logs, never a secret. */
  id: string;
  role: Role;
  /** Granted scopes; names this gateway does not know are kept as they were asked for. */
  scopes: readonly string[];
  method: AuthMethod;
  /** The device whose key the caller has proved to hold. */
  deviceId?: string | undefined;
  /** The person whom a trusted proxy or Tailscale has signed in, by the name that it gave. */
  user?: string | undefined;
}

/** True when the granted scopes include the required one, by the lattice admin ⊇ all, write ⊇ read. */
export function isGranted(granted: readonly string[], required: OperatorScope): boolean {
  return (
    granted.includes(required) ||
    granted.includes('operator.admin') ||
    (required === 'operator.read' && granted.includes('operator.write'))
  );
}

/** The scopes of a list that the granted ones do not include, by the same lattice; unknown names must be granted as they are. */
export function missingScopes(granted: readonly string[], wanted: readonly string[]): string[] {
  const isAdmin = granted.includes('operator.admin');
  const isHeld = (scope: string) =>
    granted.includes(scope) ||
    (isAdmin && scope.startsWith('operator.')) ||
    (scope === 'operator.read' && granted.includes('operator.write'));
  return wanted.filter((scope) => !isHeld(scope));
}
