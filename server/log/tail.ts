import { type FileHandle, open } from 'node:fs/promises';

export interface TailOptions {
  /** Byte offset of an earlier answer; without it, the end of the file is read. */
  cursor?: number | undefined;
  /** Lines to answer at most, the newest. */
  limit: number;
  /** Bytes to read at most. */
  maxBytes: number;
}

/** As `logs.tail` answers it. */
export interface LogTail {
  file: string;
  /** Byte offset after the last complete line: what to ask with next. */
  cursor: number;
  /** Bytes in the file. */
  size: number;
  lines: string[];
  /** True when older lines were left out. */
  truncated?: boolean;
  /** True when the lines do not follow those of the cursor. */
  reset?: boolean;
  /** Bytes between the cursor and the first line, when there was more than `maxBytes` to read. */
  skippedBytes?: number;
}

/** Reads complete lines at the end of a log file. A file that does not exist is an empty one. */
export async function tailLog(file: string, options: TailOptions): Promise<LogTail> {
  const handle = await openIfExists(file);
  if (!handle) return { file, cursor: 0, size: 0, lines: [], ...(options.cursor ? { reset: true } : {}) };
  try {
    const { size } = await handle.stat();
    const { start, ...notes } = findStart(size, options);
    const { lines, end } = await readLines(handle, start, size);
    const isTruncated = notes.truncated || lines.length > options.limit;
    return {
      file,
      cursor: end,
      size,
      lines: lines.slice(-options.limit),
      ...notes,
      ...(isTruncated && { truncated: true }),
    };
  } finally {
    await handle.close();
  }
}

function findStart(
  size: number,
  { cursor, maxBytes }: TailOptions,
): Pick<LogTail, 'truncated' | 'reset' | 'skippedBytes'> & { start: number } {
  const latest = Math.max(0, size - maxBytes);
  if (cursor === undefined) return { start: latest, ...(latest > 0 && { truncated: true }) };
  if (cursor > size) return { start: latest, reset: true, ...(latest > 0 && { truncated: true }) };
  if (cursor >= latest) return { start: cursor };
  return { start: latest, reset: true, truncated: true, skippedBytes: latest - cursor };
}

async function readLines(handle: FileHandle, start: number, size: number): Promise<{ lines: string[]; end: number }> {
  // One byte before the start tells whether a line begins there.
  const from = Math.max(0, start - 1);
  const bytes = await readFully(handle, from, size - from);
  const newline = 10;
  const first = start === 0 ? 0 : bytes.indexOf(newline) + 1;
  const last = bytes.lastIndexOf(newline);
  const end = last < 0 ? start : from + last + 1;
  return { lines: last < first ? [] : bytes.toString('utf8', first, last).split('\n'), end };
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    // The file was cut while it was read.
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function openIfExists(file: string): Promise<FileHandle | undefined> {
  return await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
