import { join, resolve } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { expandHome } from './home-path.ts';
import type { Environment } from './substitute.ts';

/** Where a gateway keeps what it has. All paths are absolute. */
export interface Paths {
  /** `OPENCLAW_STATE_DIR`, else `~/.openclaw`, with a profile `~/.openclaw-<profile>`. */
  stateDir: string;
  /** `OPENCLAW_CONFIG_PATH`, else `<state dir>/openclaw.json`. */
  configPath: string;
  /** The token that the gateway made for itself. */
  tokenPath: string;
  /** The secret that device tokens are derived from. */
  deviceSecretPath: string;
  /** Sessions, transcripts and runs. */
  databasePath: string;
  /** Undefined for the ordinary gateway; `dev` with `--dev`. */
  profile: string | undefined;
}

export interface PathOptions {
  env: Environment;
  /** `--profile`; wins over `OPENCLAW_PROFILE`. `default` is the ordinary gateway. */
  profile?: string | undefined;
  /** `--dev`: the profile `dev`. */
  dev?: boolean | undefined;
  /** What the operating system says; `OPENCLAW_HOME` and `HOME` win. */
  homedir: string;
}

/**
 * Finds the gateway's folders and files. Reads no disk.
 * @throws GatewayError INVALID_REQUEST for a profile that cannot be part of a folder's name, or one beside `--dev`.
 */
export function resolvePaths({ env, profile, dev, homedir }: PathOptions): Paths {
  const home = resolveHome(env, homedir);
  const chosen = resolveProfile(profile, dev, env);
  const stateDir = env.OPENCLAW_STATE_DIR?.trim()
    ? toAbsolute(env.OPENCLAW_STATE_DIR, home)
    : join(home, chosen ? `.openclaw-${chosen}` : '.openclaw');
  return {
    stateDir,
    configPath: env.OPENCLAW_CONFIG_PATH?.trim()
      ? toAbsolute(env.OPENCLAW_CONFIG_PATH, home)
      : join(stateDir, 'openclaw.json'),
    tokenPath: join(stateDir, 'gateway.token'),
    deviceSecretPath: join(stateDir, 'devices.secret'),
    databasePath: join(stateDir, 'openclaw.db'),
    profile: chosen,
  };
}

function resolveHome(env: Environment, homedir: string): string {
  const home = env.HOME?.trim() || homedir;
  return env.OPENCLAW_HOME?.trim() ? toAbsolute(env.OPENCLAW_HOME, home) : home;
}

function resolveProfile(profile: string | undefined, dev: boolean | undefined, env: Environment): string | undefined {
  if (dev && profile && profile !== 'dev')
    throw new GatewayError('INVALID_REQUEST', `--dev is the profile "dev": leave out --profile ${profile}, or --dev`);
  const source = dev || profile ? '--profile' : 'OPENCLAW_PROFILE';
  const name = dev ? 'dev' : (profile ?? env.OPENCLAW_PROFILE?.trim());
  if (!name || name === 'default') return undefined;
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(name)) return name;
  throw new GatewayError(
    'INVALID_REQUEST',
    `${source} "${name}" is no profile name: use letters, digits, "-" and "_", 64 at most`,
  );
}

function toAbsolute(path: string, home: string): string {
  return resolve(expandHome(path.trim(), home));
}
