import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratch } from '../scratch.ts';

/** A database in a process whose files may not grow beyond some megabytes; says what it thinks of its disk. */
const program = `
  const { openDatabase } = await import(process.env.DATABASE_MODULE);
  const { setTimeout: sleep } = await import('node:timers/promises');
  const database = await openDatabase(process.env.DATABASE_PATH);
  database.prepare('CREATE TABLE pad (text)').run();
  database.prepare("INSERT INTO pad VALUES ('')").run();
  const fill = database.prepare('UPDATE pad SET text = ?');
  const said = { first: database.isWritable };
  const fillWith = async (chars) => {
    for (let n = 0; n < 500; n++) {
      try {
        database.write(() => fill.run(String(n % 10).repeat(chars)));
        await database.durable();
      } catch (error) {
        said.error = error.details.code;
        return;
      }
    }
  };
  // To the last page.
  await fillWith(100_000);
  await fillWith(10);
  said.full = database.isWritable;
  // What an index does that finds nothing to merge.
  database.write(() => undefined);
  await database.durable().catch(() => undefined);
  said.afterNothing = database.isWritable;
  // Room again: the log begins anew, and nobody writes.
  database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  const until = Date.now() + 20_000;
  while (!database.isWritable && Date.now() < until) await sleep(20);
  said.afterRoom = database.isWritable;
  database.write(() => fill.run('small'));
  await database.durable();
  await database.close();
  process.stdout.write(JSON.stringify(said));
`;

it('is not taken for writable by a write that had nothing to write, and is tried while nobody writes', async () => {
  await using folder = await scratch();
  const env = {
    ...process.env,
    DATABASE_MODULE: new URL('../../server/database/database.ts', import.meta.url).href,
    DATABASE_PATH: join(folder.path, 'x.db'),
  };
  // Only a shell can lower the limit of what it then becomes.
  const limited = ['-c', 'ulimit -f 6000; exec "$0" "$@"', process.execPath, '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)('/bin/sh', limited, { env, timeout: 60_000 });
  expect(JSON.parse(stdout)).toEqual({
    first: true,
    error: 'DATABASE_WRITE_FAILED',
    full: false,
    afterNothing: false,
    afterRoom: true,
  });
});
