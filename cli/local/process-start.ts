import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/**
 * When a process began, in the system's own words: together with its number it names one process for as long as the machine
 * runs, where a number alone is used again.
 * @returns undefined when there is no such process, or the system does not tell.
 */
export async function readProcessStart(pid: number): Promise<string | undefined> {
  // Zero and below are groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') return readProc(pid);
  return process.platform === 'win32' ? ask(...powershell(pid)) : ask('ps', ['-o', 'lstart=', '-p', String(pid)]);
}

// --- internal ---

/** The 22nd field, clock ticks since the boot; the second one is in brackets and may hold anything. */
async function readProc(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie is no process any more, only its exit code is.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

const powershell = (pid: number): [string, string[]] => [
  'powershell',
  ['-NoProfile', '-NonInteractive', '-Command', `(Get-Process -Id ${pid}).StartTime.Ticks`],
];

function ask(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, LC_ALL: 'C' }, timeout: 5_000, windowsHide: true };
    execFile(program, args, options, (error, stdout) => resolve(error ? undefined : stdout.trim() || undefined));
  });
}
