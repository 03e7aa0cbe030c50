import { existsSync } from 'node:fs';
import { chmod, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, makeFolderSync } from '../../server/log/make-folder.ts';
import { scratch } from '../scratch.ts';

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string) => makeFolderSync(path)],
])('%s', (_name, make) => {
  it('makes it and what is above it, for this user alone', async () => {
    await using folder = await scratch();
    await make(join(folder.path, 'a', 'b'));
    for (const path of ['a', join('a', 'b')]) expect((await stat(join(folder.path, path))).mode & 0o777).toBe(0o700);
  });

  it('leaves one that is there as it is, also behind a link', async () => {
    await using folder = await scratch();
    await chmod(folder.path, 0o755);
    await symlink(folder.path, join(folder.path, 'link'));
    await make(join(folder.path, 'link'));
    await make('/');
    expect((await stat(folder.path)).mode & 0o777).toBe(0o755);
  });

  it('fails where a file is in the way', async () => {
    await using folder = await scratch();
    await writeFile(join(folder.path, 'file'), '');
    await expect(make(join(folder.path, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(make(join(folder.path, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(existsSync('/proc/self'))('fails where nobody can make one', async () => {
    await expect(make('/proc/none/deep')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
