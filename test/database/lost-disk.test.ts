import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openDatabase } from '../../server/database/database.ts';
import { scratch } from '../scratch.ts';

const disk = vi.hoisted(() => ({ isBroken: false }));

/** A disk that can be told to fail its flushes; all else is the real one. */
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  return {
    ...fs,
    async open(...args: Parameters<typeof fs.open>): Promise<FileHandle> {
      const file = await fs.open(...args);
      const flush = file.datasync.bind(file);
      file.datasync = () => (disk.isBroken ? Promise.reject(new Error('EIO: i/o error, fdatasync')) : flush());
      return file;
    },
  };
});

it('believes a disk no more that has failed a flush, though the next one succeeds', async () => {
  await using folder = await scratch();
  const database = await openDatabase(join(folder.path, 'x.db'));
  const add = database.prepare(
    "INSERT INTO runs (run_id, session_key, session_id, agent_id, status, accepted_at) VALUES (?, 'k', 's', 'a', 'ok', 1)",
  );
  database.write(() => add.run('kept'));
  await database.durable();
  expect(database.isWritable).toBe(true);

  disk.isBroken = true;
  database.write(() => add.run('lost'));
  const refusal = { code: 'UNAVAILABLE', details: { code: 'DATABASE_FLUSH_FAILED' } };
  const [first, second] = [database.durable(), database.durable()];
  await expect(first).rejects.toMatchObject(refusal);
  await expect(second).rejects.toMatchObject(refusal);

  disk.isBroken = false;
  database.write(() => add.run('after'));
  await expect(database.durable()).rejects.toMatchObject(refusal);
  expect(database.isWritable).toBe(false);
  await database.close();
});
