import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Record<string, string | undefined>;

/** Where the gateway of this machine and profile keeps its files; the gateway follows the same rules. */
export interface StateDir {
  path: string;
  /** `OPENCLAW_CONFIG_PATH`, else `openclaw.json` in the state directory. */
  configPath: string;
}

/** `OPENCLAW_STATE_DIR`, else `.openclaw` or `.openclaw-<OPENCLAW_PROFILE>` in `OPENCLAW_HOME`, else in `HOME`. */
export function findStateDir(env: Environment): StateDir {
  const userHome = env.HOME?.trim() || homedir();
  const home = env.OPENCLAW_HOME?.trim() ? toAbsolute(env.OPENCLAW_HOME, userHome) : userHome;
  const profile = env.OPENCLAW_PROFILE?.trim();
  const folder = !profile || profile === 'default' ? '.openclaw' : `.openclaw-${profile}`;
  const path = env.OPENCLAW_STATE_DIR?.trim() ? toAbsolute(env.OPENCLAW_STATE_DIR, home) : join(home, folder);
  const configPath = env.OPENCLAW_CONFIG_PATH?.trim()
    ? toAbsolute(env.OPENCLAW_CONFIG_PATH, home)
    : join(path, 'openclaw.json');
  return { path, configPath };
}

function toAbsolute(path: string, home: string): string {
  const trimmed = path.trim();
  return /^~(?:[\\/]|$)/.test(trimmed) ? join(home, trimmed.slice(1)) : resolve(trimmed);
}
