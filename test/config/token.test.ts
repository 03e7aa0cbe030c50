import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureToken, readToken } from '../../server/config/token.ts';
import { scratch } from '../scratch.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('the generated token', () => {
  it('is made once, for its owner alone, and read from then on', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'state', 'gateway.token');
    expect(await readToken(path)).toBeUndefined();
    const token = await ensureToken(path);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(await modeOf(path)).toBe(0o600);
    expect(await modeOf(dirname(path))).toBe(0o700);
    expect(await readFile(path, 'utf8')).toBe(`${token}\n`);
    expect(await readdir(dirname(path))).toEqual(['gateway.token']);
    expect(await ensureToken(path)).toBe(token);
    expect(await readToken(path)).toBe(token);
  });

  it('is the same for gateways that start at once, and leaves no drafts', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'gateway.token');
    const tokens = await Promise.all(Array.from({ length: 20 }, () => ensureToken(path)));
    expect(new Set(tokens).size).toBe(1);
    expect(await readdir(folder.path)).toEqual(['gateway.token']);
  });

  it('differs from one state directory to the next', async () => {
    await using folder = await scratch();
    const one = await ensureToken(join(folder.path, 'a', 'gateway.token'));
    expect(await ensureToken(join(folder.path, 'b', 'gateway.token'))).not.toBe(one);
  });

  it('is closed to others when it was open to them', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'gateway.token');
    await writeFile(path, 'of-my-own\n');
    await chmod(path, 0o644);
    expect(await ensureToken(path)).toBe('of-my-own');
    expect(await modeOf(path)).toBe(0o600);
  });

  it.each(['', ' \n', 'two words'])('is not replaced when the file holds %j: the operator is told', async (text) => {
    await using folder = await scratch();
    const path = join(folder.path, 'gateway.token');
    await writeFile(path, text);
    await expect(ensureToken(path)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/gateway\.token is (empty|more than one word): delete the file/),
    });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('needs a state directory: otherwise path, errno and advice', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'state');
    await writeFile(file, '');
    for (const attempt of [ensureToken, readToken]) {
      await expect(attempt(join(file, 'gateway.token'))).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
        message: expect.stringMatching(/state\/gateway\.token \(ENOTDIR\): the state directory .+ OPENCLAW_STATE_DIR/),
        details: { path: join(file, 'gateway.token'), errno: 'ENOTDIR' },
      });
    }
  });
});
