import { isIPv4 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Config, GatewayConfig } from './config.ts';
import { requireSafeExposure, type TailscaleMode, tailscaleModes } from './exposure.ts';
import { nearestWord } from './nearest.ts';
import { type Environment, isUnresolved } from './substitute.ts';

export const defaultPort = 18_789;
export const devPort = 19_001;

const binds = ['loopback', 'lan', 'custom', 'auto', 'tailnet'] as const;
const authModes = ['token', 'password', 'none', 'trusted-proxy'] as const;
export type Bind = (typeof binds)[number];

/** What the command line said. */
export interface GatewayFlags {
  port?: number | string | undefined;
  bind?: string | undefined;
  auth?: string | undefined;
  token?: string | undefined;
  password?: string | undefined;
  tailscale?: string | undefined;
}

export interface GatewayOptions {
  config: Config;
  /** References of `config` that could not be read, and why. Default: nothing is known of why. */
  unread?: readonly ConfigIssue[] | undefined;
  flags?: GatewayFlags | undefined;
  env: Environment;
  /** `--dev`: port 19001 where nothing else names one. */
  dev?: boolean | undefined;
  /** The machine's addresses. Default those of the operating system. */
  interfaces?: Record<string, NetworkInterfaceInfo[] | undefined> | undefined;
}

/** How the gateway listens, and how callers prove who they are. */
export interface GatewaySettings {
  port: number;
  /** Where the port comes from: `--port`, `OPENCLAW_GATEWAY_PORT`, `gateway.port` or `default`. */
  portSource: string;
  bind: Bind;
  /** Addresses to listen on. With every one of them clients on this machine reach the gateway at 127.0.0.1. */
  hosts: string[];
  auth: AuthSettings;
  /** Whether Tailscale gives it an address of the tailnet (`serve`) or of the internet (`funnel`). */
  tailscale: TailscaleMode;
  /** Those of these settings that a flag named. */
  flagged: readonly ('bind' | 'auth' | 'tailscale')[];
}

export interface AuthSettings {
  mode: 'none' | 'token' | 'password' | 'trusted-proxy';
  /** Undefined in mode `token` when nobody named one: then it is the generated one, see token.ts. */
  token: string | undefined;
  /** In mode `trusted-proxy` that of programs on this machine. */
  password: string | undefined;
  /** Where the secret of the mode comes from; `gateway.token` for the generated one. */
  source: string;
}

/**
 * Resolves flags, environment and configuration, in this order.
 * @throws GatewayError INVALID_REQUEST for a wrong flag, INVALID_CONFIG for anything else that cannot be started with.
 */
export function resolveGateway({ config, unread, flags = {}, env, dev, interfaces }: GatewayOptions): GatewaySettings {
  const gateway = config.gateway ?? {};
  const bind = oneOf(binds, 'bind', flags.bind, gateway.bind) ?? 'loopback';
  const hosts = resolveHosts(bind, gateway.customBindHost, interfaces ?? networkInterfaces());
  const auth = resolveAuth(gateway.auth ?? {}, { flags, env, unread });
  if (auth.mode === 'trusted-proxy') requireProxy(gateway);
  requireAuth(bind, hosts, auth);
  requireOwnHookToken(config, auth);
  const tailscale = oneOf(tailscaleModes, 'tailscale', flags.tailscale, gateway.tailscale?.mode) ?? 'off';
  requireSafeExposure(tailscale, { bind, auth });
  return {
    ...resolvePort(gateway.port, flags.port, env, dev ? devPort : defaultPort),
    bind,
    hosts,
    auth,
    tailscale,
    flagged: (['bind', 'auth', 'tailscale'] as const).filter((name) => flags[name] !== undefined),
  };
}

/** Whoever may send a hook could otherwise do everything. @throws GatewayError INVALID_CONFIG. */
export function requireOwnHookToken(
  { hooks }: Config,
  {
    token,
    password,
    source,
  }: { token?: string | undefined; password?: string | undefined; source?: string | undefined },
): void {
  if (!hooks?.enabled || !hooks.token || (hooks.token !== token && hooks.token !== password)) return;
  throw new GatewayError(
    'INVALID_CONFIG',
    `hooks.token is the gateway's own secret (from ${source ?? 'gateway.auth'}): whoever may send a hook could do everything. ` +
      'Set hooks.token to another long random text, and give that one to the senders.',
    { details: { path: 'hooks.token' } },
  );
}

