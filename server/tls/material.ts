import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { TlsSettings } from './settings.ts';

/** What a listener is given, as PEM. */
export interface TlsMaterial {
  /** The certificate, and those between it and its authority. */
  cert: string;
  key: string;
  ca: string | undefined;
}

/** A pair that fits, and its certificate. */
export interface CheckedMaterial {
  material: TlsMaterial;
  certificate: X509Certificate;
}

/**
 * Reads certificate, key and CA bundle, and makes sure that a listener can use them together.
 * @throws GatewayError INVALID_CONFIG that names the file and what is wrong with it. No content stands in it.
 */
export async function readMaterial({ certPath, keyPath, caPath }: TlsSettings): Promise<CheckedMaterial> {
  const [cert, key, ca] = await Promise.all([
    readPem(certPath, 'certificate'),
    readPem(keyPath, 'key'),
    caPath === undefined ? undefined : readPem(caPath, 'ca'),
  ]);
  const certificate = attempt('certificate', certPath, 'is no PEM certificate', () => new X509Certificate(cert));
  const privateKey = attempt('key', keyPath, 'is no PEM private key, or one that wants a passphrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw fault('key', keyPath, `does not belong to the certificate ${certPath}`);
  const material = { cert, key, ca };
  attempt('ca', caPath ?? certPath, 'cannot be used for TLS', () => createSecureContext(material));
  return { material, certificate };
}

// --- internal ---

type Part = 'certificate' | 'key' | 'ca';
const settingOf: Record<Part, string> = { certificate: 'certPath', key: 'keyPath', ca: 'caPath' };

/** Programs that write certificates like to put a description in front. */
async function readPem(path: string, part: Part): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fault(part, path, `cannot be read (${error.code})`, error);
  });
  const start = text.indexOf('-----BEGIN ');
  if (start < 0) throw fault(part, path, 'is no PEM file');
  return text.slice(start);
}

function attempt<T>(part: Part, path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fault(part, path, `${what} (${(error as NodeJS.ErrnoException).code ?? 'malformed'})`, error);
  }
}

function fault(part: Part, path: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'INVALID_CONFIG',
    `gateway.tls: the ${part === 'ca' ? 'CA bundle' : part} ${path} ${what}: correct the file, or gateway.tls.${settingOf[part]}`,
    { details: { path: `gateway.tls.${settingOf[part]}`, file: path }, cause },
  );
}
