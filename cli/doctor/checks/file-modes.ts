import { chmod, lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Check, Found } from '../check.ts';
import type { DoctorContext } from '../context.ts';

/** Whether others can read what holds secrets and conversations. */
export const fileModes: Check = {
  number: 7,
  id: 'core/doctor/file-modes',
  title: 'Owners and modes of files',
  async run(context) {
    if (process.platform === 'win32') return [];
    const { stateDir } = context.here.paths;
    const files = await listPrivate(context);
    const found = await Promise.all([judge(stateDir, 0o700), ...files.map((file) => judge(file, 0o600))]);
    return found.flat();
  },
};

// --- internal ---

/** The configuration with its copies, and what the state directory holds that is nobody else's business. */
async function listPrivate({ here, reading }: DoctorContext): Promise<string[]> {
  const { configPath, stateDir, databasePath, tokenPath, deviceSecretPath } = here.paths;
  const name = basename(configPath);
  const beside = (await readdir(dirname(configPath)).catch(() => []))
    .filter((entry) => entry === name || entry.startsWith(`${name}.`))
    .map((entry) => join(dirname(configPath), entry));
  const state = ['.env', 'gateway.json', 'gateway.service.env'].map((entry) => join(stateDir, entry));
  const database = ['', '-wal', '-shm'].map((end) => `${databasePath}${end}`);
  const included = reading.loaded?.files ?? [];
  return [...new Set([...beside, ...included, ...state, tokenPath, deviceSecretPath, ...database])];
}

async function judge(path: string, wanted: number): Promise<Found[]> {
  const link = await lstat(path).catch(() => undefined);
  const status = link?.isSymbolicLink() ? await stat(path).catch(() => undefined) : link;
  if (!status || (wanted === 0o600 && !status.isFile())) return [];
  const mode = status.mode & 0o777;
  const words = wanted.toString(8);
  if (status.uid !== process.getuid?.())
    return [
      {
        severity: 'error',
        message: `${path} belongs to another user (${status.uid})`,
        evidence: `mode ${mode.toString(8)}, uid ${status.uid}`,
        path,
        requirement: `this user (${process.getuid?.()}) as the owner`,
        fixHint: `sudo chown ${process.getuid?.()} ${path}`,
      },
    ];
  if ((mode & 0o077) === 0) return [];
  return [
    {
      severity: 'warning',
      message: `${path} can be ${mode & 0o022 ? 'changed' : 'read'} by others`,
      evidence: `mode ${mode.toString(8)}`,
      path,
      requirement: `mode ${words}`,
      fixHint: `chmod ${words} ${path}`,
      remedy: {
        kind: 'action',
        what: `chmod ${words} ${path}`,
        async run() {
          await chmod(path, wanted);
          return undefined;
        },
      },
    },
  ];
}
