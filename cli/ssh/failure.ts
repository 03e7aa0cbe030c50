import { GatewayError } from '../../sdk/protocol/errors.ts';
import { oneLine } from '../render/text.ts';

/** Why there is no tunnel, by `details.code`. */
type Reason =
  | 'SSH_MISSING'
  | 'SSH_HOST_KEY'
  | 'SSH_AUTH'
  | 'SSH_REFUSED'
  | 'SSH_UNKNOWN_HOST'
  | 'SSH_TIMEOUT'
  | 'SSH_FORWARDING'
  | 'SSH_FAILED';

/** What the client says, the reason it stands for, and what to do. */
const known: readonly [RegExp, Reason, (destination: string) => string][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'SSH_HOST_KEY',
    (to) =>
      `its host key is not the known one: find out why before anything else, then correct it with ssh-keygen -R (${to})`,
  ],
  [
    /Host key verification failed|No .* host key is known|authenticity of host/,
    'SSH_HOST_KEY',
    (to) => `its host key is not known here: connect once with "ssh ${to}" and compare the fingerprint`,
  ],
  [
    /Permission denied|Too many authentication failures|Authentication failed/,
    'SSH_AUTH',
    (to) =>
      `the login was refused: "ssh ${to}" has to work without a question, by a key or an agent (--ssh-identity names a key)`,
  ],
  [/Could not resolve hostname/, 'SSH_UNKNOWN_HOST', () => 'that name is not known: correct the host'],
  [
    /connect to (host|address).*Connection refused/,
    'SSH_REFUSED',
    () => 'no SSH server listens there: correct the host or the port, or start one',
  ],
  [
    /timed out|No route to host|Network is unreachable/,
    'SSH_TIMEOUT',
    () => 'the machine does not answer: check the network, a VPN, a firewall',
  ],
  [
    /administratively prohibited|forwarding.*(failed|disabled|not permitted)|cannot listen to port|Could not request local forwarding/,
    'SSH_FORWARDING',
    () => 'ports cannot be forwarded through it: AllowTcpForwarding has to be on there',
  ],
];

/** What to tell about a client that ended, from what it said. */
export function toSshError(destination: string, said: string): GatewayError {
  const [, reason, advice] = known.find(([pattern]) => pattern.test(said)) ?? [];
  const last = oneLine(said.trim().split('\n').filter(Boolean).slice(-2).join('; ')).slice(0, 300);
  const what = advice?.(destination) ?? `ssh ended${last ? '' : ' without a word'}`;
  return sshError(reason ?? 'SSH_FAILED', destination, last ? `${what} (ssh: ${last})` : what);
}

/** @param what with the next step. */
export function sshError(reason: Reason, destination: string, what: string, cause?: unknown): GatewayError {
  const details = { code: reason, destination };
  return new GatewayError('UNREACHABLE', `no SSH tunnel to ${destination}: ${what}`, { details, cause });
}
