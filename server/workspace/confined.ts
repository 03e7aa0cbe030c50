import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { makeFolder } from '../log/make-folder.ts';
import { toDiskFault } from './disk-fault.ts';

/**
 * A folder whose files can be read and written, and nothing outside it: no `..`, no symbolic or hard links, no devices.
 * Paths are relative to the folder, or absolute below it.
 */
export interface ConfinedFolder {
  /** Absolute, as configured. */
  readonly root: string;
  /**
   * Undefined when there is no such file.
   * @throws GatewayError INVALID_REQUEST, `details.code: 'UNSAFE_PATH' | 'NOT_A_FILE' | 'FILE_TOO_LARGE' | 'NOT_USABLE'`;
   * UNAVAILABLE, `DISK_REFUSED`.
   */
  read(path: string): Promise<ConfinedFile | undefined>;
  /** Size and time of a file without reading it; undefined when there is none, or none that may be read. */
  look(path: string): Promise<Pick<ConfinedFile, 'size' | 'updatedAtMs'> | undefined>;
  /**
   * Writes a file whole or not at all, and makes the folders above it. On disk when it resolves. `change` sees the file as it
   * is, with nobody else of this process writing it meanwhile, and answers what is to stand there.
   * @throws as `read`, and whatever `change` throws.
   */
  write(path: string, change: (now: ConfinedFile | undefined) => string): Promise<WrittenFile>;
}

export interface ConfinedFile {
  bytes: Buffer;
  size: number;
  /** Milliseconds since the epoch. */
  updatedAtMs: number;
  /** SHA-256, hexadecimal. */
  hash: string;
}

export type WrittenFile = Omit<ConfinedFile, 'bytes'> & { created: boolean };

/** Bytes of a file that can be read or written. */
export const maxFileBytes = 2 * 1024 * 1024;

/** Writes that were tried through this gateway, in any folder. */
let attempts = 0;

/** Grows when a write through this gateway is over: what was read before it may be old. */
export const countWrites = (): number => attempts;

/**
 * @param root absolute; need not exist yet.
 * @param forbidden absolute folders and files that stay closed, unless the root is below them.
 */
