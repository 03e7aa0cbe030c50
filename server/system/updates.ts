import { stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { UpdateAvailable, UpdateSchedule } from '../../sdk/protocol/update.ts';
import { type Checkout, compareCheckout } from './checkout.ts';

export interface UpdateStatus {
  updateAvailable: UpdateAvailable | null;
  effectiveChannel: 'stable' | 'dev';
  schedule: UpdateSchedule;
}

/** Whether there is a newer version of the gateway. */
export interface Updates {
  /** Looks, not oftener than once a minute unless the remote repository is to be asked. Never rejects. */
  status(options?: { refresh?: boolean | undefined }): Promise<UpdateStatus>;
  /** What is known without looking, at first only how it was installed; undefined in the first moment. */
  known(): UpdateSchedule | undefined;
}

export interface UpdateDeps {
  /** Folder of the package; undefined when nobody said. */
  packageDir: string | undefined;
  version: string;
}

const freshMs = 60_000;

export function createUpdates({ packageDir, version }: UpdateDeps): Updates {
  let last: { at: number; status: Promise<UpdateStatus> } | undefined;
  let known: UpdateSchedule | undefined;

  const look = async (refresh: boolean): Promise<UpdateStatus> => {
    const kind = await findKind(packageDir);
    const { git, available }: Partial<Checkout> =
      kind === 'git' && packageDir !== undefined ? await compareCheckout(packageDir, refresh) : {};
    const channel = toChannel(kind);
    known = { channel, autoEnabled: false, install: { kind, ...(git && { git }) } };
    const updateAvailable = available ? { currentVersion: version, channel, ...available } : null;
    return { updateAvailable, effectiveChannel: channel, schedule: known };
  };

  void findKind(packageDir).then((kind) => {
    known ??= { channel: toChannel(kind), autoEnabled: false, install: { kind } };
  });

  return {
    status({ refresh = false } = {}) {
      if (!last || refresh || Date.now() - last.at > freshMs) last = { at: Date.now(), status: look(refresh) };
      return last.status;
    },
    known: () => known,
  };
}

const toChannel = (kind: UpdateSchedule['install']['kind']) => (kind === 'git' ? 'dev' : 'stable');

/** Never rejects. */
async function findKind(folder: string | undefined): Promise<UpdateSchedule['install']['kind']> {
  if (folder === undefined) return 'unknown';
  if (folder.includes(`${sep}node_modules${sep}`)) return 'package';
  // In a worktree it is a file.
  const git = await stat(join(folder, '.git')).catch(() => undefined);
  return git ? 'git' : 'unknown';
}
