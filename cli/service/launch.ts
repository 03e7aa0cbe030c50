import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { type Paths, resolvePaths } from '../../server/config/paths.ts';
import { findPackageRoot } from '../package-root.ts';
import type { Shell } from '../shell.ts';

/** The gateway that a supervisor looks after: which one it is, and what is started for it. */
export interface Launch {
  paths: Paths;
  /** The account's home folder; also where the process works. */
  home: string;
  /** Absolute path of the Node that runs now. */
  program: string;
  /** What follows the program: flags of Node, the launcher of this package, `gateway --port <port>`. */
  args: string[];
  port: number;
  /** Variables of the process. Contract: no secrets. */
  environment: Record<string, string>;
  /** `<state dir>/gateway.service.env`, mode 0600: the secrets of the process. */
  secretsPath: string;
}

/**
 * Node starts with a young generation of 16 MB for each of three spaces, and lets it grow under load. Half of that costs a few
 * more, short collections, and keeps about 90 MB less of memory resident.
 */
const nodeFlags = ['--max-semi-space-size=8'];

/** What a supervisor would start for the gateway of this command line, on that port. */
export async function planLaunch({ env, globals }: Shell, port: number): Promise<Launch> {
  const paths = resolvePaths({ env, profile: globals.profile, dev: globals.dev, homedir: homedir() });
  const home = env.HOME?.trim() || homedir();
  return {
    paths,
    home,
    program: process.execPath,
    args: [...nodeFlags, await findLauncher(), 'gateway', '--port', String(port)],
    port,
    environment: toEnvironment({ env, home, port, profile: paths.profile }),
    secretsPath: join(paths.stateDir, 'gateway.service.env'),
  };
}

/** The file that started this command line; a link, as npm makes one in its folder of commands, may go away. */
async function findLauncher(): Promise<string> {
  const started = process.argv[1] ?? '';
  const built = join(findPackageRoot(), 'dist', 'openclaw.mjs');
  const file = await realpath(started).catch(() => built);
  return /^openclaw\.(mjs|ts)$/.test(basename(file)) ? file : built;
}

/** True for a folder that npx has made and npm may clean up. */
export function isFleeting(launch: Launch): boolean {
  return [launch.program, ...launch.args].some((path) => /[\\/]_npx[\\/]/.test(path));
}

interface Surroundings {
  env: NodeJS.ProcessEnv;
  home: string;
  port: number;
  profile: string | undefined;
}

/** Variables without which the process would not find what this command line finds, when they are set. */
const handedOn = ['OPENCLAW_HOME', 'OPENCLAW_INCLUDE_ROOTS', 'NODE_EXTRA_CA_CERTS', 'TMPDIR'];

function toEnvironment({ env, home, port, profile }: Surroundings): Record<string, string> {
  const own = handedOn.flatMap((name) => (env[name]?.trim() ? [[name, env[name].trim()]] : []));
  return {
    HOME: home,
    PATH: searchPath(home),
    NODE_OPTIONS: '',
    ...Object.fromEntries(own),
    ...(profile && { OPENCLAW_PROFILE: profile }),
    OPENCLAW_GATEWAY_PORT: String(port),
    OPENCLAW_SERVICE_MARKER: 'openclaw',
    OPENCLAW_SERVICE_KIND: 'gateway',
  };
}

/** The same wherever it is written from: a shell's own PATH would make every unit look changed. */
function searchPath(home: string): string {
  if (process.platform === 'win32') return [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  const brew = process.platform === 'darwin' ? ['/opt/homebrew/bin'] : [];
  const shared = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([dirname(process.execPath), join(home, '.local', 'bin'), ...brew, ...shared])].join(':');
}
