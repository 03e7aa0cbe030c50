import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { DeviceProof } from '../../sdk/protocol/hello.ts';

export interface TestDevice {
  id: string;
  /** Raw, base64url. */
  publicKey: string;
  pem: string;
  sign(payload: string): Buffer;
}

/** A device with keys of its own. */
export function makeDevice(): TestDevice {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'jwk' }).x as string;
  return {
    id: createHash('sha256').update(Buffer.from(raw, 'base64url')).digest('hex'),
    publicKey: raw,
    pem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    sign: (payload) => sign(null, Buffer.from(payload), privateKey),
  };
}

export interface Signed {
  device: TestDevice;
  version?: 'v2' | 'v3';
  nonce: string;
  token?: string;
  client?: { id: string; mode: string; platform: string; deviceFamily?: string };
  role?: string;
  scopes?: string[];
  signedAt?: number;
}

/** What a well-behaved client puts into `connect.device`. */
export function prove({ device, version = 'v3', nonce, token = '', role = 'operator', ...rest }: Signed): DeviceProof {
  const { client = { id: 'test', mode: 'test', platform: 'linux' }, scopes = [], signedAt = Date.now() } = rest;
  const fields = [version, device.id, client.id, client.mode, role, scopes.join(','), signedAt, token, nonce];
  if (version === 'v3') fields.push(client.platform.trim().toLowerCase(), (client.deviceFamily ?? '').toLowerCase());
  const signature = device.sign(fields.join('|')).toString('base64url');
  return { id: device.id, publicKey: device.publicKey, signature, signedAt, nonce };
}
