import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../../server/config/config.ts';
import { token } from '../gateway.ts';

const launcher = join(import.meta.dirname, '..', '..', 'cli', 'openclaw.ts');

export interface ProcessOptions {
  stateDir: string;
  port: number;
  config: Config;
  args?: string[];
  /** Added to the environment. */
  env?: Record<string, string>;
  /** True to start with the configuration that lies there already. */
  keepConfig?: boolean;
  /** Most bytes of any file that it can write: a disk that is full, for everybody. */
  maxFileBytes?: number;
  /** True for a process group of its own, which `signalGroup` reaches. */
  ownGroup?: boolean;
}

/** A gateway in a process of its own, from the sources; resolves when it says that it is ready, or has ended. */
export async function spawnGateway(options: ProcessOptions) {
  const { stateDir, port, args = [], env, keepConfig, maxFileBytes, ownGroup } = options;
  if (!keepConfig) await writeConfig(options);
  // The shell's unit is 512 bytes.
  const limited = maxFileBytes ? ['sh', '-c', `ulimit -f ${maxFileBytes / 512}; exec "$0" "$@"`] : [];
  const [command = '', ...words] = [...limited, process.execPath, launcher, 'gateway', ...args];
  const child = spawn(command, words, {
    env: { PATH: process.env.PATH, HOME: stateDir, OPENCLAW_STATE_DIR: stateDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup ?? false,
  });
  let output = '';
  // Not `exit`, which may come before its last words.
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  const ready = new Promise<void>((resolve) => {
    const onOutput = (chunk: Buffer) => {
      output += chunk;
      if (output.includes(' ready on ')) resolve();
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
  });
  await Promise.race([ready, exited]);
  return {
    pid: child.pid ?? 0,
    url: `ws://127.0.0.1:${port}`,
    /** What it has printed so far. */
    output: () => output,
    exited,
    /** Ends it without a chance to say goodbye. */
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** As a supervisor does that ends all processes of a gateway at once. */
    signalGroup: (name: NodeJS.Signals) => process.kill(-(child.pid ?? 0), name),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

async function writeConfig({ stateDir, port, config }: ProcessOptions): Promise<void> {
  const file = {
    ...config,
    gateway: { mode: 'local', port, auth: { mode: 'token', token }, trustedProxies: ['127.0.0.1'], ...config.gateway },
  };
  const text = JSON.stringify({ logging: { file: join(stateDir, 'gateway.log') }, ...file });
  await writeFile(join(stateDir, 'openclaw.json'), text);
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Configuration whose default agent uses a local upstream. */
export const withUpstream = (url: string): Config => ({
  agents: { defaults: { model: 'up/one' } },
  models: {
    providers: {
      up: { baseUrl: `${url}/v1`, apiKey: 'k', api: 'openai-completions', models: [{ id: 'one', name: 'One' }] },
    },
  },
});
