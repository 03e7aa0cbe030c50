import { createHash } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openIdentity } from '../../server/system/identity.ts';
import { scratch } from '../scratch.ts';

describe('the identity of the gateway', () => {
  it('is made once, also when asked for twice at once, and kept for its owner alone', async () => {
    await using folder = await scratch();
    const [first, second] = await Promise.all([openIdentity(folder.path)(), openIdentity(folder.path)()]);
    expect(second).toEqual(first);
    expect(await openIdentity(folder.path)()).toEqual(first);
    const key = Buffer.from(first.publicKey, 'base64url');
    expect(key).toHaveLength(32);
    expect(first.deviceId).toBe(createHash('sha256').update(key).digest('hex'));
    expect((await stat(join(folder.path, 'gateway.key'))).mode & 0o777).toBe(0o600);
  });

  it('is taken from those who could read it', async () => {
    await using folder = await scratch();
    await openIdentity(folder.path)();
    const path = join(folder.path, 'gateway.key');
    await chmod(path, 0o644);
    await openIdentity(folder.path)();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('that cannot be read is told with its path, not overwritten, and read again when it is mended', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'gateway.key');
    await openIdentity(folder.path)();
    const good = await readFile(path, 'utf8');
    await writeFile(path, 'scribble');
    const identity = openIdentity(folder.path);
    await expect(identity()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { path } });
    expect(await readFile(path, 'utf8')).toBe('scribble');
    await writeFile(path, good);
    expect(await identity()).toMatchObject({ publicKey: expect.any(String) });
  });
});
