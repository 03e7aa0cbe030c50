/**
 * The rows of the two tables of failures that protocol v4 has, and its rules for the handshake that end a socket; each needs a
 * fixture. A row is added here when docs/protocol.md gets one.
 */
export const rows = [
  // Connect
  'first frame: no JSON, or empty',
  'first frame: JSON, but no request frame',
  'first frame: another method',
  'connect: wrong parameters',
  'connect: no version in common',
  'connect: unknown role',
  'connect: worker',
  'connect: origin not allowed, or missing',
  'connect: control ui or tui without a device',
  'connect: no credentials and no device, or node without a device',
  'connect: no credentials, with a device',
  'connect: wrong token, no device',
  'connect: wrong token, with a device',
  'connect: wrong password',
  'connect: wrong device token',
  'connect: wrong bootstrap token',
  'connect: device proof',
  'connect: more than 64 KiB',
  'connect: silence',
  'connect: either field carries the secret',
  'connect: too many frames queued',
  'connect: locked out',
  'connect: starting',
  // After hello
  'second connect',
  'unknown method',
  'invalid params',
  'malformed request frame',
  'not JSON',
  'wrong role',
  'missing scope',
  'another profile expected',
  'duplicate request id',
  'absent or null params',
  'slow consumer',
  'tick silence',
  'shutdown or restart',
] as const;
