import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../log/make-folder.ts';
import { isAlive } from './state-dir.ts';

/**
 * Writes a file so that whoever reads it, also after a crash at any moment, finds the old one or the new one whole: a draft
 * in the same folder, flushed, renamed, and the folder flushed. Mode 0600. A symbolic link is replaced, not followed.
 * @param isWanted asked at the last moment; false leaves the file as it is. Default: it is wanted.
 * @returns whether the file was written.
 */
export async function replaceFile(
  path: string,
  content: string | Buffer,
  isWanted: () => Promise<boolean> = async () => true,
): Promise<boolean> {
  const folder = dirname(path);
  await makeFolder(folder);
  const name = `.${basename(path)}.`;
  await removeLeftovers(folder, name);
  const draft = join(folder, `${name}${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (!(await isWanted())) return false;
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  await flushFolder(folder);
  return true;
}

/** Drafts of processes that were killed while they wrote: they hold secrets, and nobody else removes them. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  const drafts = (await readdir(folder)).filter((entry) => entry.startsWith(name) && entry.endsWith('.tmp'));
  for (const draft of drafts) {
    const pid = Number(draft.slice(name.length).split('.')[0]);
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(folder, draft), { force: true });
  }
}

/** Not every system lets a folder be opened; where it does not, the rename is as durable as it gets. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}
