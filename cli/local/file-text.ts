import { open, readFile } from 'node:fs/promises';

/** The text of a file; undefined when there is none, or it is not ours to read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The end of a file, whole lines only, `bytes` long at most; undefined when there is no file to read. */
export async function readEnd(path: string, bytes: number): Promise<string | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, bytes)), 0, undefined, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    // The first line may be half of one, and half of a secret.
    return start > 0 ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    await file.close();
  }
}
