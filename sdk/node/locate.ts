import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Located, toLocated, toSocketUrl, type Wanted } from '../client/surroundings.ts';
import { readConfigText } from './config-text.ts';
import { findStateDir, type StateDir } from './state-dir.ts';

type Environment = Record<string, string | undefined>;
type Address = Pick<Located, 'url' | 'urlFrom'>;
type Credentials = Pick<Located, 'token' | 'password' | 'credentialFrom'>;

const defaultPort = 18_789;
/** Of the profile `dev`. */
const devPort = 19_001;
const startHint = 'start one with `openclaw gateway`, or set OPENCLAW_GATEWAY_URL';

/** A gateway's address and secret with where they were found, in the order in which the places are asked. */
interface Place {
  address?: Address | undefined;
  credentials?: Credentials | undefined;
  /** True when the secret is only for that address, on another machine. */
  remote?: boolean;
  /** True when the address was named whole, not only its port. */
  isUrl?: boolean;
}

/**
 * Finds the gateway. Places, in this order: what the application gave, the environment, a remote gateway that the
 * configuration names, the file that a running gateway keeps in the state directory, where it was before, the configured
 * port, the default port. A secret of this machine goes only to the gateway of this state directory: a loopback address that
 * somebody named may as well be a tunnel to another machine.
 */
export async function locate(wanted: Wanted, env: Environment, last?: Located): Promise<Located> {
  const stateDir = findStateDir(env);
  if (wanted.url !== undefined) return locateNamed({ ...wanted, url: wanted.url }, stateDir);
  const environment = readEnvironment(env);
  const running = await readRunning(stateDir);
  const configured = await readConfigured(stateDir, env);
  const remote = configured.remote ? configured.address : undefined;
  const named = environment.address ?? remote ?? running.address;
  if (!named && last) return last;
  const address = named ?? configured.address ?? defaultAddress(env);
  const hint = isLoopback(address.url) ? startHint : 'check that the gateway runs there and that the address is right';
  if (wanted.token !== undefined || wanted.password !== undefined)
    return { ...wanted, ...address, hint, credentialFrom: 'the options of new OpenClaw()' };
  if (environment.credentials) return { ...address, hint, ...environment.credentials };
  if (remote && address === remote) return { ...address, hint, ...configured.credentials };
  if (environment.isUrl ? !isSameDoor(address, running.address) : !isLoopback(address.url)) return { ...address, hint };
  const own = configured.remote ? undefined : configured.credentials;
  return { ...address, hint, ...(running.credentials ?? (await readToken(stateDir)) ?? own) };
}

/** The gateway that the application named; its secret is looked up only when it is the one that runs here. */
async function locateNamed(wanted: Wanted & { url: string }, stateDir: StateDir): Promise<Located> {
  const located = toLocated(wanted);
  if (wanted.token !== undefined || wanted.password !== undefined) return located;
  const running = await readRunning(stateDir);
  if (!isSameDoor(located, running.address)) return { ...located, credentialFrom: undefined };
  return { ...located, ...(running.credentials ?? (await readToken(stateDir))), hint: startHint };
}

function defaultAddress(env: Environment): Address {
  const port = env.OPENCLAW_PROFILE?.trim() === 'dev' ? devPort : defaultPort;
  return { url: `ws://127.0.0.1:${port}`, urlFrom: 'the default port' };
}

/** True for two spellings of one port of this machine. */
function isSameDoor({ url }: Address, other: Address | undefined): boolean {
  if (!other || !isLoopback(url) || !isLoopback(other.url)) return false;
  return new URL(url).port === new URL(other.url).port;
}

function readEnvironment(env: Environment): Place {
  const { OPENCLAW_GATEWAY_URL: url, OPENCLAW_GATEWAY_PORT: port } = trimmed(env);
  const { OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_GATEWAY_PASSWORD: password } = trimmed(env);
  const address = url
    ? { url: toSocketUrl(url), urlFrom: 'OPENCLAW_GATEWAY_URL' }
    : port && { url: toSocketUrl(`ws://127.0.0.1:${port}`), urlFrom: 'OPENCLAW_GATEWAY_PORT' };
  return {
    address: address || undefined,
    isUrl: url !== undefined,
    credentials: toCredentials(token, password, [`OPENCLAW_GATEWAY_${token ? 'TOKEN' : 'PASSWORD'}`]),
  };
}

/** `gateway.json`, which a running gateway keeps. */
async function readRunning({ path }: StateDir): Promise<Place> {
  const file = join(path, 'gateway.json');
  const text = await readIfThere(file);
  if (text === undefined) return {};
  const { url, pid, token, password } = readConfigText(text);
  // A gateway that was killed leaves its file behind.
  if (typeof url !== 'string' || typeof pid !== 'number' || !isAlive(pid)) return {};
  return { address: { url: toSocketUrl(url), urlFrom: file }, credentials: toCredentials(token, password, [file]) };
}

/** The configuration file: of gateways that are not running, and of those that keep no `gateway.json`. */
async function readConfigured({ configPath }: StateDir, env: Environment): Promise<Place> {
  const text = await readIfThere(configPath);
  if (text === undefined) return {};
  const { gateway } = readConfigText(text) as { gateway?: GatewayKeys };
  const { port, mode, remote, auth } = gateway ?? {};
  if (mode === 'remote' && typeof remote?.url === 'string')
    return {
      remote: true,
      address: { url: toSocketUrl(remote.url), urlFrom: `gateway.remote.url in ${configPath}` },
      credentials: toCredentials(substitute(remote.token, env), substitute(remote.password, env), [
        'gateway.remote',
        configPath,
      ]),
    };
  return {
    address:
      typeof port === 'number'
        ? { url: `ws://127.0.0.1:${port}`, urlFrom: `gateway.port in ${configPath}` }
        : undefined,
    credentials: toCredentials(substitute(auth?.token, env), substitute(auth?.password, env), [
      'gateway.auth',
      configPath,
    ]),
  };
}

interface GatewayKeys {
  port?: unknown;
  mode?: unknown;
  auth?: { token?: unknown; password?: unknown };
  remote?: { url?: unknown; token?: unknown; password?: unknown };
}

/** The token that a gateway has made for itself. */
async function readToken({ path }: StateDir): Promise<Credentials | undefined> {
  const file = join(path, 'gateway.token');
  return toCredentials((await readIfThere(file))?.trim(), undefined, [file]);
}

function toCredentials(token: unknown, password: unknown, from: string[]): Credentials | undefined {
  const secrets = {
    ...(typeof token === 'string' && token !== '' && { token }),
    ...(typeof password === 'string' && password !== '' && { password }),
  };
  return Object.keys(secrets).length > 0 ? { ...secrets, credentialFrom: from.join(' in ') } : undefined;
}

/** A secret that is written as `${VAR}`; one with an unset variable is none. */
function substitute(value: unknown, env: Environment): unknown {
  if (typeof value !== 'string') return undefined;
  const name = /^\$\{([A-Z_][A-Z0-9_]*)\}$/.exec(value)?.[1];
  return name === undefined ? value : env[name];
}

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

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function trimmed(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value?.trim() || undefined]));
}
