import { misuse } from './misuse.ts';

/** Flags that every command takes, before or after its name. */
export interface Globals {
  /** Gateway to speak to, `ws://` or `wss://`; without it, the local one. */
  url?: string | undefined;
  token?: string | undefined;
  password?: string | undefined;
  /** SHA-256 that the gateway's certificate must have. */
  'tls-fingerprint'?: string | undefined;
  /** `[user@]host[:port]`: the gateway of that machine, through a tunnel. */
  ssh?: string | undefined;
  'ssh-identity'?: string | undefined;
  /** As written: port of the gateway at the other end of the tunnel. */
  'remote-port'?: string | undefined;
  /** The tunnel to which `url` leads, once it is open. */
  tunnel?: { target: string; remotePort: number } | undefined;
  /** As written: milliseconds a call may take, or what the command says it is. */
  timeout?: string | undefined;
  /** Name of the state directory's suffix, `~/.openclaw-<profile>`. */
  profile?: string | undefined;
  dev: boolean;
  /** Print the payload alone. */
  json: boolean;
  /** False after `--no-color`. */
  color: boolean;
  help: boolean;
  version: boolean;
}

/** What the help says about each of them. */
export const globalFlags = [
  { flag: '--url <url>', about: 'Gateway to speak to; the local one when absent' },
  {
    flag: '--token <token>',
    about: 'Token to present; with --url none is looked up',
  },
  { flag: '--password <text>', about: 'Password to present' },
  { flag: '--tls-fingerprint <sha256>', about: 'Certificate that the gateway must show' },
  { flag: '--ssh <user@host[:port]>', about: 'Gateway of another machine, through an SSH tunnel' },
  { flag: '--ssh-identity <file>', about: 'Private key for --ssh' },
  { flag: '--remote-port <n>', about: 'Port of the gateway at the other end of --ssh (default 18789)' },
  { flag: '--timeout <ms>', about: 'Milliseconds a call may take' },
  { flag: '--json', about: 'Print the payload alone, as JSON' },
  { flag: '--profile <name>', about: 'Use the state directory ~/.openclaw-<name>' },
  { flag: '--dev', about: 'Use the state directory ~/.openclaw-dev and port 19001' },
  { flag: '--no-color', about: 'Print without colours (also: NO_COLOR)' },
  { flag: '-h, --help', about: 'Show help' },
] as const;

/** True for the name, without dashes, of a flag that every command takes: a method's field of that name has another. */
export function isGlobalFlag(name: string): boolean {
  return globalNames.has(name);
}

const globalNames: ReadonlySet<string> = new Set([
  'version',
  ...globalFlags
    .flatMap(({ flag }) => flag.match(/(?<=--)[\w-]+/g) ?? [])
    .flatMap((name) => [name, name.replace(/^no-/, '')]),
]);

const valued = [
  'url',
  'token',
  'password',
  'tls-fingerprint',
  'ssh',
  'ssh-identity',
  'remote-port',
  'timeout',
  'profile',
] as const;

/**
 * Takes the global flags out of a command line, wherever they stand before `--`.
 * @throws GatewayError bad usage: a flag without its value.
 */
export function readGlobals(argv: readonly string[]): { globals: Globals; rest: string[] } {
  const globals: Globals = { dev: false, json: false, color: true, help: false, version: false };
  const rest: string[] = [];
  const switches: Record<string, () => void> = {
    '--dev': () => (globals.dev = true),
    '--json': () => (globals.json = true),
    '--no-color': () => (globals.color = false),
    '--help': () => (globals.help = true),
    '-h': () => (globals.help = true),
    '--version': () => (globals.version = true),
    '-v': () => (globals.version = true),
    '-V': () => (globals.version = true),
  };
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] as string;
    if (token === '--') {
      rest.push(...argv.slice(index));
      break;
    }
    const name = valued.find((flag) => token === `--${flag}` || token.startsWith(`--${flag}=`));
    if (name === undefined) {
      const turn = Object.hasOwn(switches, token) ? switches[token] : undefined;
      if (turn) turn();
      else rest.push(token);
      continue;
    }
    const inline = token.includes('=');
    const value = inline ? token.slice(token.indexOf('=') + 1) : argv[++index];
    if (!value || (!inline && value.startsWith('--'))) throw misuse(`--${name} needs a value`);
    globals[name] = value;
  }
  checkProfile(globals);
  return { globals, rest };
}

/** What the flags say of the gateway. What is named by hand gets what is given by hand: nothing is borrowed for a `--url`. */
export function toWanted({ url, token, password, 'tls-fingerprint': tlsFingerprint }: Globals) {
  return { url, token, password, tlsFingerprint, findCredentials: url === undefined };
}

/** True when somebody says which gateway is meant: it may be anywhere, and the files of this machine are not its. */
export function namesGateway({ globals, env }: { globals: Globals; env: NodeJS.ProcessEnv }): boolean {
  return globals.url !== undefined || Boolean(env.OPENCLAW_GATEWAY_URL?.trim());
}

/** Milliseconds of `--timeout`. @throws GatewayError bad usage. */
export function toTimeoutMs(globals: Globals): number | undefined {
  return readPositiveInteger(globals.timeout, 'milliseconds');
}

/** A `--timeout` in the unit that the command wants. @throws GatewayError bad usage. */
export function readPositiveInteger(timeout: string | undefined, unit: string): number | undefined {
  if (timeout === undefined) return undefined;
  if (!/^\d+$/.test(timeout) || Number(timeout) === 0 || !Number.isSafeInteger(Number(timeout)))
    throw misuse(`--timeout must be a positive number of ${unit}, not "${timeout}"`);
  return Number(timeout);
}

/** The name becomes part of a folder's name. */
function checkProfile({ profile, dev }: Globals): void {
  if (profile === undefined) return;
  if (dev && profile !== 'dev') throw misuse(`--dev is the profile "dev": leave out --profile ${profile}, or --dev`);
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(profile))
    throw misuse(`--profile "${profile}" is no profile name: use letters, digits, "-" and "_", 64 at most`);
}
