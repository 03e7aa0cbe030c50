import { rm } from 'node:fs/promises';
import { findLockPaths, isOwnerAlive, readLockOwner } from '../../../server/config/lock-file.ts';
import type { Check, Found } from '../check.ts';

/** What a gateway that was killed has left behind. */
export const staleLocks: Check = {
  number: 11,
  id: 'core/doctor/stale-locks',
  title: 'Locks of gateways that are gone',
  async run({ here }) {
    const { runtime } = here;
    const locks = await judgeLocks(here.paths);
    if (!runtime || runtime.alive) return locks;
    return [
      ...locks,
      {
        severity: 'info',
        message: `process ${runtime.pid} ended without a word; what it left is replaced at the next start`,
        evidence: runtime.path,
        path: runtime.path,
        requirement: 'a file of a running gateway, or none',
        fixHint: `rm ${runtime.path}`,
        remedy: {
          kind: 'action',
          what: `rm ${runtime.path}`,
          async run() {
            await rm(runtime.path, { force: true });
            return undefined;
          },
        },
      },
    ];
  },
};

// --- internal ---

/** The system has let go of the locks themselves; only what they say is left. Taken away, two gateways could each make one. */
async function judgeLocks(paths: { stateDir: string; configPath: string }): Promise<Found[]> {
  const { state, config } = await findLockPaths(paths);
  const found = await Promise.all(
    [state, config].map(async (path): Promise<Found[]> => {
      const owner = await readLockOwner(path);
      if (!owner || (await isOwnerAlive(owner))) return [];
      return [
        {
          severity: 'info',
          message: `a lock tells of process ${owner.pid}, which is gone: the next start takes it over`,
          evidence: path,
          path,
          fixHint: 'nothing; a lock without its process keeps nobody out',
        },
      ];
    }),
  );
  return found.flat();
}
