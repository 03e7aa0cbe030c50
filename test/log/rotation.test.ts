import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../server/log/file-log.ts';
import { scratch } from '../scratch.ts';
import { createConsole, noon, toLines } from './house.ts';

describe('rotation', () => {
  it('by size keeps five older files, and every line of those', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'gateway.log');
    const log = createLog({ file, maxFileBytes: 1000, consoleLevel: 'silent' });
    for (let index = 0; index < 60; index++) {
      log.info(`line ${index} ${'x'.repeat(150)}`);
      // Each rotation is let through, so that the files hold as many lines as they can.
      await log.flush();
    }
    await log.close();
    const names = (await readdir(folder.path)).sort();
    expect(names).toEqual(['gateway.log', ...[1, 2, 3, 4, 5].map((number) => `gateway.log.${number}`)]);
    const oldestFirst = [...names.slice(1).reverse(), 'gateway.log'];
    const texts = await Promise.all(oldestFirst.map((name) => readFile(join(folder.path, name), 'utf8')));
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1000);
    const kept = texts.flatMap(toLines).map(({ message }) => Number(/^line (\d+)/.exec(String(message))?.[1]));
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 60 - kept.length + index));
    expect(kept.length).toBeGreaterThan(6);
  });

  it('loses no line that is written while it happens', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'gateway.log');
    const log = createLog({ file, maxFileBytes: 100_000, consoleLevel: 'silent' });
    for (let index = 0; index < 2000; index++) {
      log.info(`line ${index}`);
      if (index % 50 === 0) await new Promise((done) => setImmediate(done));
    }
    await log.close();
    const names = (await readdir(folder.path)).sort().reverse();
    expect(names.length).toBeGreaterThan(1);
    const texts = await Promise.all(names.map((name) => readFile(join(folder.path, name), 'utf8')));
    expect(texts.flatMap(toLines).map(({ message }) => message)).toEqual(
      Array.from({ length: 2000 }, (_, index) => `line ${index}`),
    );
  });

  it('by date begins a new file, and deletes those of more than a week ago', async () => {
    await using folder = await scratch();
    const logs = join(folder.path, 'openclaw');
    await mkdir(logs, { mode: 0o700 });
    const names = [
      'openclaw-2026-02-20.log',
      'openclaw-2026-02-20.log.1',
      'openclaw-2026-02-28.log',
      'openclaw-dev-2026-02-20.log',
      'notes.txt',
    ];
    for (const name of names) await writeFile(join(logs, name), '');
    let today = noon('2026-03-04');
    const log = createLog({ tmp: folder.path, consoleLevel: 'silent', now: () => today });
    log.info('one');
    await log.flush();
    today = noon('2026-03-05');
    log.info('two');
    log.info('three');
    await log.flush();
    expect(log.currentFile()).toBe(join(logs, 'openclaw-2026-03-05.log'));
    await log.close();
    const messages = async (name: string) =>
      toLines(await readFile(join(logs, name), 'utf8')).map(({ message }) => message);
    expect([...(await messages('openclaw-2026-03-04.log')), ...(await messages('openclaw-2026-03-05.log'))]).toEqual([
      'one',
      'two',
      'three',
    ]);
    await expect
      .poll(async () => (await readdir(logs)).sort())
      .toEqual([
        'notes.txt',
        'openclaw-2026-02-28.log',
        'openclaw-2026-03-04.log',
        'openclaw-2026-03-05.log',
        'openclaw-dev-2026-02-20.log',
      ]);
  });

  it('that fails leaves the lines in the old file, and the console says why', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'gateway.log');
    // A folder that is not empty cannot be replaced by a file.
    await mkdir(join(`${file}.5`, 'inside'), { recursive: true });
    await mkdir(join(`${file}.1`, 'inside'), { recursive: true });
    const stdout = createConsole();
    const log = createLog({ file, maxFileBytes: 300, stdout });
    for (let index = 0; index < 5; index++) {
      log.info(`line ${index}`);
      await log.flush();
    }
    await log.close();
    expect(toLines(await readFile(file, 'utf8')).map(({ message }) => message)).toEqual(
      [0, 1, 2, 3, 4].map((index) => `line ${index}`),
    );
    expect(stdout.text()).toContain(`[log] cannot begin the log ${file}:`);
  });
});

describe('a fault of the disk', () => {
  it('on a new day is reported once, and the lines go on into the old file', async () => {
    await using folder = await scratch();
    const logs = join(folder.path, 'openclaw');
    const stdout = createConsole();
    let today = noon('2026-03-04');
    const log = createLog({ tmp: folder.path, stdout, now: () => today });
    log.info('one');
    await log.flush();
    const old = await open(log.currentFile());
    await rm(logs, { recursive: true });
    await writeFile(logs, 'in the way');
    today = noon('2026-03-05');
    for (const message of ['two', 'three', 'four']) {
      log.info(message);
      await log.flush();
    }
    await log.close();
    const told = expect.stringContaining('cannot begin the log');
    expect(toLines(await old.readFile('utf8')).map(({ message }) => message)).toEqual([
      'one',
      'two',
      told,
      'three',
      'four',
    ]);
    await old.close();
    expect(stdout.text().match(/cannot begin the log .+2026-03-05\.log: EEXIST/g)).toHaveLength(1);
  });

  it.runIf(existsSync('/dev/full'))('that is full is reported once, and stops nobody', async () => {
    const stdout = createConsole();
    const log = createLog({ file: '/dev/full', stdout });
    for (const message of ['one', 'two', 'three']) {
      log.info(message);
      await log.flush();
    }
    await log.close();
    expect(stdout.text().match(/cannot write the log \/dev\/full: ENOSPC/g)).toHaveLength(1);
    expect(stdout.text()).toContain('[gateway] three');
  });
});
