import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readCertificatePin } from '../../sdk/node/places.ts';
import { findGatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import type { Config } from '../../server/config/config.ts';
import { type AuthSettings, type Bind, defaultPort, devPort, resolveGateway } from '../../server/config/gateway.ts';
import { isPlainObject } from '../../server/config/key-path.ts';
import { type Paths, resolvePaths } from '../../server/config/paths.ts';
import { isAlive, type RuntimeFile } from '../../server/config/state-dir.ts';
import { misuse } from '../misuse.ts';
import type { Shell } from '../shell.ts';
import { type ConfigHere, readConfigHere } from './config-here.ts';
import { findLogFile } from './log-file.ts';

/** What is known on this machine, without asking a gateway, about the one of this profile and state directory. */
export interface GatewayHere {
  /** Undefined for the ordinary gateway; `dev` with `--dev`. */
  profile: string | undefined;
  paths: Paths;
  config: ConfigHere;
  /** How a gateway that is started now would listen. Flags of a running one are not known here: see {@link url}. */
  bind: Bind;
  hosts: string[];
  port: number;
  /** `OPENCLAW_GATEWAY_PORT`, `gateway.port` or `default`. */
  portSource: string;
  /** `unknown` as the source when the configuration does not tell. Secrets are not read. */
  auth: { mode: AuthSettings['mode'] | 'trusted-proxy'; source: string };
  /** What would keep a gateway from starting although the file is valid: an address it lacks, a bind without auth. */
  faults: string[];
  /** True when a gateway that is started now would speak TLS (`gateway.tls.enabled`). */
  tls: boolean;
  /** SHA-256 of the certificate of the gateway at `url`, as far as it is known here; undefined without TLS. */
  tlsFingerprint: string | undefined;
  /** Where clients on this machine find it: the running gateway's own word, else what the settings above say. */
  url: string;
  /** What the last gateway of this state directory left; `alive` when its process runs. */
  runtime: RuntimeHere | undefined;
  /** The file that its log goes to today. */
  logFile: string;
}

/** `gateway.json` of the state directory. */
export interface RuntimeHere {
  path: string;
  url: string;
  pid: number;
  /** Whether a process with that id runs. Ids are used again: only an answer proves that it is the gateway. */
  alive: boolean;
  /** SHA-256 of the certificate that it answers with; undefined without TLS. */
  tlsFingerprint: string | undefined;
  /** The secret in effect, when the gateway could share it. */
  credentials: { token?: string; password?: string };
  /** Keys that its flags decided, where it says so. */
  flags: NonNullable<RuntimeFile['flags']>;
}

/**
 * Reads files and the environment; runs nothing, writes nothing, asks nobody.
 * @throws GatewayError bad usage, for a profile that is none.
 */
export async function readGatewayHere({ globals, env }: Shell): Promise<GatewayHere> {
  const paths = findPaths(env, globals);
  const [config, runtime] = await Promise.all([readConfigHere(paths.configPath, env), readRuntime(paths.stateDir)]);
  const settings = readSettings(config.value, env, paths.profile === 'dev');
  const tls = config.value.gateway?.tls?.enabled === true;
  const url = runtime?.alive && !env.OPENCLAW_GATEWAY_PORT?.trim() ? runtime.url : toLocalUrl({ ...settings, tls });
  return {
    profile: paths.profile,
    paths,
    config,
    ...settings,
    tls,
    url,
    tlsFingerprint: url.startsWith('wss:') ? await findFingerprint({ runtime, config, paths }) : undefined,
    runtime,
    logFile: await findLogFile(config.value.logging?.file, paths.profile),
  };
}

/** Where the gateway of this profile keeps its files. @throws GatewayError bad usage, for a profile that is none. */
export function findPaths(env: NodeJS.ProcessEnv, { profile, dev }: Shell['globals']): Paths {
  try {
    return resolvePaths({ env, profile, dev, homedir: homedir() });
  } catch (error) {
    throw isGatewayError(error) && error.code === 'INVALID_REQUEST' ? misuse(error.message) : error;
  }
}

// --- internal ---

type Environment = NodeJS.ProcessEnv;
type Settings = Pick<GatewayHere, 'bind' | 'hosts' | 'port' | 'portSource' | 'auth' | 'faults'>;

/** Where a gateway with these settings is found from this machine. */
function toLocalUrl({ hosts, port, tls }: Pick<GatewayHere, 'hosts' | 'port' | 'tls'>): string {
  const host = hosts.at(-1) ?? '127.0.0.1';
  return `${tls ? 'wss' : 'ws'}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}

function readSettings(config: Config, env: Environment, dev: boolean): Settings {
  try {
    const { bind, hosts, port, portSource, auth } = resolveGateway({ config: withReadableSecrets(config), env, dev });
    return { bind, hosts, port, portSource, auth: { mode: auth.mode, source: auth.source }, faults: [] };
  } catch (error) {
    const known = findGatewayError(error);
    if (!known) throw error;
    return { ...guessSettings(config, env, dev), faults: [known.message] };
  }
}

/** What can be said all the same of settings that no gateway starts with. */
function guessSettings({ gateway = {} }: Config, env: Environment, dev: boolean): Omit<Settings, 'faults'> {
  const named = env.OPENCLAW_GATEWAY_PORT?.trim();
  const port = [Number(named), gateway.port].find((one) => Number.isInteger(one) && Number(one) > 0);
  const usual = dev ? devPort : defaultPort;
  return {
    bind: gateway.bind ?? 'loopback',
    hosts: [gateway.bind === 'lan' ? '0.0.0.0' : '127.0.0.1'],
    port: port ?? usual,
    portSource: port === undefined ? 'default' : named ? 'OPENCLAW_GATEWAY_PORT' : 'gateway.port',
    auth: { mode: gateway.auth?.mode ?? 'token', source: 'unknown' },
  };
}

/** Which secret it is does not matter here, only that there is one: a reference stands for what it leads to. */
function withReadableSecrets(config: Config): Config {
  const { token, password, ...auth } = config.gateway?.auth ?? {};
  const toText = (secret: unknown) => (isPlainObject(secret) || isReference(secret) ? '(kept elsewhere)' : secret);
  const secrets = { token: toText(token), password: toText(password) };
  const present = Object.fromEntries(Object.entries(secrets).filter(([, secret]) => secret !== undefined));
  return { ...config, gateway: { ...config.gateway, auth: { ...auth, ...present } } };
}

function isReference(secret: unknown): boolean {
  return typeof secret === 'string' && /\$\{[^}]+\}/.test(secret);
}

/** The running gateway's word, else the certificate with which one would answer. */
async function findFingerprint({ runtime, config, paths }: Pick<GatewayHere, 'runtime' | 'config' | 'paths'>) {
  if (runtime?.alive && runtime.tlsFingerprint) return runtime.tlsFingerprint;
  const { certPath } = config.value.gateway?.tls ?? {};
  const pin = await readCertificatePin(certPath, { path: paths.stateDir, configPath: paths.configPath });
  return pin?.tlsFingerprint;
}

async function readRuntime(stateDir: string): Promise<RuntimeHere | undefined> {
  const path = join(stateDir, 'gateway.json');
  try {
    const {
      url,
      pid,
      token,
      password,
      tlsFingerprint,
      flags = {},
    } = JSON.parse(await readFile(path, 'utf8')) as Partial<RuntimeFile>;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || url === undefined || !URL.canParse(url)) return undefined;
    const credentials = { ...(token !== undefined && { token }), ...(password !== undefined && { password }) };
    return { path, url, pid, alive: isAlive(pid), tlsFingerprint, credentials, flags };
  } catch {
    return undefined; // none, half of one, or not ours to read: as good as none
  }
}
