import { readFile, stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { createLog, type LogOptions } from '../../server/log/file-log.ts';
import { scratch } from '../scratch.ts';

/** A console that remembers what was written to it. */
export function createConsole({ isTTY = false, fault }: { isTTY?: boolean; fault?: Error } = {}) {
  const written: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done(fault);
    },
  });
  return Object.assign(stream, { isTTY, text: () => written.join('') });
}

/** The middle of a day. */
export const noon = (day: string) => new Date(`${day}T12:00:00`);

/** A log in a folder of its own. */
export async function openLog(options: LogOptions = {}) {
  const folder = await scratch();
  const stdout = createConsole();
  const log = createLog({ tmp: folder.path, stdout, now: () => noon('2026-03-04'), ...options });
  return {
    log,
    stdout,
    folder: folder.path,
    async lines(): Promise<Record<string, unknown>[]> {
      await log.flush();
      return toLines(await readFile(log.currentFile(), 'utf8'));
    },
    async [Symbol.asyncDispose]() {
      await log.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The objects in the lines of a log file. */
export const toLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** The permissions of a file or folder. */
export const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
