import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder for this user alone, with those above it; one that is there stays as it is.
 * In place of `mkdir` with `recursive`, which never returns where the system lets nobody make a folder, as in `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing = await makeOne(path);
  if (!missing) return;
  await makeFolder(dirname(path));
  const again = await makeOne(path);
  if (again) throw again;
}

/** @returns the error of a folder whose parent is missing; throws any other. Somebody else may have made it meanwhile. */
async function makeOne(path: string): Promise<unknown> {
  try {
    await mkdir(path, { mode: 0o700 });
    return undefined;
  } catch (error) {
    const isThere = await stat(path).then(
      (status) => status.isDirectory(),
      () => false,
    );
    if (isThere) return undefined;
    if (!isMissingAbove(path, error)) throw error;
    return error;
  }
}

/** The same at once. Called at the start only. */
export function makeFolderSync(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    if (!isMissingAbove(path, error)) throw error;
    makeFolderSync(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

function isMissingAbove(path: string, error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path;
}
