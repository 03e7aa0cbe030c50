import { access, constants, lstat, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { findLockPaths, isOwnerAlive, type LockOwner, readLockOwner, readStartTime } from '../config/lock-file.ts';
import { makeFolder } from '../log/make-folder.ts';
import { cannotLock, type Held, holdFile } from './lock.ts';

/*
 * Two locks, one after the other: the state directory, then the configuration file. Each is
 *   gateway.<hash>.sqlite   a transaction that never ends: it holds, and ends with the process, also with kill -9
 *   gateway.<hash>.lock     who holds it, as JSON, for people and for file systems on which SQLite cannot lock
 */

/** Who wants to work on a state directory, and how patient it is. */
export interface Claim {
  stateDir: string;
  configPath: string;
  /** The port that it is going to listen on; 0 for none. */
  port: number;
  /** True to share the configuration file with other gateways: `OPENCLAW_ALLOW_MULTI_GATEWAY=1`. Default false. */
  sharesConfig?: boolean | undefined;
  /** Milliseconds to wait for another one to let go. Default 5000. */
  withinMs?: number | undefined;
  /** Told once when there is somebody to wait for. */
  onWait?: ((owner: LockOwner | undefined) => void) | undefined;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
}

export interface GatewayLock {
  /** Takes the files away that say who holds it, and lets go. Never throws. */
  release(): Promise<void>;
}

const defaultWithinMs = 5_000;
/** Milliseconds between two looks at a lock that somebody else holds. */
const lookMs = 50;

/**
 * Makes sure that nobody else works on a state directory, nor runs by its configuration file.
 * @throws GatewayError UNAVAILABLE with `details.code` STATE_DIR_IN_USE when somebody else does, with `details.owner` as far as known;
 * also when a lock's file cannot be used.
 */
export async function takeGatewayLock(claim: Claim): Promise<GatewayLock> {
  const paths = await findLockPaths(claim);
  const deadline = performance.now() + (claim.withinMs ?? defaultWithinMs);
  const state = await takeOne(paths.state, claim, deadline);
  if (claim.sharesConfig) return state;
  try {
    const config = await takeConfig(paths.config, claim, deadline);
    return {
      async release() {
        await config?.release();
        await state.release();
      },
    };
  } catch (error) {
    await state.release();
    throw error;
  }
}

// --- internal ---

async function takeConfig(path: string, claim: Claim, deadline: number): Promise<GatewayLock | undefined> {
  // A folder of settings that nobody may write to, as of a container, holds no locks: the state directory has its own.
  if (!(await hasRoomFor(path))) return undefined;
  return takeOne(path, claim, deadline);
}

/** True when the folder of the configuration is there and takes a lock that nobody else can tamper with. */
async function hasRoomFor(path: string): Promise<boolean> {
  const folder = dirname(path);
  try {
    await access(dirname(dirname(folder)));
    await makeFolder(folder);
    await access(folder, constants.W_OK);
    return (await isOwn(dirname(folder), 0o002)) && (await isOwn(folder, 0o022));
  } catch {
    return false;
  }
}

/** False for a link, and for a folder that somebody else has made before us where many may, as in `/tmp`. */
async function isOwn(folder: string, closed: number): Promise<boolean> {
  const status = await lstat(folder);
  if (!status.isDirectory()) return false;
  return process.platform === 'win32' || (status.uid === process.getuid?.() && (status.mode & closed) === 0);
}

async function takeOne(path: string, claim: Claim, deadline: number): Promise<GatewayLock> {
  await makeFolder(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    throw cannotLock(path, error.code ?? error.message, error);
  });
  for (let isTold = false; ; isTold = true) {
    const held = await tryOne(path);
    if (held) return sign(path, held, claim);
    if (performance.now() > deadline) throw await inUse(path, claim);
    if (!isTold) claim.onWait?.(await readLockOwner(path));
    await sleep(lookMs, undefined, { signal: claim.signal });
  }
}

/** The lock, unless its file names somebody else who lives. */
async function tryOne(path: string): Promise<Held | undefined> {
  const held = holdFile(path.replace(/\.lock$/, '.sqlite'));
  const owner = held && (await readLockOwner(path));
  if (!owner || owner.pid === process.pid) return held;
  // Without a start time a pid proves nothing: what does is that nobody holds the transaction.
  if (typeof owner.startTime !== 'number' || !(await isOwnerAlive(owner))) return held;
  held?.close();
  return undefined;
}

/** Writes down who holds it. */
async function sign(path: string, held: Held, { stateDir, configPath, port }: Claim): Promise<GatewayLock> {
  const { pid } = process;
  const startTime = (await readStartTime(pid)) ?? null;
  const owner: LockOwner = { pid, createdAt: new Date().toISOString(), configPath, stateDir, port, startTime };
  const draft = `${path}.${pid}`;
  try {
    await rm(draft, { force: true });
    // Through no link that lies in wait under its name.
    await writeFile(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    held.close();
    await rm(draft, { force: true });
    throw cannotLock(path, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
  return {
    async release() {
      // What cannot be removed names a process that will have ended.
      await rm(path, { force: true }).catch(() => undefined);
      held.close();
    },
  };
}

async function inUse(path: string, claim: Claim): Promise<GatewayError> {
  const owner = await readLockOwner(path);
  const paths = await findLockPaths(claim);
  const waitedMs = claim.withinMs ?? defaultWithinMs;
  const [what, next] =
    path === paths.state
      ? [`the state directory ${claim.stateDir}`, 'give this one its own with OPENCLAW_STATE_DIR or --profile']
      : [
          `the configuration file ${claim.configPath}`,
          'give this one its own with OPENCLAW_CONFIG_PATH, or share it with OPENCLAW_ALLOW_MULTI_GATEWAY=1',
        ];
  const who = owner ? `pid ${owner.pid}` : 'pid unknown';
  return new GatewayError(
    'UNAVAILABLE',
    `gateway already running (${who}); lock timeout after ${waitedMs}ms. It holds ${what}: stop it, or ${next}.`,
    { details: { code: 'STATE_DIR_IN_USE', pid: owner?.pid, owner, path } },
  );
}
