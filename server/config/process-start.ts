import { readFile } from 'node:fs/promises';

/**
 * When a process began: ticks since the boot on Linux, else milliseconds since the epoch. Together with its number it names one
 * process for as long as the machine runs, where a number alone is used again.
 * @returns undefined when there is no such process any more, or the system does not tell.
 */
export async function readProcessStart(pid: number): Promise<number | undefined> {
  // Zero and below are groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') return readTicks(pid);
  return process.platform === 'win32' ? askPowerShell(pid) : askPs(pid);
}

// --- internal ---

/** Milliseconds that a program of the system gets to answer. */
const patienceMs = 5_000;

/** The 22nd word of /proc/<pid>/stat, proc_pid_stat(5). The second one, in parentheses, may hold anything. */
async function readTicks(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(words[19]);
  // Of a process that has ended and is not cleared away yet, only the exit code is left.
  const hasEnded = words[0] === 'Z' || words[0] === 'X';
  return hasEnded || !Number.isInteger(ticks) || ticks <= 0 ? undefined : ticks;
}

async function askPs(pid: number): Promise<number | undefined> {
  const at = Date.parse(await ask('ps', ['-o', 'lstart=', '-p', String(pid)]));
  return Number.isNaN(at) ? undefined : at;
}

async function askPowerShell(pid: number): Promise<number | undefined> {
  const command = `([DateTimeOffset](Get-Process -Id ${pid}).StartTime).ToUnixTimeMilliseconds()`;
  return Number(await ask('powershell', ['-NoProfile', '-NonInteractive', '-Command', command])) || undefined;
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  // Not on the way of a start on Linux.
  const { execFile } = await import('node:child_process');
  const options = { env: { ...process.env, LC_ALL: 'C' }, timeout: patienceMs, windowsHide: true };
  return new Promise((done) => {
    execFile(program, args, options, (_error, stdout) => done(String(stdout).trim()));
  });
}
