import { link, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { confine, maxFileBytes } from '../../server/workspace/confined.ts';
import { scratch } from '../scratch.ts';

/** A workspace beside a secret that must stay one. */
async function openHouse(forbidden?: (path: string) => string[]) {
  const house = await scratch();
  const root = join(house.path, 'workspace');
  const secret = join(house.path, 'secret.txt');
  await mkdir(join(root, 'notes'), { recursive: true });
  await writeFile(secret, 'a secret');
  await writeFile(join(root, 'notes', 'one.md'), 'one');
  return { ...house, root, secret, folder: confine(root, forbidden?.(house.path)) };
}

const unsafe = expect.objectContaining({ code: 'INVALID_REQUEST', details: { code: 'UNSAFE_PATH' } });

describe('a confined folder', () => {
  it('reads and writes what is in it', async () => {
    await using house = await openHouse();
    expect((await house.folder.read('notes/one.md'))?.bytes.toString()).toBe('one');
    expect((await house.folder.read(join(house.root, 'notes/one.md')))?.size).toBe(3);
    expect(await house.folder.read('notes/two.md')).toBeUndefined();
    expect(await house.folder.read('nothing/here.md')).toBeUndefined();
    expect(await house.folder.write('a/b/c.md', () => 'deep')).toMatchObject({ created: true, size: 4 });
    expect(await readFile(join(house.root, 'a/b/c.md'), 'utf8')).toBe('deep');
    expect((await stat(join(house.root, 'a/b/c.md'))).mode & 0o077).toBe(0);
    const read = await house.folder.read('a/b/c.md');
    expect(await house.folder.write('a/b/c.md', (now) => `${now?.bytes}er`)).toMatchObject({ created: false });
    expect((await house.folder.read('a/b/c.md'))?.hash).not.toBe(read?.hash);
    expect(await readdir(join(house.root, 'a/b'))).toEqual(['c.md']);
  });

  it('makes itself at the first write, and is empty before', async () => {
    await using house = await scratch();
    const folder = confine(join(house.path, 'later', 'workspace'));
    expect(await folder.read('x.md')).toBeUndefined();
    await folder.write('x.md', () => 'x');
    expect((await folder.read('x.md'))?.bytes.toString()).toBe('x');
  });

  it('says in words what the system refuses', async () => {
    await using house = await scratch();
    const taken = join(house.path, 'taken');
    await writeFile(taken, 'a file');
    const words = (code: string, text: string) =>
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining(text),
        details: expect.objectContaining({ code }),
      });
    const blocked = words('NOT_USABLE', 'is not a folder');
    await expect(confine(taken).write('x.md', () => 'x')).rejects.toEqual(blocked);
    const below = words('NOT_USABLE', 'below something');
    await expect(confine(join(taken, 'deep')).write('x.md', () => 'x')).rejects.toEqual(below);
    const folder = confine(join(house.path, 'workspace'));
    await folder.write('x.md', () => 'x');
    const long = words('NOT_USABLE', 'too long a name');
    await expect(folder.write('x'.repeat(300), () => 'x')).rejects.toEqual(long);
    await expect(folder.read('x'.repeat(300))).rejects.toEqual(long);
    // As long as a name can be, in a script of three bytes a letter.
    expect(await folder.write('長'.repeat(85), () => 'x')).toMatchObject({ created: true });
  });

  it.runIf(process.platform === 'linux')('does not wait for ever where nobody can make a folder', async () => {
    await expect(confine('/proc/nowhere/deep').write('x.md', () => 'x')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { errno: 'ENOENT' },
    });
  });

  it.each(['../secret.txt', 'notes/../../secret.txt', '/etc/passwd', 'notes/..\\..\\secret.txt', 'a\0b'])(
    'has no way out by %j',
    async (path) => {
      await using house = await openHouse();
      await expect(house.folder.read(path)).rejects.toEqual(unsafe);
      await expect(house.folder.write(path, () => 'mine')).rejects.toEqual(unsafe);
      expect(await readFile(house.secret, 'utf8')).toBe('a secret');
    },
  );

  it('follows no link: of a file, of a folder, dangling, or hard', async () => {
    await using house = await openHouse();
    await symlink(house.secret, join(house.root, 'file.md'));
    await symlink(house.path, join(house.root, 'up'));
    await symlink(join(house.path, 'not-yet.txt'), join(house.root, 'dangling.md'));
    await link(house.secret, join(house.root, 'hard.md'));
    for (const path of ['file.md', 'up/secret.txt', 'dangling.md', 'hard.md']) {
      await expect(house.folder.read(path), path).rejects.toEqual(unsafe);
      await expect(
        house.folder.write(path, () => 'mine'),
        path,
      ).rejects.toEqual(unsafe);
      expect(await house.folder.look(path)).toBeUndefined();
    }
    await expect(house.folder.write('up/new/file.md', () => 'mine')).rejects.toEqual(unsafe);
    expect(await readdir(house.path)).toEqual(['secret.txt', 'workspace']);
    expect(await readFile(house.secret, 'utf8')).toBe('a secret');
  });

  it('may itself be a link that its owner made', async () => {
    await using house = await openHouse();
    await rename(house.root, join(house.path, 'elsewhere'));
    await symlink(join(house.path, 'elsewhere'), house.root);
    expect((await house.folder.read('notes/one.md'))?.bytes.toString()).toBe('one');
    await expect(house.folder.read('../secret.txt')).rejects.toEqual(unsafe);
  });

  it('takes files for files only, and no large ones', async () => {
    await using house = await openHouse();
    const refused = (code: string) => expect.objectContaining({ details: expect.objectContaining({ code }) });
    await expect(house.folder.read('notes')).rejects.toEqual(refused('NOT_A_FILE'));
    await expect(house.folder.read('.')).rejects.toEqual(refused('NOT_A_FILE'));
    await writeFile(join(house.root, 'big'), Buffer.alloc(maxFileBytes + 1));
    await expect(house.folder.read('big')).rejects.toEqual(refused('FILE_TOO_LARGE'));
    await expect(house.folder.write('new', () => 'x'.repeat(maxFileBytes + 1))).rejects.toEqual(
      refused('FILE_TOO_LARGE'),
    );
    expect(await readdir(house.root)).toEqual(['big', 'notes']);
  });

  it('keeps the state of the gateway closed, unless the workspace is a part of it', async () => {
    await using house = await openHouse((path) => [
      join(path, 'workspace', 'state'),
      join(path, 'workspace', 'c.json'),
    ]);
    await mkdir(join(house.root, 'state', 'workspace'), { recursive: true });
    await writeFile(join(house.root, 'state', 'openclaw.db'), 'rows');
    await writeFile(join(house.root, 'c.json'), '{}');
    for (const path of ['state/openclaw.db', 'c.json', 'state/workspace/x.md'])
      await expect(house.folder.read(path), path).rejects.toEqual(unsafe);
    await expect(house.folder.write('c.json', () => '{ gateway: {} }')).rejects.toEqual(unsafe);
    const inside = confine(join(house.root, 'state', 'workspace'), [join(house.root, 'state')]);
    expect(await inside.write('x.md', () => 'x')).toMatchObject({ created: true });
    const same = confine(join(house.root, 'state'), [join(house.root, 'state')]);
    await expect(same.read('openclaw.db')).rejects.toEqual(unsafe);
  });

  it('lets nobody change what git runs', async () => {
    await using house = await openHouse();
    for (const path of ['.git/config', 'sub/.GIT/hooks/pre-commit'])
      await expect(house.folder.write(path, () => '[core]')).rejects.toEqual(unsafe);
  });

  it('lets writers of one file see each other', async () => {
    await using house = await openHouse();
    const append = (n: number) => house.folder.write('log.md', (now) => `${now?.bytes ?? ''}${n},`);
    await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)));
    expect((await house.folder.read('log.md'))?.bytes.toString()).toBe(
      '0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,',
    );
  });
});