function resolvePort(
  configured: number | undefined,
  flag: number | string | undefined,
  env: Environment,
  fallback: number,
): Pick<GatewaySettings, 'port' | 'portSource'> {
  const choices: [string, number | string | undefined][] = [
    ['--port', flag],
    ['OPENCLAW_GATEWAY_PORT', env.OPENCLAW_GATEWAY_PORT?.trim() || undefined],
    ['gateway.port', configured],
  ];
  const [portSource, chosen] = choices.find(([, port]) => port !== undefined) ?? ['default', fallback];
  const text = String(chosen).trim();
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return { port, portSource };
  throw new GatewayError(
    portSource.startsWith('--') ? 'INVALID_REQUEST' : 'INVALID_CONFIG',
    `${portSource} "${text}" is no port: use a whole number from 1 to 65535, for example ${defaultPort}`,
    { details: { source: portSource } },
  );
}

function resolveHosts(
  bind: Bind,
  custom: string | undefined,
  interfaces: Record<string, NetworkInterfaceInfo[] | undefined>,
): string[] {
  switch (bind) {
    case 'lan':
      return ['0.0.0.0'];
    case 'custom':
      return withLoopback(readCustomHost(custom));
    case 'tailnet':
      return withLoopback(findTailnetAddress(interfaces));
    default:
      return ['127.0.0.1'];
  }
}

/** Clients on this machine expect the gateway at 127.0.0.1, whatever else it listens on. */
function withLoopback(host: string): string[] {
  return host === '0.0.0.0' || host === '127.0.0.1' ? [host] : [host, '127.0.0.1'];
}

function readCustomHost(host: string | undefined): string {
  if (host && isIPv4(host)) return host;
  const found = host ? `"${host}" is none` : 'it is not set';
  throw new GatewayError(
    'INVALID_CONFIG',
    `bind "custom" needs the IPv4 address to listen on in gateway.customBindHost, and ${found}: set it, for example 192.168.1.20`,
    { details: { path: 'gateway.customBindHost' } },
  );
}

function findTailnetAddress(interfaces: Record<string, NetworkInterfaceInfo[] | undefined>): string {
  const addresses = Object.values(interfaces).flatMap((list) => list ?? []);
  const own = addresses.find(({ address }) => isIPv4(address) && isSharedAddress(address));
  if (own) return own.address;
  throw new GatewayError(
    'INVALID_CONFIG',
    'bind "tailnet" needs an address in 100.64.0.0/10, and this machine has none: start Tailscale (tailscale up), or set gateway.bind to loopback or lan',
    { details: { path: 'gateway.bind' } },
  );
}

/** 100.64.0.0/10, RFC 6598: where Tailscale puts its machines. */
function isSharedAddress(address: string): boolean {
  const [first, second = 0] = address.split('.').map(Number);
  return first === 100 && second >= 64 && second < 128;
}

function resolveAuth(
  configured: NonNullable<GatewayConfig['auth']>,
  { flags, env, unread }: { flags: GatewayFlags; env: Environment; unread: GatewayOptions['unread'] },
): AuthSettings {
  const token = firstSecret([
    ['--token', flags.token],
    ['OPENCLAW_GATEWAY_TOKEN', env.OPENCLAW_GATEWAY_TOKEN],
    ['gateway.auth.token', configured.token],
  ]);
  const password = firstSecret([
    ['--password', flags.password],
    ['OPENCLAW_GATEWAY_PASSWORD', env.OPENCLAW_GATEWAY_PASSWORD],
    ['gateway.auth.password', configured.password],
  ]);
  const implied = password && (!token || (flags.password && !flags.token)) ? 'password' : 'token';
  const mode = oneOf(authModes, 'auth', flags.auth, configured.mode) ?? implied;
  if (mode === 'trusted-proxy' && token) throw refuseSharedToken(token);
  const takesPassword = mode === 'password' || mode === 'trusted-proxy';
  const secret = takesPassword ? password : mode === 'token' ? token : undefined;
  if (secret && isUnresolved(secret.value)) throw unresolvedSecret(secret, unread);
  return {
    mode,
    token: mode === 'token' ? token?.value : undefined,
    password: takesPassword ? password?.value : undefined,
    source: mode === 'none' || (mode === 'trusted-proxy' && !secret) ? mode : (secret?.source ?? 'gateway.token'),
  };
}

