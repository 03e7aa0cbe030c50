import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import WebSocket from 'ws';
import { cli, type Peer, toPeer } from './processes.ts';

export const token = 'bench-token';

export interface GatewayProcess extends Peer {
  stateDir: string;
  /** Milliseconds from its start to the first hello. */
  helloMs: number;
}

/** A gateway of its own, started as users start it, with its default agent on the bench's upstream. */
export async function startGatewayProcess(
  upstreamPort: number,
  env: Record<string, string> = {},
): Promise<GatewayProcess> {
  const stateDir = await mkdtemp(join(tmpdir(), 'openclaw-bench-'));
  const port = await findFreePort();
  const config = {
    gateway: { mode: 'local', port, auth: { mode: 'token', token } },
    agents: { defaults: { model: 'up/one' } },
    models: {
      providers: {
        up: {
          baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
          apiKey: 'k',
          api: 'openai-completions',
          models: [
            { id: 'one', name: 'One' },
            { id: 'two', name: 'Two' },
          ],
        },
      },
    },
    logging: { file: join(stateDir, 'gateway.log') },
  };
  await writeFile(join(stateDir, 'openclaw.json'), JSON.stringify(config));
  const spawned = performance.now();
  const child = spawn(process.execPath, [cli, 'gateway'], {
    env: { ...process.env, ...env, OPENCLAW_STATE_DIR: stateDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const peer = toPeer(child, port);
  const socket = await connect(port);
  const helloMs = performance.now() - spawned;
  socket.terminate();
  return {
    ...peer,
    stateDir,
    helloMs,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const giveUpMs = 10_000;

/** A socket after hello; tries again while nothing listens yet. */
export async function connect(port: number): Promise<WebSocket> {
  const until = performance.now() + giveUpMs;
  for (;;) {
    try {
      return await sayHello(port);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

function sayHello(port: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    socket.once('error', reject);
    socket.on('message', function onMessage(raw) {
      const frame = JSON.parse(String(raw));
      if (frame.event === 'connect.challenge') {
        socket.send(JSON.stringify({ type: 'req', id: 'hello', method: 'connect', params: connectParams }));
      } else if (frame.id === 'hello') {
        socket.off('message', onMessage);
        if (frame.ok) resolve(socket);
        else reject(new Error(frame.error?.message));
      }
    });
  });
}

const connectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'gateway-client', mode: 'backend', version: '0', platform: 'bench' },
  role: 'operator',
  scopes: ['operator.admin'],
  auth: { token },
};

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
