import { rm } from 'node:fs/promises';
import type { Check } from '../check.ts';

/** What a gateway that was killed has left behind. */
export const staleLocks: Check = {
  number: 11,
  id: 'core/doctor/stale-locks',
  title: 'Locks of gateways that are gone',
  async run({ here }) {
    const { runtime } = here;
    if (!runtime || runtime.alive) return [];
    return [
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
