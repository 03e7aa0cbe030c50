import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { expandHome } from './home-path.ts';
import { isPlainObject } from './key-path.ts';
import { readNothing, type SecretReading, type SecretRequest } from './secret-reading.ts';

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
 * Reads secrets from a file, which is read once for all of them. Never throws: what keeps them from being read is told, and
 * nothing of what the file holds. The file has to be a regular file of this user, readable by nobody else, with one name and
 * no symbolic link to it.
 */
export async function readSecretFile(
  request: SecretRequest,
  { path = '', mode = 'json', maxBytes = 1024 * 1024, timeoutMs = 5000 }: SecretFile,
): Promise<Map<string, SecretReading>> {
  const place = `secrets.providers.${request.provider}.path`;
  const file = expandHome(path);
  if (file === '') return readNothing(request, `${place} is not set`);
  let text: string;
  try {
    text = await withinTime(readPrivate(file, maxBytes), timeoutMs);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return readNothing(request, `${place} (${path}) ${code ? toReason(code) : message}`);
  }
  const read = mode === 'singleValue' ? toOnlyValue : toMember;
  return new Map(request.ids.map((id) => [id, read(text, id, `${place} (${path})`)]));
}

// --- internal ---

function toOnlyValue(text: string, id: string, place: string): SecretReading {
  const value = text.replace(/\r?\n$/, '');
  if (id !== 'value') return { fault: `a file of one value has the id "value", not "${id}"` };
  return value === '' ? { fault: `${place} is empty` } : { value };
}

function toMember(text: string, id: string, place: string): SecretReading {
  const value = follow(text, id);
  return typeof value === 'string' && value !== ''
    ? { value }
    : { fault: `${place} holds no text at ${id}; the id has to be a JSON pointer such as /providers/openai` };
}

/** A file on a disk that does not answer must not hold up the start. */
async function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`could not be read within ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function readPrivate(path: string, maxBytes: number): Promise<string> {
  // Without waiting for a writer, should it be a pipe.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await requirePrivate(file, maxBytes);
    return await file.readFile('utf8');
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