interface Secret {
  source: string;
  value: string;
}

function firstSecret(choices: [string, string | undefined][]): Secret | undefined {
  for (const [source, value] of choices) if (value?.trim()) return { source, value };
  return undefined;
}

/** The flag when it is given, else the configured value, which the schema has checked. */
function oneOf<T extends string>(
  known: readonly T[],
  name: string,
  flag: string | undefined,
  configured: T | undefined,
): T | undefined {
  if (flag === undefined) return configured;
  const found = known.find((word) => word === flag);
  if (found) return found;
  const near = nearestWord(flag, known);
  const advice = near ? `; did you mean ${near}?` : '';
  throw new GatewayError('INVALID_REQUEST', `--${name} "${flag}" is not one of ${known.join(', ')}${advice}`);
}

/** Nobody is let in without a secret who is not on this machine; and no secret can be compared with none. */
function requireAuth(bind: Bind, hosts: string[], { mode, password }: AuthSettings): void {
  const exposed = hosts.find((host) => !host.startsWith('127.'));
  const needsPassword = mode === 'password' && !password;
  const what = exposed ? `Refusing to bind gateway to ${bind} without auth. ` : '';
  const where = exposed ? ` at ${exposed}` : '';
  if (needsPassword)
    throw new GatewayError(
      'INVALID_CONFIG',
      `${what}auth mode "password"${where} needs a password: set gateway.auth.password or OPENCLAW_GATEWAY_PASSWORD`,
      { details: { path: 'gateway.auth.password' } },
    );
  if (exposed && mode === 'none')
    throw new GatewayError(
      'INVALID_CONFIG',
      `${what}With auth mode "none" anyone who reaches it${where} could use your agents. ` +
        'Set gateway.auth.mode to "token" or "password" (or pass --auth token), or set gateway.bind to loopback.',
      { details: { path: 'gateway.auth.mode' } },
    );
}

/** Whoever holds a shared token would need no proxy. */
function refuseSharedToken({ source }: Secret): GatewayError {
  return new GatewayError(
    'INVALID_CONFIG',
    `auth mode "trusted-proxy" and a shared token exclude each other, and ${source} is one: remove it, or set gateway.auth.mode to "token". ` +
      'Programs on this machine that come without the proxy use gateway.auth.password.',
    { details: { path: 'gateway.auth.mode', source } },
  );
}

/** Without these two nobody could ever be recognised. */
function requireProxy({ trustedProxies = [], auth = {} }: GatewayConfig): void {
  const missing =
    trustedProxies.length === 0
      ? { path: 'gateway.trustedProxies', what: 'the addresses of the proxy, for example ["10.0.0.1"]' }
      : auth.trustedProxy?.userHeader?.trim()
        ? undefined
        : {
            path: 'gateway.auth.trustedProxy.userHeader',
            what: 'the header in which it names the person, for example "x-forwarded-user"',
          };
  if (!missing) return;
  throw new GatewayError(
    'INVALID_CONFIG',
    `auth mode "trusted-proxy" needs ${missing.path}, ${missing.what}: set it, or set gateway.auth.mode to "token"`,
    { details: { path: missing.path } },
  );
}

function unresolvedSecret({ source, value }: Secret, unread: readonly ConfigIssue[] = []): GatewayError {
  const why = unread.find(({ path }) => path === source)?.message.replace(/; [^;]*$/, '') ?? 'not read';
  return new GatewayError(
    'INVALID_CONFIG',
    `Gateway start blocked: required secrets are unavailable: ${source} is the reference ${value}, and was ${why}. ` +
      'Make it readable, or name the secret itself.',
    { details: { code: 'SECRET_SURFACE_UNAVAILABLE', path: source } },
  );
}
