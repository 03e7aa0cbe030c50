import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { readProcessStart } from '../../server/config/process-start.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { readGatewayHere } from '../local/gateway-here.ts';
import type { Shell } from '../shell.ts';
import type { Launch } from './launch.ts';
import type { Runtime } from './service.ts';
import { askOnce } from './serving.ts';

/** A gateway that runs on its own, started by this command line: `<state dir>/gateway.pid`. */
export interface Detached {
  pid: number;
  /** As {@link readProcessStart}: another process with the same number has another one. */
  startedAt: number | undefined;
  /** What it prints goes there. */
  outputFile: string;
}

/** One that was started a moment ago by this process, which still hears how it ends. */
export interface Child extends Detached {
  /** As a supervisor would tell of it. */
  runtime(): Promise<Runtime>;
}

/**
 * Starts a gateway that outlives this command and its terminal.
 * @param flags of `openclaw gateway run`.
 */
export async function startDetached(shell: Shell, launch: Launch, flags: readonly string[]): Promise<Child> {
  const outputFile = join(launch.paths.stateDir, 'gateway.out.log');
  await mkdir(dirname(outputFile), { recursive: true, mode: 0o700 });
  const output = await open(outputFile, 'w', 0o600);
  try {
    // Without a unit there is nothing that must name the port: the configuration does, also after it has changed.
    const args = [...launch.args.slice(0, launch.args.indexOf('--port')), ...flags];
    const child = spawn(launch.program, args, {
      env: toEnvironment(shell),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      windowsHide: true,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid as number));
      child.once('error', (error) => reject(cannotStart(launch.program, error)));
    });
    child.unref();
    let lastExit: string | undefined;
    child.once('exit', (code, signal) => {
      lastExit = signal ? `signal ${signal}` : `exit ${code}`;
    });
    const detached: Detached = { pid, startedAt: await readProcessStart(pid), outputFile };
    await replaceFile(pidPath(launch.paths), `${JSON.stringify(detached)}\n`);
    return {
      ...detached,
      runtime: async () => (lastExit ? { status: 'stopped', state: 'failed', lastExit } : { status: 'running', pid }),
    };
  } finally {
    await output.close();
  }
}

/** The gateway that was started so and still runs; a number that another process has by now is nobody. */
export async function findDetached({ paths }: Pick<Launch, 'paths'>): Promise<Detached | undefined> {
  const detached = await readPidFile(pidPath(paths));
  return detached && (await isRunning(detached)) ? detached : undefined;
}

/** Forgets the one that has ended. */
export async function forgetDetached({ paths }: Pick<Launch, 'paths'>): Promise<void> {
  if (!(await findDetached({ paths }))) await rm(pidPath(paths), { force: true });
}

/** The gateway of this state directory that no supervisor looks after, however it was started. */
export async function findUnsupervised(shell: Shell, launch: Pick<Launch, 'paths'>): Promise<Detached | undefined> {
  return (await findDetached(launch)) ?? (await findForeground(shell));
}

/** Whether that process runs, and not another one with its number. */
export async function isRunning({ pid, startedAt }: Detached): Promise<boolean> {
  const now = await readProcessStart(pid);
  return now !== undefined && now === startedAt;
}

/** Sends a signal to that process, and to no other that has its number by now. @returns whether it was there. */
export async function signalProcess(detached: Detached, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(detached))) return false;
  try {
    return process.kill(detached.pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return false;
    throw new GatewayError('UNAVAILABLE', `cannot send ${signal} to the gateway, pid ${detached.pid} (${code})`);
  }
}

// --- internal ---

/**
 * The gateway of this state directory that runs in somebody's terminal or program, by the file that it keeps and its
 * answer.
 */
async function findForeground(shell: Shell): Promise<Detached | undefined> {
  const { runtime } = await readGatewayHere(shell);
  if (!runtime?.alive || runtime.pid === process.pid) return undefined;
  // Only an answer at the address in the same file proves that it is a gateway; a dead one's number may be anybody's.
  if (!(await askOnce(shell, runtime.pid))) return undefined;
  return { pid: runtime.pid, startedAt: await readProcessStart(runtime.pid), outputFile: '' };
}

const pidPath = ({ stateDir }: Launch['paths']) => join(stateDir, 'gateway.pid');

async function readPidFile(path: string): Promise<Detached | undefined> {
  try {
    const { pid, startedAt, outputFile } = JSON.parse(await readFile(path, 'utf8')) as Partial<Detached>;
    return Number.isSafeInteger(pid) && outputFile !== undefined
      ? { pid: pid as number, startedAt, outputFile }
      : undefined;
  } catch {
    return undefined; // None, or half of one: nobody that may be touched.
  }
}

/** Secrets of the command line go by the environment, which other users of the machine do not see. */
function toEnvironment({ env, globals }: Shell): NodeJS.ProcessEnv {
  return {
    ...env,
    ...(globals.token && { OPENCLAW_GATEWAY_TOKEN: globals.token }),
    ...(globals.password && { OPENCLAW_GATEWAY_PASSWORD: globals.password }),
  };
}

function cannotStart(program: string, error: NodeJS.ErrnoException): GatewayError {
  return new GatewayError('UNAVAILABLE', `cannot start ${program} (${error.code})`, { cause: error });
}
