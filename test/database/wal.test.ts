import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { isWalFilled } from '../../server/database/wal.ts';
import { scratch } from '../scratch.ts';

const largeBytes = 256 * 1024;

it('tells how long the log of writes is, also where its file stays larger', async () => {
  await using folder = await scratch();
  const path = join(folder.path, 'x.db');
  const sqlite = new DatabaseSync(path);
  sqlite.exec('PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE heap (body BLOB)');
  const fill = () => sqlite.exec(`INSERT INTO heap VALUES (zeroblob(${largeBytes}))`);
  await using wal = await open(`${path}-wal`, 'r');
  expect(await isWalFilled(wal, largeBytes)).toBe(false);
  fill();
  expect(await isWalFilled(wal, largeBytes)).toBe(true);
  expect(await isWalFilled(wal, 2 * largeBytes)).toBe(false);
  fill();
  expect(await isWalFilled(wal, 2 * largeBytes)).toBe(true);

  sqlite.exec('PRAGMA wal_checkpoint(PASSIVE); INSERT INTO heap VALUES (zeroblob(1))');
  expect((await stat(`${path}-wal`)).size).toBeGreaterThan(2 * largeBytes);
  expect(await isWalFilled(wal, largeBytes)).toBe(false);
  fill();
  expect(await isWalFilled(wal, largeBytes)).toBe(true);
  expect(await isWalFilled(wal, 2 * largeBytes)).toBe(false);
  sqlite.close();
});
