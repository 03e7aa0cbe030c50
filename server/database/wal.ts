import type { FileHandle } from 'node:fs/promises';

/*
 * The write-ahead log as SQLite lays it out (https://www.sqlite.org/fileformat2.html#walformat): a header, then frames, each
 * with a page. When all of it is in the database it begins anew from its start, and what is left of it behind that stays
 * in the file; two numbers in the header, and in each frame that belongs to it, tell one life of the log from another.
 */

/**
 * True when the log is that long. The size of its file does not tell: a log that has begun anew leaves the file as large as
 * it was.
 */
export async function isWalFilled(wal: FileHandle, bytes: number): Promise<boolean> {
  const { buffer: header, bytesRead } = await wal.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
  if (bytesRead < headerBytes) return false;
  const stepBytes = frameHeaderBytes + header.readUInt32BE(pageSizeAt);
  const position = headerBytes + Math.floor((bytes - headerBytes) / stepBytes) * stepBytes;
  const frame = await wal.read(Buffer.alloc(frameHeaderBytes), 0, frameHeaderBytes, position);
  if (frame.bytesRead < frameHeaderBytes) return false;
  return header
    .subarray(saltAt, saltAt + saltBytes)
    .equals(frame.buffer.subarray(frameSaltAt, frameSaltAt + saltBytes));
}

// --- internal ---

const headerBytes = 32;
const pageSizeAt = 8;
const saltAt = 16;
const frameHeaderBytes = 24;
const frameSaltAt = 8;
const saltBytes = 8;
