import { spawn } from 'node:child_process';
import { lstat, stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import type { Environment } from './substitute.ts';

/** A program to run once, without a shell. */
export interface SecretCommand {
  command: string;
  args: readonly string[];
  /** All that the program finds in its environment. */
  env: Environment;
  /** Written to its standard input. */
  input: string;
  timeoutMs: number;
  /** Bytes of its standard output; more of them end it. */
  maxOutputBytes: number;
}

/**
 * Why a program is not trusted with secrets; undefined when it is. Only a file at an absolute path that is no symbolic
 * link, belongs to this user and can be replaced by nobody else is: what runs there could read all it is asked for.
 */
export async function findCommandFault(command: string): Promise<string | undefined> {
  if (!isAbsolute(command)) return 'has to be an absolute path';
  const status = await lstat(command).catch((error: NodeJS.ErrnoException) => error);
  if (status instanceof Error) return status.code === 'ENOENT' ? 'does not exist' : `cannot be read (${status.code})`;
  if (status.isSymbolicLink()) return 'is a symbolic link: name the file itself (realpath)';
  if (!status.isFile()) return 'is no regular file';
  if (process.platform === 'win32') return undefined;
  if (status.uid !== process.getuid?.())
    return 'belongs to another user: it has to be of the user that runs the gateway';
  if (status.mode & 0o022) return 'can be written by others: take that away with chmod go-w';
  if (await canBeReplaced(dirname(command)))
    return `lies in a folder that others can write to: take that away with chmod o-w ${dirname(command)}`;
  return status.mode & 0o100 ? undefined : 'cannot be executed: make it so with chmod u+x';
}

/** Runs a program to its end. Never rejects; its standard error, which may quote a secret, is not looked at. */
export function runSecretCommand(wanted: SecretCommand): Promise<{ output: string } | { fault: string }> {
  const { command, args, env, input, timeoutMs, maxOutputBytes } = wanted;
  return new Promise((resolve) => {
    // In a group of its own, so that what it has started itself ends with it.
    const detached = process.platform !== 'win32';
    const options = { env, cwd: dirname(command), detached };
    const child = start(command, args, options);
    if (!child)
      return resolve({ fault: 'cannot be run: an argument or a variable of it has a zero byte in it, or is too long' });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (outcome: { output: string } | { fault: string }) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const end = (fault: string) => {
      killGroup(child.pid, detached);
      child.stdout.destroy();
      settle({ fault });
    };
    const timer = setTimeout(() => end(`gave no answer within ${timeoutMs} ms`), timeoutMs);
    child.once('error', ({ code }: NodeJS.ErrnoException) => settle({ fault: `cannot be run (${code ?? 'error'})` }));
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxOutputBytes) end(`wrote more than ${maxOutputBytes} bytes`);
      else chunks.push(chunk);
    });
    child.once('close', (code, signal) => {
      if (code === 0) settle({ output: Buffer.concat(chunks).toString() });
      else settle({ fault: signal ? `was ended by ${signal}` : `ended with exit code ${code}` });
    });
    // A program that does not read what it is asked ends as it likes.
    child.stdin.on('error', () => undefined).end(input);
  });
}

// --- internal ---

/** Where everybody may write and take away what is not theirs, another program can be put in its place after it was looked at. */
async function canBeReplaced(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  const isSticky = (mode & 0o1000) !== 0;
  return (mode & 0o002) !== 0 && !isSticky;
}

/** Undefined for what no system can start. */
function start(
  command: string,
  args: readonly string[],
  options: { env: Environment; cwd: string; detached: boolean },
) {
  try {
    return spawn(command, [...args], {
      ...options,
      windowsHide: true,
      shell: false,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch {
    return undefined; // the message would quote the argument, which may be a secret
  }
}

function killGroup(pid: number | undefined, isGroup: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(isGroup ? -pid : pid, 'SIGKILL');
  } catch {
    // It has ended by itself in this very moment.
  }
}
