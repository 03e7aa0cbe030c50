import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DeviceProof } from '../../sdk/protocol/hello.ts';
import { findProofFault, type SignedConnect } from '../../server/auth/device-proof.ts';
import { makeDevice, prove } from './device.ts';

const device = makeDevice();
const nonce = '4b6e3b9e-6f3f-4f0e-9d43-0a4dfd7b8f11';
const now = Date.now();
const client = { id: 'openclaw-ios', mode: 'ui', platform: ' iOS 26 ', deviceFamily: 'iPhone' } as const;
const connect = (proof: DeviceProof, changes: Partial<SignedConnect> = {}): SignedConnect => ({
  device: proof,
  client,
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  credentials: { token: 'secret' },
  nonce,
  now,
  ...changes,
});
const signed = {
  device,
  nonce,
  client,
  token: 'secret',
  scopes: ['operator.read', 'operator.write'],
  signedAt: now,
};

describe('a device proof', () => {
  it.each(['v2', 'v3'] as const)('holds as payload %s', (version) => {
    expect(findProofFault(connect(prove({ ...signed, version })))).toBeUndefined();
  });

  it('holds with the key as PEM or base64, and the signature as base64', () => {
    const proof = prove(signed);
    const signature = Buffer.from(proof.signature, 'base64url').toString('base64');
    const publicKey = Buffer.from(device.publicKey, 'base64url').toString('base64');
    expect(findProofFault(connect({ ...proof, publicKey, signature }))).toBeUndefined();
    expect(findProofFault(connect({ ...proof, publicKey: device.pem }))).toBeUndefined();
  });

  it.each([
    [{ token: 'a', deviceToken: 'b', bootstrapToken: 'c' }, 'a'],
    [{ deviceToken: 'b', bootstrapToken: 'c' }, 'b'],
    [{ bootstrapToken: 'c' }, 'c'],
    [{ password: 'p' }, ''],
    [undefined, ''],
  ])('covers of %j the token %j', (credentials, token) => {
    expect(findProofFault(connect(prove({ ...signed, token }), { credentials }))).toBeUndefined();
  });

  it('holds up to 120 s of difference between the clocks', () => {
    for (const signedAt of [now - 120_000, now + 120_000])
      expect(findProofFault(connect(prove({ ...signed, signedAt })))).toBeUndefined();
    for (const signedAt of [now - 120_001, now + 120_001])
      expect(findProofFault(connect(prove({ ...signed, signedAt })))).toMatchObject({
        code: 'DEVICE_AUTH_SIGNATURE_EXPIRED',
        reason: 'device-signature-stale',
      });
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'pem', type: 'spki' });
  it.each([
    ['another id', { id: createHash('sha256').update('x').digest('hex') }],
    ['an upper-case id', { id: device.id.toUpperCase() }],
    ['an unusable key', { publicKey: 'AAAA' }],
    ['a key of another kind', { publicKey: String(rsa) }],
    ['a broken PEM', { publicKey: '-----BEGIN PUBLIC KEY-----' }],
  ])('with %s is another device', (_name, changes) => {
    expect(findProofFault(connect({ ...prove(signed), ...changes }))).toMatchObject({
      code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH',
      reason: 'device-id-mismatch',
    });
  });

  it('needs the nonce of this socket', () => {
    expect(findProofFault(connect({ ...prove(signed), nonce: ' ' }))).toMatchObject({
      code: 'DEVICE_AUTH_NONCE_REQUIRED',
      reason: 'device-nonce-missing',
    });
    expect(findProofFault(connect(prove({ ...signed, nonce: 'other' })))).toMatchObject({
      code: 'DEVICE_AUTH_NONCE_MISMATCH',
      reason: 'device-nonce-mismatch',
    });
  });

  it.each<[string, Partial<SignedConnect>]>([
    ['role', { role: 'node' }],
    ['scopes', { scopes: ['operator.admin'] }],
    ['order of scopes', { scopes: ['operator.write', 'operator.read'] }],
    ['token', { credentials: { token: 'other' } }],
    ['client', { client: { ...client, id: 'cli' } }],
    ['platform', { client: { ...client, platform: 'android' } }],
  ])('does not cover another %s', (_name, changes) => {
    expect(findProofFault(connect(prove(signed), changes))).toMatchObject({
      code: 'DEVICE_AUTH_SIGNATURE_INVALID',
      reason: 'device-signature',
    });
  });

  it('needs a signature of that key', () => {
    const forged = { ...prove(signed), signature: makeDevice().sign('x').toString('base64url') };
    expect(findProofFault(connect(forged))).toMatchObject({ reason: 'device-signature' });
    expect(findProofFault(connect({ ...forged, signature: '!' }))).toMatchObject({ reason: 'device-signature' });
  });
});
