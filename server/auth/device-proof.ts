import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { ClientIdentity, Credentials, DeviceProof } from '../../sdk/protocol/hello.ts';

/** Farthest that `signedAt` may lie from now, milliseconds. */
const maxClockSkewMs = 120_000;

/** What a device signs at connect (docs/protocol.md, "Devices"). */
export interface SignedConnect {
  device: DeviceProof;
  client: Pick<ClientIdentity, 'id' | 'mode' | 'platform' | 'deviceFamily'>;
  role: string;
  /** As they were asked for, in that order. */
  scopes: readonly string[];
  credentials: Credentials | undefined;
  /** Of the challenge that was sent on this socket. */
  nonce: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What is wrong with a proof: `details.code`, `details.reason` and the message of the answer. */
export interface ProofFault {
  code: string;
  reason: string;
  message: string;
}

/**
 * Checks that the client holds the private key of the device it names. Ed25519; payloads v2 and v3 are accepted.
 * @returns the first fault, or undefined when the proof holds.
 */
export function findProofFault(connect: SignedConnect): ProofFault | undefined {
  const { device, nonce, now } = connect;
  const key = parsePublicKey(device.publicKey);
  if (!key || toDeviceId(key) !== device.id) return faults.deviceId;
  if (Math.abs(now - device.signedAt) > maxClockSkewMs) return faults.stale;
  if (device.nonce.trim() === '') return faults.nonceMissing;
  if (device.nonce.trim() !== nonce) return faults.nonceMismatch;
  const signature = Buffer.from(device.signature, 'base64');
  const isSigned = toPayloads(connect).some((payload) => verify(null, Buffer.from(payload), key, signature));
  return isSigned ? undefined : faults.signature;
}

/** A public key in its one spelling, 32 raw bytes in base64url; undefined for what is none. */
export function toRawKey(publicKey: string): string | undefined {
  return parsePublicKey(publicKey)?.export({ format: 'jwk' }).x;
}

/** The id of a device: lower-case hex SHA-256 of its raw public key. */
function toDeviceId(key: KeyObject): string {
  const raw = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  return createHash('sha256').update(raw).digest('hex');
}

/** Reads 32 raw bytes in base64url or base64, or a PEM block. */
function parsePublicKey(text: string): KeyObject | undefined {
  try {
    const raw = Buffer.from(text, 'base64');
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') } });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    // The only way node:crypto has of saying that a key is malformed; here that is the client's fault, not ours.
    return undefined;
  }
}

function toPayloads({ device, client, role, scopes, credentials, nonce }: SignedConnect): string[] {
  const token = credentials?.token ?? credentials?.deviceToken ?? credentials?.bootstrapToken ?? '';
  const fields = [device.id, client.id, client.mode, role, scopes.join(','), String(device.signedAt), token, nonce];
  const machine = [toAsciiLower(client.platform), toAsciiLower(client.deviceFamily)];
  return [['v3', ...fields, ...machine].join('|'), ['v2', ...fields].join('|')];
}

function toAsciiLower(text = ''): string {
  return text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const fault = (code: string, reason: string, message: string): ProofFault => ({ code, reason, message });

const faults = {
  deviceId: fault(
    'DEVICE_AUTH_DEVICE_ID_MISMATCH',
    'device-id-mismatch',
    'device identity mismatch: device.id must be the hex SHA-256 of the raw Ed25519 key in device.publicKey',
  ),
  stale: fault(
    'DEVICE_AUTH_SIGNATURE_EXPIRED',
    'device-signature-stale',
    'device signature expired: set device.signedAt to the ts of connect.challenge',
  ),
  nonceMissing: fault(
    'DEVICE_AUTH_NONCE_REQUIRED',
    'device-nonce-missing',
    'device nonce required: set device.nonce to the nonce of connect.challenge',
  ),
  nonceMismatch: fault(
    'DEVICE_AUTH_NONCE_MISMATCH',
    'device-nonce-mismatch',
    "device nonce mismatch: use the nonce of this socket's connect.challenge",
  ),
  signature: fault(
    'DEVICE_AUTH_SIGNATURE_INVALID',
    'device-signature',
    'device signature invalid: sign the v3 payload with the key of device.publicKey',
  ),
};
