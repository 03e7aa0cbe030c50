import { spawn } from 'node:child_process';
import { type Ended, launcher } from '../cli/processes.ts';

/** Runs the built command line to its end, with exactly this environment. */
export function commandLine(env: NodeJS.ProcessEnv, cwd: string) {
  return (...args: string[]): Promise<Ended> & { pid: number } => {
    const child = spawn(process.execPath, [launcher, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    });
    return Object.assign(ended, { pid: child.pid ?? 0 });
  };
}

/** What `--json` printed. */
export function jsonOf({ stdout, stderr }: Ended) {
  if (stdout === '') throw new Error(`nothing on stdout; stderr: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