export function confine(root: string, forbidden: readonly string[] = []): ConfinedFolder {
  const locate = async (path: string) => {
    const name = toRelative(root, path);
    const real = await realpath(root).catch(ifMissing);
    const target = join(real ?? root, name);
    if (real !== undefined) await refuseForbidden(target, real, forbidden);
    return { name, real, target };
  };

  const openFile = async (path: string) => {
    const { name, real, target } = await locate(path);
    if (real === undefined || !(await walk(real, name))) return undefined;
    const handle = await open(target, openFlags).catch((error) => ifMissing(ifLink(error, name)));
    if (!handle) return undefined;
    try {
      return { handle, stats: await requireSafe(handle, { name, target, real, forbidden }) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  };

  const read = async (path: string): Promise<ConfinedFile | undefined> => {
    const file = await openFile(path);
    if (!file) return undefined;
    await using handle = file.handle;
    if (file.stats.size > maxFileBytes) throw tooLarge(path, file.stats.size);
    const bytes = await readWhole(handle, file.stats.size, path);
    return { bytes, ...toFacts(bytes, file.stats) };
  };

  /** What the system refuses, in words for who asked. */
  const worded = <T>(path: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw toDiskFault(`"${shown(path)}"`, 'NOT_USABLE', error);
    });

  return {
    root,
    read: (path) => worded(path, read(path)),
    async look(path) {
      const file = await openFile(path).catch(() => undefined);
      await file?.handle.close();
      return file && { size: file.stats.size, updatedAtMs: Math.floor(file.stats.mtimeMs) };
    },
    write(path, change) {
      const written = inTurn(resolve(root, path), async () => {
        if (stepsOf(toRelative(root, path)).some((step) => step.toLowerCase() === '.git'))
          throw unsafe(path, 'what stands there can make git run programs');
        await makeFolder(root).catch((error: unknown) => {
          throw toDiskFault(`the workspace ${root}`, 'NOT_USABLE', error);
        });
        const { name, real, target } = await locate(path);
        if (real === undefined) throw unsafe(path, 'its folder went away');
        const now = await read(path);
        const bytes = Buffer.from(change(now));
        if (bytes.length > maxFileBytes) throw tooLarge(path, bytes.length);
        await makeFolders(real, dirname(name));
        const mode = now === undefined ? 0o600 : (await stat(target)).mode & 0o777;
        const stats = await replace(target, {
          bytes,
          mode,
          check: (draft) => requirePlace(draft, name, { real, forbidden }),
        });
        return { ...toFacts(bytes, stats), created: now === undefined };
      });
      return worded(path, written).finally(() => {
        attempts++;
      });
    },
  };
}

/** True when a path is a folder itself or below it. Both absolute. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

// --- internal ---

/** Not through a link; and a pipe without a writer must not keep the caller waiting. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The path below the root, or a refusal. */
function toRelative(root: string, path: string): string {
  if (path.includes('\0')) throw unsafe(path, 'it holds a NUL');
  const name = relative(root, resolve(root, path));
  if (path.split(/[/\\]/).includes('..')) throw unsafe(path, 'it may not hold ".."');
  if (!isWithin(join(root, name), root)) throw unsafe(path, `it is outside of ${root}`);
  if (name === '')
    throw new GatewayError('INVALID_REQUEST', `"${shown(path)}" is a folder, not a file`, {
      details: { code: 'NOT_A_FILE' },
    });
  return name;
}

async function refuseForbidden(target: string, real: string, forbidden: readonly string[]): Promise<void> {
  for (const place of forbidden) {
    const closed = (await realpath(place).catch(ifMissing)) ?? place;
    const isInside = isWithin(real, closed) && real !== closed;
    if (!isInside && isWithin(target, closed)) throw unsafe(target, 'the gateway keeps its own state there');
  }
}

/** Goes down to the folder of a file; false when it is not there. No step may be a link. */
async function walk(real: string, name: string): Promise<boolean> {
  let folder = real;
  for (const step of stepsOf(dirname(name))) {
    folder = join(folder, step);
    const stats = await lstat(folder).catch(ifMissing);
    if (!stats) return false;
    if (!stats.isDirectory()) throw unsafe(name, `${step} is not a folder`);
  }
  return true;
}

async function makeFolders(real: string, way: string): Promise<void> {
  let folder = real;
  for (const step of stepsOf(way)) {
    folder = join(folder, step);
    await mkdir(folder, { mode: 0o700 }).catch(ifThere);
    if (!(await lstat(folder)).isDirectory()) throw unsafe(way, `${step} is not a folder`);
  }
}

const stepsOf = (way: string) => way.split(sep).filter((step) => step !== '' && step !== '.');

/** The file that was opened has to be the one that stands at its place inside the root, under one name only. */
async function requireSafe(
  handle: FileHandle,
  { name, target, ...confines }: Confines & { name: string; target: string },
): Promise<Stats> {
  const stats = await handle.stat();
  if (!stats.isFile())
    throw new GatewayError('INVALID_REQUEST', `"${shown(name)}" is not a file`, { details: { code: 'NOT_A_FILE' } });
  if (stats.nlink > 1) throw unsafe(name, 'it is a hard link: the same file may stand elsewhere');
  const place = await requirePlace(target, name, confines);
  const there = await stat(place).catch(ifMissing);
  if (there?.ino !== stats.ino || there.dev !== stats.dev) throw unsafe(name, moved);
  return stats;
}

interface Confines {
  real: string;
  forbidden: readonly string[];
}

const moved = 'it changed its place while it was opened';

/**
 * Where a file really stands, once it is open. What was checked before may be a link by now, and where case does not count,
 * a closed folder has other names.
 */
async function requirePlace(target: string, name: string, { real, forbidden }: Confines): Promise<string> {
  const place = await realpath(target).catch(ifMissing);
  if (!place || !isWithin(place, real)) throw unsafe(name, moved);
  await refuseForbidden(place, real, forbidden);
  return place;
}

async function readWhole(handle: FileHandle, size: number, path: string): Promise<Buffer> {
  // One byte more than there should be tells a file that grows.
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
  }
  throw new GatewayError('UNAVAILABLE', `"${shown(path)}" grew while it was read: try again`, { retryable: true });
}

interface Replacement {
  bytes: Buffer;
  mode: number;
  /** Looks where the draft really stands, before anything is in it. */
  check(draft: string): Promise<unknown>;
}

/** Puts a file in place at once, on disk when it resolves. */
async function replace(target: string, { bytes, mode, check }: Replacement): Promise<Stats> {
  const folder = dirname(target);
  const draft = join(folder, `.${randomUUID()}.tmp`);
  try {
    await using handle = await open(draft, 'wx', mode);
    await check(draft);
    await handle.writeFile(bytes);
    await handle.sync();
    const stats = await handle.stat();
    await rename(draft, target);
    await using above = await open(folder, 'r');
    await above.sync();
    return stats;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

const turns = new Map<string, Promise<unknown>>();

/** Lets one write after the other at the same path. */
async function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(path) ?? Promise.resolve()).then(work);
  // The next one has its turn however this one ends.
  const ended = turn.catch(() => undefined);
  turns.set(path, ended);
  try {
    return await turn;
  } finally {
    if (turns.get(path) === ended) turns.delete(path);
  }
}

function toFacts(bytes: Buffer, stats: Stats): Omit<ConfinedFile, 'bytes'> {
  return {
    size: bytes.length,
    updatedAtMs: Math.floor(stats.mtimeMs),
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

function ifMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
  throw error;
}

function ifThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

/** What the system says of a link that may not be followed. */
function ifLink(error: unknown, name: string): unknown {
  return ['ELOOP', 'EMLINK'].includes(String(codeOf(error))) ? unsafe(name, 'it is a symbolic link') : error;
}

const shown = (path: string) => path.slice(0, 200);

function unsafe(path: string, reason: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `unsafe path "${shown(path)}": ${reason}`, {
    details: { code: 'UNSAFE_PATH' },
  });
}

function tooLarge(path: string, size: number): GatewayError {
  const message = `"${shown(path)}" is too large: ${size} bytes, and ${maxFileBytes} are the most`;
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'FILE_TOO_LARGE', maxBytes: maxFileBytes } });
}
