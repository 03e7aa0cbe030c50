import { constants } from 'node:fs';
import { access, lstat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Check, Found } from '../check.ts';

/** Bytes under which a database stops being written soon. */
const fewBytes = 256 * 1024 * 1024;

/** Whether the gateway can keep what it has. */
export const stateDir: Check = {
  number: 10,
  id: 'core/doctor/state-dir',
  title: 'State directory',
  async run({ here, command }) {
    const path = here.paths.stateDir;
    const status = await lstat(path).catch(() => undefined);
    if (!status)
      return [
        {
          severity: 'info',
          message: 'the state directory is not there yet: the gateway makes it when it first starts',
          evidence: path,
          path,
          fixHint: `${command} setup`,
        },
      ];
    return [...judgeKind(path, status.isDirectory() || status.isSymbolicLink()), ...(await judgeAccess(path))];
  },
};

// --- internal ---

function judgeKind(path: string, isFolder: boolean): Found[] {
  if (!isFolder)
    return [
      {
        severity: 'error',
        message: `${path} is a file, where the state directory has to be`,
        path,
        requirement: 'a folder',
        fixHint: `move the file away, or name another folder with OPENCLAW_STATE_DIR`,
      },
    ];
  // Whoever changes its files from elsewhere, while the database is open, breaks it.
  const synced = /\/(Dropbox|OneDrive[^/]*|Google Drive|iCloud[^/]*|Mobile Documents)\//.exec(path)?.[1];
  if (!synced) return [];
  return [
    {
      severity: 'warning',
      message: `the state directory is in ${synced}, which copies and replaces files while the gateway has them open`,
      evidence: path,
      path,
      requirement: 'a folder that nothing else writes to',
      fixHint: 'stop the gateway, move the folder, and name it with OPENCLAW_STATE_DIR',
    },
  ];
}

async function judgeAccess(path: string): Promise<Found[]> {
  const refused = await access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? 'unknown error',
  );
  if (refused)
    return [
      {
        severity: 'error',
        message: `the state directory cannot be written (${refused})`,
        evidence: path,
        path,
        requirement: 'a folder that this user may read and write',
        fixHint: `correct its owner and mode: ls -ld ${path} ${dirname(path)}`,
      },
    ];
  const space = await statfs(path).catch(() => undefined);
  const free = space ? space.bavail * space.bsize : fewBytes;
  if (free >= fewBytes) return [];
  return [
    {
      severity: free < fewBytes / 8 ? 'error' : 'warning',
      message: `the disk of the state directory has ${Math.floor(free / 1024 / 1024)} MB left`,
      evidence: path,
      path,
      requirement: `${fewBytes / 1024 / 1024} MB or more`,
      fixHint: 'make space, or move the state directory to a larger disk (OPENCLAW_STATE_DIR)',
    },
  ];
}
