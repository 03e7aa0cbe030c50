import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../server/database/database.ts';
import { scratch } from '../scratch.ts';

const insert =
  "INSERT INTO runs (run_id, session_key, session_id, agent_id, status, accepted_at) VALUES (?, 'k', 's', 'a', 'ok', 1)";

describe('the database', () => {
  it('shares a transaction among the writes of one turn, each of them atomic', async () => {
    await using folder = await scratch();
    const database = await openDatabase(join(folder.path, 'x.db'));
    const add = database.prepare(insert);
    const count = database.prepare('SELECT count(*) AS n FROM runs');
    database.write(() => add.run('one'));
    expect(() =>
      database.write(() => {
        add.run('two');
        add.run('one');
      }),
    ).toThrow(/UNIQUE/);
    database.write(() => add.run('three'));
    expect(count.get()?.n).toBe(2);
    await database.durable();
    await database.close();
    const again = await openDatabase(join(folder.path, 'x.db'));
    expect(
      again
        .prepare('SELECT run_id FROM runs ORDER BY run_id')
        .all()
        .map((row) => row.run_id),
    ).toEqual(['one', 'three']);
    await again.close();
  });

  it('answers durable() to everybody, whenever they ask', async () => {
    await using folder = await scratch();
    const database = await openDatabase(join(folder.path, 'x.db'));
    const add = database.prepare(insert);
    await database.durable();
    const waits: Promise<void>[] = [];
    for (let i = 0; i < 200; i++) {
      database.write(() => add.run(`run-${i}`));
      if (i % 3 === 0) waits.push(database.durable());
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (i % 11 === 0) waits.push(database.durable());
    }
    await Promise.all(waits);
    await database.durable();
    await database.close();
  });

  it('keeps its log of writes short while it is written to without a pause', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'x.db');
    const database = await openDatabase(path);
    database.prepare('CREATE TABLE heap (body TEXT)').run();
    const add = database.prepare('INSERT INTO heap VALUES (?)');
    const body = 'x'.repeat(1024 * 1024);
    let largest = 0;
    for (let written = 0; written < 400; written++) {
      database.write(() => add.run(body));
      await database.durable();
      largest = Math.max(largest, (await stat(`${path}-wal`)).size);
    }
    await database.close();
    expect(largest).toBeLessThan(150 * 1024 * 1024);
  });

  it('begins its log of writes anew while nobody waits for the disk, and a transaction is open nearly always', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'x.db');
    const database = await openDatabase(path);
    database.prepare('CREATE TABLE heap (id INTEGER PRIMARY KEY, body TEXT)').run();
    const put = database.prepare('INSERT OR REPLACE INTO heap VALUES (?, ?)');
    await using wal = await open(`${path}-wal`, 'r');
    // Its header counts how often it was begun.
    const lives = async () => (await wal.read(Buffer.alloc(4), 0, 4, 12)).buffer.readUInt32BE();
    const first = await lives();
    for (let id = 0; (await lives()) < first + 3; id++) database.write(() => put.run(id % 100, 'x'.repeat(100_000)));
    await database.close();
  });

  it('says which file cannot be opened, and what to look at', async () => {
    await using folder = await scratch();
    await writeFile(
      join(folder.path, 'broken.db'),
      'this is no database, and it is long enough to be looked at'.repeat(50),
    );
    await expect(openDatabase(join(folder.path, 'broken.db'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('broken.db'),
    });
    await expect(openDatabase(join(folder.path, 'missing', 'x.db'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('refuses a file of a newer gateway', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'x.db');
    const database = await openDatabase(path);
    database.prepare('PRAGMA user_version=99').run();
    await database.close();
    await expect(openDatabase(path)).rejects.toMatchObject({ details: { code: 'DATABASE_TOO_NEW' } });
  });
});
