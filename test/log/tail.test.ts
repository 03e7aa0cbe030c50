import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TailOptions, tailLog } from '../../server/log/tail.ts';
import { scratch } from '../scratch.ts';

/** A log file with some text in it. */
async function logFile(text: string) {
  const folder = await scratch();
  const file = join(folder.path, 'gateway.log');
  await writeFile(file, text);
  return {
    file,
    tail: ({ limit = 500, maxBytes = 250_000, cursor }: Partial<TailOptions> = {}) =>
      tailLog(file, { limit, maxBytes, cursor }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('tailLog', () => {
  it('reads a whole file, and nothing more until it grows', async () => {
    await using log = await logFile('one\ntwö\nthree\n');
    const { file, tail } = log;
    const first = await tail();
    expect(first).toEqual({ file, cursor: 15, size: 15, lines: ['one', 'twö', 'three'] });
    expect(await tail({ cursor: first.cursor })).toEqual({ file, cursor: 15, size: 15, lines: [] });
    await appendFile(file, 'four\nfive\n');
    expect(await tail({ cursor: first.cursor })).toEqual({ file, cursor: 25, size: 25, lines: ['four', 'five'] });
  });

  it('waits for the end of a line', async () => {
    await using log = await logFile('one\ntw');
    const { file, tail } = log;
    const first = await tail();
    expect(first).toMatchObject({ cursor: 4, size: 6, lines: ['one'] });
    expect(await tail({ cursor: 4 })).toEqual({ file, cursor: 4, size: 6, lines: [] });
    await appendFile(file, 'o\nthr');
    expect(await tail({ cursor: 4 })).toEqual({ file, cursor: 8, size: 11, lines: ['two'] });
    expect(await tail({ cursor: 0 })).toMatchObject({ cursor: 8, lines: ['one', 'two'] });
  });

  it('takes the newest lines within the limit, and says that there are older ones', async () => {
    await using log = await logFile('1\n2\n3\n4\n');
    expect(await log.tail({ limit: 2 })).toEqual({
      file: log.file,
      cursor: 8,
      size: 8,
      lines: ['3', '4'],
      truncated: true,
    });
    expect(await log.tail({ limit: 2, cursor: 0 })).toMatchObject({ cursor: 8, lines: ['3', '4'], truncated: true });
    expect(await log.tail({ limit: 4 })).not.toHaveProperty('truncated');
  });

  it('reads no more than maxBytes, from the first complete line on', async () => {
    await using log = await logFile('first\nsecond\nthird\n');
    const { tail, file } = log;
    expect(await tail({ maxBytes: 8 })).toEqual({ file, cursor: 19, size: 19, lines: ['third'], truncated: true });
    expect(await tail({ maxBytes: 6 })).toMatchObject({ lines: ['third'], truncated: true });
    expect(await tail({ maxBytes: 5 })).toMatchObject({ lines: [], cursor: 19, truncated: true });
    expect(await tail({ maxBytes: 19 })).toEqual({ file, cursor: 19, size: 19, lines: ['first', 'second', 'third'] });
  });

  it('says how much a reader missed that fell behind', async () => {
    await using log = await logFile('first\nsecond\nthird\n');
    expect(await log.tail({ cursor: 6, maxBytes: 8 })).toEqual({
      file: log.file,
      cursor: 19,
      size: 19,
      lines: ['third'],
      truncated: true,
      reset: true,
      skippedBytes: 5,
    });
    expect(await log.tail({ cursor: 11, maxBytes: 8 })).not.toHaveProperty('reset');
  });

  it('begins again when the cursor is beyond the file', async () => {
    await using log = await logFile('one\ntwo\nthree\n');
    const { cursor } = await log.tail();
    await truncate(log.file, 0);
    await appendFile(log.file, 'new\n');
    expect(await log.tail({ cursor })).toEqual({ file: log.file, cursor: 4, size: 4, lines: ['new'], reset: true });
  });

  it('takes a missing file for an empty one', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'none.log');
    expect(await tailLog(file, { limit: 5, maxBytes: 100 })).toEqual({ file, cursor: 0, size: 0, lines: [] });
    expect(await tailLog(file, { cursor: 7, limit: 5, maxBytes: 100 })).toMatchObject({ cursor: 0, reset: true });
  });

  it('follows a file that is written meanwhile, and loses and repeats nothing', async () => {
    await using log = await logFile('');
    const expected = Array.from({ length: 400 }, (_, index) => `line ${index} ${'ä'.repeat(index % 50)}`);
    const writing = (async () => {
      // Pieces that end anywhere, also within a character.
      const bytes = Buffer.from(`${expected.join('\n')}\n`);
      for (let at = 0; at < bytes.length; at += 97) await appendFile(log.file, bytes.subarray(at, at + 97));
    })();
    const seen: string[] = [];
    let cursor = 0;
    while (seen.length < expected.length) {
      const { lines, ...answer } = await log.tail({ cursor });
      expect(answer).not.toHaveProperty('reset');
      seen.push(...lines);
      cursor = answer.cursor;
    }
    await writing;
    expect(seen).toEqual(expected);
  });
});
