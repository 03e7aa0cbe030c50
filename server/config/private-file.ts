import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, rename, rm, stat } from 'node:fs/promises';

/** Reads a file that only its owner may read, and takes it from everybody else. @returns undefined when there is none. */
export async function readPrivate(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) await closeToOthers(path);
  return text;
}

/** Puts a complete file, mode 0600, where there is none. False when another process was faster. */
export async function placeOnce(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    return await linkOrRename(draft, path);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

/** Takes a file from everybody but its owner. */
export async function closeToOthers(path: string): Promise<void> {
  const { mode } = await stat(path);
  // The file may belong to another user who lets us read it: then its mode is theirs to keep.
  if (process.platform !== 'win32' && mode & 0o077) await chmod(path, 0o600).catch(() => undefined);
}

async function linkOrRename(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Some file systems have no hard links. A rename is atomic as well, only the faster of two starts loses.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    await rename(draft, path);
    return true;
  }
}
