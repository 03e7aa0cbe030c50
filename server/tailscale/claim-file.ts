import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOwnerAlive, type LockOwner, readStartTime } from '../config/lock-file.ts';
import { replaceFile } from '../config/replace-file.ts';

/** The claim of a gateway that runs, in `<state dir>/tailscale.json`: one that is killed leaves it behind. */
export interface ClaimFile {
  /**
   * Ends the claim that the last gateway of this state directory has left, if its process still runs. Never one whose start
   * cannot be told: its number may be anybody's.
   * @returns whether there was one.
   */
  endLeftover(): Promise<boolean>;
  write(pid: number): Promise<void>;
  remove(): Promise<void>;
}

const killMs = 2_000;
const lookMs = 20;

export function createClaimFile(stateDir: string): ClaimFile {
  const path = join(stateDir, 'tailscale.json');
  const remove = () => rm(path, { force: true });
  return {
    async endLeftover() {
      const left = await readClaim(path);
      const wasThere = left !== undefined && (await isOwnerAlive(left));
      if (wasThere) await end(left);
      await remove();
      return wasThere;
    },
    async write(pid) {
      const startTime = await readStartTime(pid);
      if (startTime !== undefined) await replaceFile(path, `${JSON.stringify({ pid, startTime })}\n`, async () => true);
    },
    remove,
  };
}

// --- internal ---

type Claim = Pick<LockOwner, 'pid'> & { startTime: number };

async function readClaim(path: string): Promise<Claim | undefined> {
  try {
    const { pid, startTime } = JSON.parse(await readFile(path, 'utf8')) as Partial<Claim>;
    return pid !== undefined && Number.isInteger(pid) && pid > 0 && typeof startTime === 'number'
      ? { pid, startTime }
      : undefined;
  } catch {
    return undefined; // none, or half of one: nobody that may be touched
  }
}

async function end(claim: Claim): Promise<void> {
  const since = performance.now();
  signal(claim.pid, 'SIGTERM');
  let isKilled = false;
  while ((await isOwnerAlive(claim)) && performance.now() - since < 2 * killMs) {
    if (!isKilled && performance.now() - since > killMs) {
      signal(claim.pid, 'SIGKILL');
      isKilled = true;
    }
    await sleep(lookMs);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended by itself meanwhile, or another user's it is after all: then Tailscale says who has the address.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
