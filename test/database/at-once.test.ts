import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../scratch.ts';

/** Opens the file that it is told, and says how that went. */
const opener = `
  const { openDatabase } = await import(process.argv[1]);
  process.stdin.on('data', (path) =>
    openDatabase(String(path)).then((database) => {
      process.stdout.write('opened');
      return database.close();
    }, ({ message }) => process.stdout.write(message)));
  process.stdout.write('ready');
`;

it('new databases are opened by several processes at once', { timeout: 120_000 }, async () => {
  await using folder = await scratch();
  const module = join(import.meta.dirname, '..', '..', 'server', 'database', 'database.ts');
  const processes = [1, 2, 3].map(() => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', opener, module]);
    const heard = () => new Promise<string>((resolve) => child.stdout.once('data', (words) => resolve(String(words))));
    return { child, heard, isReady: heard() };
  });
  try {
    await Promise.all(processes.map(({ isReady }) => isReady));
    // They have to meet within less than a millisecond to be in each other's way.
    for (let n = 0; n < 150; n++) {
      const answers = processes.map(({ heard }) => heard());
      for (const { child } of processes) child.stdin.write(join(folder.path, `${n}.db`));
      expect(await Promise.all(answers)).toEqual(['opened', 'opened', 'opened']);
    }
  } finally {
    for (const { child } of processes) child.kill('SIGKILL');
  }
});
