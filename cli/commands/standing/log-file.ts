import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LogTail } from '../../../server/log/tail.ts';

/** A log file of this machine, known again after a rotation. */
export interface FilePlace {
  path: string;
  /** Number of the file itself, whatever it is called by then. */
  inode: number;
}

/** From where, and how much at once. */
export interface TailRequest {
  /** Byte offset; without it, the end of the file. */
  cursor?: number | undefined;
  limit: number;
  maxBytes: number;
}

/** The file; of a name with a day, the newest day that is there. Undefined when there is none. */
export async function findNewest(path: string): Promise<string | undefined> {
  const day = /^(.*)-\d{4}-\d{2}-\d{2}\.log$/.exec(basename(path))?.[1];
  if (day === undefined) return (await inodeOf(path)) === undefined ? undefined : path;
  const names = await readdir(dirname(path)).catch(() => [] as string[]);
  const newest = names.filter((name) => name.startsWith(`${day}-`) && isOfDay(name.slice(day.length))).sort();
  return newest.length === 0 ? undefined : join(dirname(path), newest.at(-1) as string);
}

/** The place of a file that is there. */
export async function placeOf(path: string): Promise<FilePlace | undefined> {
  const inode = await inodeOf(path);
  return inode === undefined ? undefined : { path, inode };
}

/** The files that a rotated file has become, oldest first, the one of the place among them; empty while it has its name. */
export async function findRotated({ path, inode }: FilePlace): Promise<string[]> {
  if ((await inodeOf(path)) === inode) return [];
  const older: string[] = [];
  for (let number = 1; number <= keptFiles; number++) {
    older.unshift(`${path}.${number}`);
    if ((await inodeOf(`${path}.${number}`)) === inode) return older;
  }
  return [];
}

/** Reads a log file of this machine as the gateway does. @throws the error of the file system. */
export async function readTail(path: string, request: TailRequest): Promise<LogTail> {
  const { tailLog } = await import('../../../server/log/tail.ts');
  return tailLog(path, request);
}

// --- internal ---

/** Older files that the gateway keeps beside the current one. */
const keptFiles = 5;

const isOfDay = (rest: string) => /^-\d{4}-\d{2}-\d{2}\.log$/.test(rest);

async function inodeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (status) => (status.isFile() ? status.ino : undefined),
    () => undefined,
  );
}
