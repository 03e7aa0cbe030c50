import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Following, followLog, readOnce } from '../../../cli/commands/standing/log-follow.ts';
import { toLogLine } from '../../../cli/commands/standing/log-line.ts';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import { type LogTail, tailLog } from '../../../server/log/tail.ts';
import { scratch } from '../../scratch.ts';

const retry = { tries: 8, firstDelayMs: 5, maxDelayMs: 20 };

/** A gateway that answers from a file, as long as it is up; and everything that its reader was told. */
async function startFollowing(more: Partial<Following> & { lines?: string } = {}) {
  const folder = await scratch();
  const file = join(folder.path, 'gateway.log');
  await writeFile(file, more.lines ?? 'one\ntwo\n');
  const stop = new AbortController();
  const told = { lines: [] as string[], notices: [] as string[], metas: [] as (LogTail & { source: string })[] };
  const gateway = { up: true, file };
  const following: Following = {
    ask: async (request) => {
      if (gateway.up) return tailLog(gateway.file, request);
      throw new GatewayError('UNREACHABLE', 'nobody is there', { retryable: true, details: { why: 'ECONNREFUSED' } });
    },
    localFile: file,
    limits: { limit: 200, maxBytes: 250_000 },
    intervalMs: 5,
    reader: {
      meta: (tail, source) => void told.metas.push({ ...tail, source }),
      lines: (lines) => void told.lines.push(...lines),
      notice: (text) => void told.notices.push(text),
    },
    signal: stop.signal,
    retry,
    ...more,
  };
  return {
    following,
    told,
    gateway,
    file,
    folder: folder.path,
    append: (text: string) => appendFile(gateway.file, text),
    sees: (line: string) => expect.poll(() => told.lines).toContain(line),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('following a log', () => {
  it('goes on where it was', async () => {
    await using test = await startFollowing();
    const following = followLog(test.following);
    await test.sees('two');
    await test.append('three\nhal');
    await test.sees('three');
    await test.append('f\n');
    await test.sees('half');
    expect(test.told.lines).toEqual(['one', 'two', 'three', 'half']);
    expect(test.told.metas).toMatchObject([{ source: 'gateway', file: test.file }]);
    test.following.signal.throwIfAborted();
    await test[Symbol.asyncDispose]();
    await following;
  });

  it('reads the file while the gateway is away, once each line, and says so', async () => {
    await using test = await startFollowing({ retry: { ...retry, tries: 1_000 } });
    void followLog(test.following);
    await test.sees('two');
    test.gateway.up = false;
    await expect.poll(() => test.told.notices).toContain('gateway disconnected (ECONNREFUSED); try 1 of 1000 in 5 ms');
    await test.append('while it was away\n');
    await test.sees('while it was away');
    test.gateway.up = true;
    await expect.poll(() => test.told.notices).toContain('gateway reconnected');
    await test.append('after\n');
    await test.sees('after');
    expect(test.told.lines).toEqual(['one', 'two', 'while it was away', 'after']);
    expect(test.told.metas.map(({ source }) => source)).toEqual(['gateway', 'file', 'gateway']);
  });

  it.each([
    ['once', 1],
    ['twice', 2],
  ])('loses no line when the file is rotated %s', async (_, times) => {
    await using test = await startFollowing({ intervalMs: 200 });
    void followLog(test.following);
    await test.sees('two');
    const expected = ['one', 'two'];
    for (let turn = 1; turn <= times; turn++) {
      await test.append(`last of ${turn}\n`);
      if (turn > 1) await rename(`${test.file}.1`, `${test.file}.2`);
      await rename(test.file, `${test.file}.1`);
      // Longer than the one before: by its size alone it could pass for the same file.
      await writeFile(test.file, `${'first'.repeat(20)} of ${turn}\n`);
      expected.push(`last of ${turn}`, `${'first'.repeat(20)} of ${turn}`);
    }
    await test.sees(expected.at(-1) as string);
    expect(test.told.lines).toEqual(expected);
  });

  it('goes on with the file of the next day after the rest of the day before', async () => {
    await using test = await startFollowing({ intervalMs: 200 });
    const [first, second] = ['2026-01-31', '2026-02-01'].map((day) => join(test.folder, `openclaw-${day}.log`)) as [
      string,
      string,
    ];
    await rename(test.file, first);
    test.gateway.file = first;
    void followLog({ ...test.following, localFile: first });
    await test.sees('two');
    await appendFile(first, 'late\n');
    await writeFile(second, 'first of the new day, in a longer file\n');
    test.gateway.file = second;
    await test.sees('first of the new day, in a longer file');
    expect(test.told.lines).toEqual(['one', 'two', 'late', 'first of the new day, in a longer file']);
  });

  it('gives up after eight tries', async () => {
    await using test = await startFollowing();
    test.gateway.up = false;
    await expect(followLog(test.following)).rejects.toThrow('the gateway has not come back after 8 tries');
    expect(test.told.notices).toHaveLength(8);
    expect(test.told.notices.at(-1)).toContain('try 8 of 8 in 20 ms');
    // Its file was read all the same.
    expect(test.told.lines).toEqual(['one', 'two']);
  });

  it('does not try again where it was refused', async () => {
    const refusal = new GatewayError('INVALID_REQUEST', 'unauthorized: gateway token mismatch');
    await using test = await startFollowing({ ask: () => Promise.reject(refusal) });
    await expect(followLog(test.following)).rejects.toBe(refusal);
    await expect(readOnce(test.following)).rejects.toBe(refusal);
    expect(test.told).toEqual({ lines: [], notices: [], metas: [] });
  });

  it('reads no file of this machine for a gateway that may be on another', async () => {
    await using test = await startFollowing({ localFile: undefined });
    test.gateway.up = false;
    await expect(readOnce(test.following)).rejects.toThrow('nobody is there');
    await expect(followLog(test.following)).rejects.toThrow('has not come back');
    expect(test.told.lines).toEqual([]);
  });

  it('says that there is no file either', async () => {
    await using test = await startFollowing();
    test.gateway.up = false;
    await rm(test.file);
    await expect(readOnce(test.following)).rejects.toThrow(`nobody is there; there is no log file ${test.file} either`);
  });
});

describe('a line of the log', () => {
  it('is read, whoever wrote it', () => {
    const raw = JSON.stringify({
      time: '2026-01-31T10:00:00.000+01:00',
      subsystem: 'wire',
      message: 'failed',
      error: { message: 'no disk' },
      _meta: { logLevelName: 'ERROR' },
    });
    expect(toLogLine(raw)).toEqual({
      time: '2026-01-31T10:00:00.000+01:00',
      level: 'error',
      subsystem: 'wire',
      message: 'failed: no disk',
      raw,
    });
    for (const odd of ['plain text', '[1]', 'null', '{"a":', ''])
      expect(toLogLine(odd)).toEqual({ time: null, level: null, subsystem: null, message: odd, raw: odd });
  });
});
