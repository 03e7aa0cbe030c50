import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { toSocketUrl } from '../client/surroundings.ts';
import { readConfigFile } from './config-file.ts';
import { readConfigText } from './config-text.ts';
import { type Environment, readSecretInput, type SecretInput } from './secret-input.ts';
import type { StateDir } from './state-dir.ts';

/** Where a gateway is, and what says so. */
export interface Address {
  url: string;
  urlFrom: string;
}

/** A fingerprint that a certificate must have, and what says so. */
export interface Pin {
  tlsFingerprint: string;
  tlsFingerprintFrom: string;
}

/** One place where a token or a password may be written. */
export interface Secret extends SecretInput {
  kind: 'token' | 'password';
  /** For people: a variable, a key in a file, a file. */
  source: string;
}

/** What one place says about a gateway. */
export interface Place {
  address?: Address | undefined;
  secrets: Secret[];
  pin?: Pin | undefined;
}

/** `OPENCLAW_GATEWAY_URL` or `OPENCLAW_GATEWAY_PORT`, `_TOKEN`, `_PASSWORD`, `_TLS_FINGERPRINT`. */
export function readEnvironment(env: Environment): Place & { isUrl: boolean } {
  const read = (name: string) => env[`OPENCLAW_GATEWAY_${name}`]?.trim() || undefined;
  const [url, port, tlsFingerprint] = [read('URL'), read('PORT'), read('TLS_FINGERPRINT')];
  const address = url
    ? { url: toSocketUrl(url), urlFrom: 'OPENCLAW_GATEWAY_URL' }
    : port && { url: toSocketUrl(`ws://127.0.0.1:${port}`), urlFrom: 'OPENCLAW_GATEWAY_PORT' };
  return {
    address: address || undefined,
    isUrl: url !== undefined,
    secrets: [
      { kind: 'token', source: 'OPENCLAW_GATEWAY_TOKEN', value: read('TOKEN') },
      { kind: 'password', source: 'OPENCLAW_GATEWAY_PASSWORD', value: read('PASSWORD') },
    ],
    pin: tlsFingerprint ? { tlsFingerprint, tlsFingerprintFrom: 'OPENCLAW_GATEWAY_TLS_FINGERPRINT' } : undefined,
  };
}

/** `gateway.json`, which a running gateway keeps. */
export async function readRunning({ path }: StateDir): Promise<Place> {
  const file = join(path, 'gateway.json');
  const { url, pid, token, password, tlsFingerprint } = readConfigText((await readIfThere(file)) ?? '');
  // A gateway that was killed leaves its file behind.
  const isThere = typeof url === 'string' && typeof pid === 'number' && isAlive(pid);
  if (!isThere) return { secrets: toSecrets({}, () => file) };
  return {
    address: { url: toSocketUrl(url), urlFrom: file },
    secrets: toSecrets({ token: toText(token), password: toText(password) }, () => file),
    pin: typeof tlsFingerprint === 'string' ? { tlsFingerprint, tlsFingerprintFrom: file } : undefined,
  };
}

/** What a configuration says: of the gateway here, and of the one that is used in its stead in mode `remote`. */
export interface Configured {
  own: Place;
  remote: Place;
  /** True when `gateway.mode` is `remote` and there is a `gateway.remote.url`. */
  isRemote: boolean;
}

/** The configuration file: of gateways that are not running, and of those that keep no `gateway.json`. */
export async function readConfigured({ configPath, path }: StateDir, env: Environment): Promise<Configured> {
  const config = await readConfigFile(configPath);
  const { port, mode, remote, auth, tls } = (config.gateway ?? {}) as GatewayKeys;
  const at = (key: string) => `${key} in ${configPath}`;
  const read = async ({ token, password }: Secrets = {}) => ({
    token: await readSecretInput(token, { env, config }),
    password: await readSecretInput(password, { env, config }),
  });
  const remoteUrl = (await readSecretInput(remote?.url, { env, config })).value;
  const pin = (await readSecretInput(remote?.tlsFingerprint, { env, config })).value;
  const scheme = tls?.enabled === true ? 'wss' : 'ws';
  return {
    isRemote: mode === 'remote' && remoteUrl !== undefined,
    own: {
      address:
        typeof port === 'number'
          ? { url: `${scheme}://127.0.0.1:${port}`, urlFrom: at('gateway.port') }
          : scheme === 'wss'
            ? { url: `wss://127.0.0.1:${defaultPort(env)}`, urlFrom: at('gateway.tls') }
            : undefined,
      secrets: toSecrets(await read(auth), (kind) => at(`gateway.auth.${kind}`)),
      pin: scheme === 'wss' ? await readCertificatePin(tls?.certPath, { path, configPath }) : undefined,
    },
    remote: {
      address: remoteUrl ? { url: toSocketUrl(remoteUrl), urlFrom: at('gateway.remote.url') } : undefined,
      secrets: toSecrets(await read(remote), (kind) => at(`gateway.remote.${kind}`)),
      pin: pin ? { tlsFingerprint: pin, tlsFingerprintFrom: at('gateway.remote.tlsFingerprint') } : undefined,
    },
  };
}

/** The token that a gateway has made for itself. */
export async function readTokenFile({ path }: StateDir): Promise<Place> {
  const file = join(path, 'gateway.token');
  return { secrets: [{ kind: 'token', source: file, value: (await readIfThere(file))?.trim() || undefined }] };
}

/** The port of the gateway of a profile that names none. */
export function defaultPort(env: Environment): number {
  return env.OPENCLAW_PROFILE?.trim() === 'dev' ? 19_001 : 18_789;
}

/**
 * The fingerprint of the certificate with which a gateway that is configured here would answer; undefined when it has not made
 * one yet. Reads nothing but the certificate.
 * @param certPath `gateway.tls.certPath`.
 */
export async function readCertificatePin(certPath: unknown, { path, configPath }: StateDir): Promise<Pin | undefined> {
  const own = join(path, 'gateway', 'tls', 'gateway-cert.pem');
  const file = typeof certPath === 'string' && certPath ? toAbsolute(certPath, dirname(configPath)) : own;
  const pem = await readIfThere(file);
  if (pem === undefined) return undefined;
  const { X509Certificate } = await import('node:crypto');
  try {
    return { tlsFingerprint: new X509Certificate(pem).fingerprint256, tlsFingerprintFrom: file };
  } catch {
    // Not a certificate: the gateway refuses to start with it, and says so.
    return undefined;
  }
}

// --- internal ---

function toAbsolute(path: string, folder: string): string {
  return /^~[\\/]/.test(path) ? join(process.env.HOME || homedir(), path.slice(1)) : resolve(folder, path);
}

interface Secrets {
  token?: unknown;
  password?: unknown;
}

interface GatewayKeys {
  port?: unknown;
  mode?: unknown;
  auth?: Secrets;
  remote?: Secrets & { url?: unknown; tlsFingerprint?: unknown };
  tls?: { enabled?: unknown; certPath?: unknown };
}

function toSecrets(
  { token = {}, password = {} }: Partial<Record<Secret['kind'], SecretInput>>,
  source: (kind: Secret['kind']) => string,
): Secret[] {
  return [
    { kind: 'token', source: source('token'), ...token },
    { kind: 'password', source: source('password'), ...password },
  ];
}

const toText = (value: unknown): SecretInput => ({ value: typeof value === 'string' && value ? value : undefined });

/** The text of a file; undefined when there is none, or it is not ours to read. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // The gateway's refusal will name what is missing.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process is alive, too.
    return (error as { code?: string }).code === 'EPERM';
  }
}
