import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { placeOnce } from '../config/private-file.ts';
import { replaceFile } from '../config/replace-file.ts';
import { makeFolder } from '../log/make-folder.ts';
import type { TlsSettings } from './settings.ts';

/** What a certificate of ours calls itself, by which it is known again. */
const commonName = 'OpenClaw Gateway';
const dayMs = 86_400_000;
/** Clients pin it, so a new one costs every one of them a new pin. */
const validDays = 3650;
const renewDays = 30;

/**
 * Makes a certificate where there is none, mode 0600, for loopback, this machine's name and its addresses. Of two gateways
 * that start at once both have that of the first. A pair that is half there is left alone, but in our own folder, where it
 * is what a killed gateway left.
 * @throws GatewayError INVALID_CONFIG when there is none and none may be made, or the folder cannot be written.
 */
export async function ensureCertificate(settings: TlsSettings): Promise<void> {
  const { certPath, keyPath, autoGenerate, isOwn } = settings;
  const [cert, key] = [await readIfThere(certPath), await readIfThere(keyPath)];
  if (cert !== undefined && key !== undefined) return;
  const [missing, other] = cert === undefined ? [certPath, keyPath] : [keyPath, certPath];
  const isAlone = cert !== undefined || key !== undefined;
  if (!autoGenerate) throw refuse(missing, 'is missing: put it there, or set gateway.tls.autoGenerate to true');
  if (isAlone && (!isOwn || key === undefined))
    throw refuse(
      missing,
      `is missing, and ${other} is there: put it there, or move the other away to have both made anew`,
    );
  try {
    await makeFolder(dirname(keyPath));
    await makeFolder(dirname(certPath));
    const made = await make(key);
    if (key === undefined && !(await placeOnce(keyPath, made.key))) return await ensureCertificate(settings);
    await placeOnce(certPath, made.cert);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof GatewayError) throw error;
    throw refuse(dirname(keyPath), `cannot be written (${code}): correct its owner and mode`, error);
  }
}

/** True for a certificate that was made here and ends within a month. */
export function isDue(certificate: X509Certificate, now = Date.now()): boolean {
  return isOurs(certificate) && certificate.validToDate.getTime() - now < renewDays * dayMs;
}

/** Puts a certificate of the same key in the place of one that ends soon. */
export async function renewCertificate({ certPath, keyPath }: TlsSettings): Promise<void> {
  const { cert } = await make(await readFile(keyPath, 'utf8'));
  await replaceFile(certPath, cert);
}

// --- internal ---

function isOurs({ subject, issuer }: X509Certificate): boolean {
  return subject === `CN=${commonName}` && issuer === subject;
}

/** @param privateKey the key to sign with; a new one by default. */
async function make(privateKey: string | undefined): Promise<{ cert: string; key: string }> {
  const { generate } = await import('selfsigned');
  const names = [...new Set(['localhost', hostname().toLowerCase()])].filter((name) => /^[a-z0-9.-]+$/.test(name));
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - dayMs),
    notAfterDate: new Date(Date.now() + validDays * dayMs),
    ...(privateKey !== undefined && { keyPair: { privateKey, publicKey: await toPublicKey(privateKey) } }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...listAddresses().map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: `${made.cert.trim()}\n`, key: `${(privateKey ?? made.private).trim()}\n` };
}

async function toPublicKey(privateKey: string): Promise<string> {
  const { createPublicKey } = await import('node:crypto');
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** Those of one interface only (with a zone) are no names of a certificate. */
function listAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [
    ...new Set(['127.0.0.1', '::1', ...addresses.filter(({ scopeid }) => !scopeid).map(({ address }) => address)]),
  ];
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refuse(path, `cannot be read (${error.code}): correct its owner and mode`, error);
  });
}

function refuse(path: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError('INVALID_CONFIG', `gateway.tls: ${path} ${what}`, {
    details: { path: 'gateway.tls', file: path },
    cause,
  });
}
