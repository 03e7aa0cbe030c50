import { closeSync, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { access, constants, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toLocalIso } from './line.ts';
import { makeFolderSync } from './make-folder.ts';

/** Days that the gateway's own log files are kept. */
const keptDays = 7;

/** Name of the log file of a day, by the local date. */
export function nameOfDay(at: Date, profile: string | undefined): string {
  return `${prefixOf(profile)}-${toLocalIso(at).slice(0, 10)}.log`;
}

/**
 * `<tmp>/openclaw`, or `<tmp>/openclaw-<uid>` when others could write to that one; undefined when neither will do.
 * Called at the start only.
 */
export function findLogFolder(tmp: string): string | undefined {
  const own = `openclaw-${process.getuid?.() ?? 'user'}`;
  return [join(tmp, 'openclaw'), join(tmp, own)].find(isSafeFolder);
}

/**
 * Makes sure that a log file can be written and that nobody else can read it. Called at the start only.
 * @returns its size in bytes.
 */
export function openForAppending(file: string): number {
  makeFolderSync(dirname(file));
  const descriptor = openSync(file, 'a', 0o600);
  try {
    const { size, mode } = fstatSync(descriptor);
    if (process.platform !== 'win32' && mode & 0o077 && (mode & 0o170000) === 0o100000) fchmodSync(descriptor, 0o600);
    return size;
  } finally {
    closeSync(descriptor);
  }
}

/** Looks whether a log file can be written, and makes nothing. Rejects with the error of the system. */
export async function requireAppendable(file: string): Promise<void> {
  const status = await statIfThere(file);
  if (!status) return requireMakeable(dirname(file));
  if (status.isDirectory()) throw Object.assign(new Error(`${file} is a folder`), { code: 'EISDIR' });
  await access(file, constants.W_OK);
}

/** Deletes the gateway's own log files that are older than {@link keptDays}; those of other profiles stay. */
export async function pruneLogs(folder: string, profile: string | undefined, now: Date): Promise<void> {
  const oldest = nameOfDay(new Date(now.getTime() - keptDays * 86_400_000), profile);
  const own = new RegExp(`^${prefixOf(profile)}-\\d{4}-\\d{2}-\\d{2}\\.log(?:\\.\\d)?$`);
  const old = (await readdir(folder)).filter((name) => own.test(name) && name < oldest);
  await Promise.all(old.map((name) => rm(join(folder, name), { force: true })));
}

/** The folder, or the nearest above it that is there, takes files. */
async function requireMakeable(folder: string): Promise<void> {
  const isThere = (await statIfThere(folder)) !== undefined;
  if (!isThere && dirname(folder) !== folder) return requireMakeable(dirname(folder));
  await access(folder, constants.W_OK | constants.X_OK);
}

/** Rejects where something on the way is no folder. */
const statIfThere = (path: string) =>
  stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });

function prefixOf(profile: string | undefined): string {
  return profile ? `openclaw-${profile}` : 'openclaw';
}

/** True for a folder that is ours alone to write to. In a shared temporary folder anybody could have made it before us. */
function isSafeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // It is there already, or it cannot be made: the check tells.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  const status = lstatSync(folder);
  if (!status.isDirectory()) return false;
  return process.platform === 'win32' || (status.uid === process.getuid?.() && (status.mode & 0o022) === 0);
}
