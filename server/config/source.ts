import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import JSON5 from 'json5';
import type { KeyPath } from './key-path.ts';
import type { Position } from './positions.ts';

/** What is wrong in one of the files of a configuration. */
export interface SourceFault {
  file: string;
  /** Where in that file; not needed when `position` says so. */
  steps: KeyPath;
  position?: Position | undefined;
  /** The key, as people write it; empty for the file as a whole. */
  path: string;
  code: string;
  message: string;
}

/** Bytes of a configuration, all its files together: reading more would hold up everything else for seconds. */
export const maxSourceBytes = 4 * 1024 * 1024;

/** The text of a file, or why there is none: what follows its name in a message. */
export async function readSource(path: string): Promise<string | { code: string; errno?: string; message: string }> {
  try {
    const bytes = await readBounded(path);
    if ('fault' in bytes) return { code: 'FILE_UNREADABLE', message: bytes.fault };
    return isUtf8(bytes) ? bytes.toString() : { code: 'NOT_UTF8', message: 'is not UTF-8 text: save it as UTF-8' };
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return errno === 'ENOENT'
      ? { code: 'FILE_MISSING', errno, message: 'does not exist' }
      : { code: 'FILE_UNREADABLE', errno, message: `cannot be read (${errno})` };
  }
}

/** True when the files on disk still say what was read from them. */
export async function areAsRead(sources: readonly { path: string; raw: string }[]): Promise<boolean> {
  const texts = await Promise.all(sources.map(({ path }) => readSource(path)));
  return sources.every(({ raw }, index) => texts[index] === raw);
}

/** What a text says, or where it is no JSON5, or too deep for what looks at it. */
export function parseSource(
  raw: string,
  file: string,
): { value: unknown; fault?: undefined } | { value?: undefined; fault: SourceFault } {
  const fault = (code: string, message: string, position: Position = { line: 1, column: 1 }) => ({
    fault: { file, steps: [], position, path: '', code, message },
  });
  try {
    const value: unknown = JSON5.parse(raw);
    return isTooDeep(value) ? fault('TOO_DEEP', `more than ${maxDepth} levels of nesting`) : { value };
  } catch (error) {
    // json5 is documented to throw a SyntaxError with the place, which it repeats in the message.
    if (!(error instanceof SyntaxError)) throw error;
    const { lineNumber: line = 1, columnNumber: column = 1 } = error as { lineNumber?: number; columnNumber?: number };
    const reason = error.message.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '');
    return fault('SYNTAX', `not valid JSON5: ${reason}`, { line, column });
  }
}

/** What is behind a pipe or a device has no end, and may not even begin. */
async function readBounded(path: string): Promise<Buffer | { fault: string }> {
  // Without waiting for a writer, should it be a pipe.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = await file.stat();
    if (!status.isFile() && !status.isDirectory()) return { fault: 'is no regular file' };
    if (status.size > maxSourceBytes) return { fault: `is larger than ${maxSourceBytes} bytes` };
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Levels of objects and lists; no key is deeper than a dozen. */
const maxDepth = 100;

/** True for a tree that what looks at it, and goes into itself for each level, could not look to the end of. */
export function isTooDeep(tree: unknown): boolean {
  let level = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}
