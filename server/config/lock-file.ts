import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readProcessStart } from './process-start.ts';
import { isAlive } from './state-dir.ts';

/** What the file of a lock says about the gateway that holds it. */
export interface LockOwner {
  pid: number;
  /** When it took the lock, ISO 8601. */
  createdAt: string;
  configPath: string;
  stateDir: string;
  /** The port that it was to listen on; 0 for a command that works on the state of a gateway that is down. */
  port: number;
  /** When its process began, in the system's own unit; null where that cannot be told. Tells it from a later one with its pid. */
  startTime: number | null;
}

/** Files of the two locks of a gateway, `<folder>/tmp/openclaw-<uid>/gateway.<hash>.lock`. */
export interface LockPaths {
  /** By the state directory, and in it. */
  state: string;
  /** By the configuration file, and in its folder. The same file may be meant by two state directories. */
  config: string;
}

/** Where the locks of a gateway are; links in the paths make no difference. */
export async function findLockPaths(place: { stateDir: string; configPath: string }): Promise<LockPaths> {
  const stateDir = await resolveLinks(place.stateDir);
  const configFolder = await resolveLinks(dirname(place.configPath));
  return {
    state: pathFor(stateDir, `state ${stateDir}`),
    config: pathFor(configFolder, `config ${join(configFolder, basename(place.configPath))}`),
  };
}

/** Who holds a lock by its file; undefined when there is none, or nothing to be read in it. Never throws. */
export async function readLockOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Partial<LockOwner> | null;
    return Number.isInteger(owner?.pid) ? (owner as LockOwner) : undefined;
  } catch {
    return undefined; // none, half of one, or somebody's scribble: as good as none
  }
}

/** False for an owner whose process has ended, and for one whose pid is another process's by now. */
export async function isOwnerAlive({ pid, startTime }: Pick<LockOwner, 'pid' | 'startTime'>): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const now = await readStartTime(pid);
  // A process that has ended and is not cleared away yet has no start any more.
  if (now === undefined) return process.platform !== 'linux';
  return startTime === null || startTime === undefined || now === startTime;
}

/** When a process began, for the file of a lock. Undefined under Windows, where asking takes longer than the rest of a start. */
export async function readStartTime(pid: number): Promise<number | undefined> {
  return process.platform === 'win32' ? undefined : readProcessStart(pid);
}

// --- internal ---

function pathFor(folder: string, named: string): string {
  const hash = createHash('sha256').update(named).digest('hex').slice(0, 8);
  const uid = process.getuid?.();
  return join(folder, 'tmp', uid === undefined ? 'openclaw' : `openclaw-${uid}`, `gateway.${hash}.lock`);
}

async function resolveLinks(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder));
}
