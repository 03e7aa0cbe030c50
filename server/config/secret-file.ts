import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isPlainObject } from './key-path.ts';

/** An entry of `secrets.providers` with the source `file`. */
export interface SecretFile {
  path?: string | undefined;
  /** `json`: ids are JSON pointers (RFC 6901). `singleValue`: the file is the secret, and the id is `value`. Default `json`. */
  mode?: 'json' | 'singleValue' | undefined;
  /** Default 1 MiB. */
  maxBytes?: number | undefined;
  /** Milliseconds. Default 5000. */
  timeoutMs?: number | undefined;
}

/**
 * Reads one secret from a file. Never throws: what keeps it from being read is told, and nothing of what the file holds.
 * The file has to be a regular file of this user, readable by nobody else, with one name and no symbolic link to it.
 */
export async function readSecretFile(
  { provider, id }: { provider: string; id: string },
  { path = '', mode = 'json', maxBytes = 1024 * 1024, timeoutMs = 5000 }: SecretFile,
): Promise<{ value: string; fault?: undefined } | { value?: undefined; fault: string }> {
  const place = `secrets.providers.${provider}.path`;
  const file = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  if (file === '') return { fault: `${place} is not set` };
  let text: string;
  try {
    text = await readPrivate(file, maxBytes, AbortSignal.timeout(timeoutMs));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { fault: `${place} (${path}) ${code ? toReason(code) : message}` };
  }
  if (mode === 'singleValue') {
    const value = text.replace(/\r?\n$/, '');
    if (id !== 'value') return { fault: `a file of one value has the id "value", not "${id}"` };
    return value === '' ? { fault: `${place} (${path}) is empty` } : { value };
  }
  const value = follow(text, id);
  return typeof value === 'string' && value !== ''
    ? { value }
    : { fault: `${place} (${path}) holds no text at ${id}; the id has to be a JSON pointer such as /providers/openai` };
}

async function readPrivate(path: string, maxBytes: number, signal: AbortSignal): Promise<string> {
  // Without waiting for a writer, should it be a pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await requirePrivate(file, maxBytes);
    return await file.readFile({ encoding: 'utf8', signal });
  } finally {
    await file.close();
  }
}

async function requirePrivate(file: FileHandle, maxBytes: number): Promise<void> {
  const status = await file.stat();
  const { size, nlink, mode, uid } = status;
  if (!status.isFile()) throw new Error('is no regular file');
  if (process.getuid && uid !== process.getuid()) throw new Error('belongs to another user');
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new Error('can be read by others: make it private with chmod 600');
  if (nlink > 1) throw new Error('has a second name (hard link)');
  if (size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
}

function toReason(code: string): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'ELOOP' || code === 'EMLINK') return 'is a symbolic link: name the file itself';
  return `cannot be read (${code})`;
}

/** The value at a JSON pointer; undefined when there is none, or no JSON. */
function follow(text: string, pointer: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the message of the fault would quote the file
  }
  if (!pointer.startsWith('/')) return undefined;
  for (const step of pointer.slice(1).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) value = /^\d+$/.test(name) ? value[Number(name)] : undefined;
    else value = isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}
