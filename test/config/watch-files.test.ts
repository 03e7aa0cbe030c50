import { writeFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { watch as watchByChokidar } from 'chokidar';
import { describe, expect, it } from 'vitest';
import { listHops } from '../../server/config/link-hops.ts';
import { type WatchOptions, watchFiles } from '../../server/config/watch-files.ts';
import { scratch } from '../scratch.ts';

async function watching(files: () => readonly string[], settleMs = 60, by?: WatchOptions['watch']) {
  let changes = 0;
  const faults: unknown[] = [];
  const polled: Error[] = [];
  const watch = await watchFiles({
    files,
    settleMs,
    async onChange() {
      changes++;
    },
    onFault: (error) => faults.push(error),
    onPolling: (error) => polled.push(error),
    watch: by,
  });
  return {
    faults,
    polled,
    count: () => changes,
    /** Does something, and waits until it has been seen. */
    async sees(act: () => Promise<unknown>) {
      const before = changes;
      await act();
      await expect.poll(() => changes, { timeout: 5_000 }).toBeGreaterThan(before);
    },
    [Symbol.asyncDispose]: () => watch.close(),
  };
}

/** A link as Kubernetes turns it: made beside, renamed over. */
async function turn(folder: string, to: string) {
  await symlink(to, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

describe('watching files', () => {
  it('sees writes in place and renames over the file, again and again, and deletion and return', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'openclaw.json');
    await writeFile(file, '0');
    await using watch = await watching(() => [file]);
    const replace = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await watch.sees(() => writeFile(file, '1'));
    await watch.sees(() => writeFile(file, '2'));
    await watch.sees(() => replace('3'));
    await watch.sees(() => replace('4'));
    await watch.sees(() => writeFile(file, '5'));
    await watch.sees(() => unlink(file));
    await watch.sees(() => writeFile(file, '6'));
    await watch.sees(async () => {
      await rename(file, `${file}~`);
      await writeFile(file, '7');
      await unlink(`${file}~`);
    });
    await watch.sees(() => writeFile(file, '8'));
    expect(watch.faults).toEqual([]);
  });

  it('sees links turn to another folder, and the files that they lead to', async () => {
    await using folder = await scratch();
    for (const name of ['..one', '..two', '..three']) {
      await mkdir(join(folder.path, name));
      await writeFile(join(folder.path, name, 'openclaw.json'), name);
    }
    await symlink('..one', join(folder.path, '..data'));
    const file = join(folder.path, 'openclaw.json');
    await symlink('..data/openclaw.json', file);
    await using watch = await watching(() => [file]);
    await watch.sees(() => turn(folder.path, '..two'));
    await watch.sees(() => writeFile(join(folder.path, '..two', 'openclaw.json'), 'in place'));
    await watch.sees(() => turn(folder.path, '..three'));
    await rm(join(folder.path, '..two'), { recursive: true });
    await watch.sees(() => writeFile(join(folder.path, '..three', 'openclaw.json'), 'in place'));
    await watch.sees(() => turn(folder.path, '..one'));
    expect(watch.faults).toEqual([]);
  });

  it('follows the list of files, also those that are not there yet', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'openclaw.json');
    const later = join(folder.path, 'parts', 'later.json');
    await writeFile(file, '0');
    const files = [file];
    await using watch = await watching(() => files, 300);
    files.push(later);
    await watch.sees(() => writeFile(file, '1'));
    await watch.sees(() => mkdir(join(folder.path, 'parts')).then(() => writeFile(later, '1')));
    await watch.sees(() => writeFile(later, '2'));
    files.pop();
    await watch.sees(() => writeFile(file, '2'));
    const before = watch.count();
    await writeFile(later, '3');
    await watch.sees(() => writeFile(file, '3'));
    expect(watch.count()).toBe(before + 1);
  });

  it('is told once of a burst, and not of what editors put beside the file', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'openclaw.json');
    await writeFile(file, '0');
    await using watch = await watching(() => [file], 300);
    for (const name of ['openclaw.json~', '.openclaw.json.swp', '4913', '#openclaw.json#', 'openclaw.json.tmp'])
      await writeFile(join(folder.path, name), 'x');
    await watch.sees(async () => {
      for (let count = 0; count < 20; count++) writeFileSync(file, `${count}`);
    });
    expect(watch.count()).toBe(1);
  });
});

it.each(['ENOSPC', 'EMFILE'])('looks at the files every second when there are no watches left (%s)', async (code) => {
  await using folder = await scratch();
  const file = join(folder.path, 'openclaw.json');
  await writeFile(file, '0');
  const scarce: WatchOptions['watch'] = (paths, options) => {
    if (options.backend === 'polling') return watchByChokidar(paths, options);
    // As chokidar tells of it: an error, and nothing that it would see.
    const blind = watchByChokidar([], options);
    setImmediate(() => blind.emit('error', Object.assign(new Error('no watches left'), { code })));
    return blind;
  };
  await using watch = await watching(() => [file], 60, scarce);
  await expect.poll(() => watch.polled).toMatchObject([{ code }]);
  await expect.poll(() => watch.count()).toBe(1);
  await watch.sees(() => writeFile(file, 'in place'));
  await watch.sees(() => unlink(file));
  await watch.sees(() => writeFile(file, 'again'));
  expect(watch.faults).toEqual([]);
});

it('names every link on the way to a file, also one that leads nowhere or in circles', async () => {
  await using folder = await scratch();
  const at = (name: string) => join(folder.path, name);
  await mkdir(at('real'));
  await symlink('real', at('one'));
  await symlink('one/there.json', at('file.json'));
  await symlink('b', at('a'));
  await symlink('a', at('b'));
  const [hops, circle] = await Promise.all([listHops(at('file.json')), listHops(at('a'))]);
  expect(hops.map((path) => path.slice(folder.path.length))).toEqual(['/file.json', '/one', '/real/there.json']);
  expect(new Set(circle)).toEqual(new Set([at('a'), at('b')]));
});
