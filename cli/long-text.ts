import { readFile } from 'node:fs/promises';
import { misuse } from './misuse.ts';

/** What stands for stdin, as the value of an argument that may be long and as the path of its file. */
const stdin = '-';

/**
 * The text of an argument that may be long: as it was typed, or from a file or stdin, without a byte order mark.
 * @param flag the flag of the file, for the failure.
 * @throws GatewayError bad usage: a file that cannot be read, or that is no UTF-8.
 */
export async function readLongText({ value, path, flag }: LongText): Promise<unknown> {
  if (path === undefined && value !== stdin) return value;
  const fromStdin = path === undefined || path === stdin;
  const from = fromStdin ? 'stdin' : `${flag} "${path}"`;
  const bytes = await (fromStdin ? readStdin() : readFile(String(path))).catch((error: NodeJS.ErrnoException) => {
    throw misuse(`${from} cannot be read: ${reasons[error.code ?? ''] ?? error.message}`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw misuse(`${from} is not UTF-8 text`);
  }
}

// --- internal ---

interface LongText {
  /** As it was typed, if it was. */
  value: unknown;
  /** What was given as the path of its file, if it was. */
  path: unknown;
  flag: string;
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

async function readStdin(): Promise<Buffer> {
  if (process.stdin.isTTY) process.stderr.write('Type the text, then Ctrl-D on a line of its own.\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
