import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Everything below a folder, with modes, times of change and contents: equal only when nothing was touched. Without what
 * Node keeps of compiled code in the temporary folder.
 */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes('node-compile-cache')) continue;
    const { mode, mtimeMs, size } = await lstat(path);
    const hash = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    tree[path] = `${mode.toString(8)} ${mtimeMs} ${size} ${hash}`;
  }
  return tree;
}
