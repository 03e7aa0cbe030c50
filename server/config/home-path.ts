import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path with `~` in its place at the beginning as the home folder; any other path as it is. */
export function expandHome(path: string, home = homedir()): string {
  return /^~(?=$|[\\/])/.test(path) ? join(home, path.slice(1)) : path;
}
