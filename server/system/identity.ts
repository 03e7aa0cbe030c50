import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { placeOnce, readPrivate } from '../config/private-file.ts';

/** By what the gateway can be told from others. */
export interface GatewayIdentity {
  /** SHA-256 of the raw public key, lower-case hex. */
  deviceId: string;
  /** Ed25519, the raw 32 bytes in base64url. */
  publicKey: string;
}

/**
 * Reads the gateway's key pair from `<state dir>/gateway.key` (PKCS #8 PEM, mode 0600), or makes it; of two that make one
 * at once both get the first.
 * @throws GatewayError UNAVAILABLE when the file cannot be read, written or understood.
 */
export function openIdentity(stateDir: string): () => Promise<GatewayIdentity> {
  const path = join(stateDir, 'gateway.key');
  let known: Promise<GatewayIdentity> | undefined;
  return () => {
    known ??= readOrMake(path).catch((error: unknown) => {
      // What is wrong with the file may be mended while the gateway runs.
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function readOrMake(path: string): Promise<GatewayIdentity> {
  try {
    const pem = (await readPrivate(path)) ?? (await make(path));
    return toIdentity(createPublicKey(createPrivateKey(pem)));
  } catch (error) {
    const { code = 'no Ed25519 key' } = error as NodeJS.ErrnoException;
    throw new GatewayError(
      'UNAVAILABLE',
      `the gateway's key in ${path} cannot be used (${code}): correct or delete it`,
      {
        details: { path },
        cause: error,
      },
    );
  }
}

async function make(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  if (await placeOnce(path, pem)) return pem;
  return (await readPrivate(path)) ?? pem;
}

function toIdentity(key: KeyObject): GatewayIdentity {
  const { crv, x = '' } = key.export({ format: 'jwk' });
  if (crv !== 'Ed25519') throw new TypeError('no Ed25519 key');
  return { deviceId: createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex'), publicKey: x };
}
