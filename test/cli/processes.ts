import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The command line as users start it: the built file. */
export const launcher = join(import.meta.dirname, '..', '..', 'dist', 'openclaw.mjs');

/** A process that has ended. */
export interface Ended {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A process and what it has written so far. */
export interface Started {
  process: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout holds a match. @throws when the process ends before. */
  sees(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<Ended>;
}

/** A home of its own for the processes of one test file, away from everything that the machine is configured with. */
export interface Home {
  dir: string;
  stateDir: string;
  env: NodeJS.ProcessEnv;
  /** Starts `openclaw` with these arguments. */
  start(args: readonly string[], more?: { env?: NodeJS.ProcessEnv; node?: string }): Started;
  /** Runs `openclaw` with these arguments to its end. */
  run(args: readonly string[], more?: { env?: NodeJS.ProcessEnv; input?: string; node?: string }): Promise<Ended>;
  /** Starts a gateway on a free port and waits until it is ready. */
  gateway(
    args?: readonly string[],
    more?: { env?: NodeJS.ProcessEnv; node?: string },
  ): Promise<Started & { port: number; url: string }>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function createHome(): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), 'openclaw-cli-'));
  const stateDir = join(dir, 'state');
  const env = { PATH: process.env.PATH, HOME: dir, TMPDIR: dir, OPENCLAW_STATE_DIR: stateDir, NO_COLOR: '1' };
  const running = new Set<Started>();
  const start: Home['start'] = (args, more = {}) => {
    const started = follow(
      spawn(more.node ?? process.execPath, [launcher, ...args], { env: { ...env, ...more.env }, cwd: dir }),
    );
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  };
  return {
    dir,
    stateDir,
    env,
    start,
    run(args, more = {}) {
      const started = start(args, more);
      started.process.stdin.end(more.input ?? '');
      return started.ended;
    },
    async gateway(args = [], more = {}) {
      const port = await freePort();
      const started = start(['gateway', '--allow-unconfigured', '--port', String(port), ...args], more);
      await started.sees(/Try next/);
      return { ...started, port, url: `ws://127.0.0.1:${port}` };
    },
    async [Symbol.asyncDispose]() {
      for (const { process } of running) process.kill('SIGKILL');
      await Promise.all([...running].map(({ ended }) => ended));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function follow(process: ChildProcessWithoutNullStreams): Started {
  let stdout = '';
  let stderr = '';
  const looks = new Set<() => void>();
  process.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of looks) look();
  });
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    process.once('error', reject);
    process.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
  return {
    process,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(stdout);
          if (!match) return;
          looks.delete(look);
          resolve(match);
        };
        looks.add(look);
        look();
        ended.then(
          ({ stdout, stderr }) => reject(new Error(`ended without ${pattern}:\n${stdout}\n${stderr}`)),
          reject,
        );
      }),
  };
}
