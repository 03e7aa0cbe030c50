import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type WebSocket from 'ws';
import { connect, token } from './gateway-process.ts';

export interface CrowdOptions {
  port: number;
  sockets: number;
  /** Clients share these; each has an address of its own. */
  processes: number;
  /** True when all shall be told of changes of sessions. */
  subscribe?: boolean;
}

/** Sockets after hello, in processes of their own. */
export interface Crowd extends AsyncDisposable {
  sockets: number;
  gatheredMs: number;
  /** Resolves when every socket has got so many changes of sessions, with how many missed any. */
  wait(events: number): Promise<number>;
}

export async function gatherCrowd({ port, sockets, processes, subscribe = false }: CrowdOptions): Promise<Crowd> {
  const started = performance.now();
  const members = Array.from({ length: processes }, (_, index) =>
    startMember([port, sockets / processes, `127.0.1.${index + 1}`, subscribe ? 1 : 0].map(String)),
  );
  await Promise.all(members.map(({ next }) => next()));
  return {
    sockets,
    gatheredMs: performance.now() - started,
    async wait(events) {
      for (const { child } of members) child.stdin.write(`${events}\n`);
      const broken = await Promise.all(members.map(({ next }) => next()));
      return broken.reduce((sum, count) => sum + Number(count), 0);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ end }) => end()));
    },
  };
}

const events = 100;

/** Changes a session 100 times while the crowd watches. */
export async function measureBroadcast(port: number, crowd: Crowd) {
  const socket = await connect(port);
  const key = 'agent:main:watched';
  await ask(socket, 'sessions.create', { key });
  // One event is for the creation.
  const all = crowd.wait(events + 1);
  const started = performance.now();
  for (let change = 1; change <= events; change++)
    await ask(socket, 'sessions.patch', { key, label: `change ${change}` });
  const broken = await all;
  const elapsedMs = performance.now() - started;
  socket.terminate();
  return { elapsedMs, events, broken };
}

let ids = 0;

function ask(socket: WebSocket, method: string, params: object): Promise<void> {
  const id = `b${++ids}`;
  return new Promise((resolve, reject) => {
    const onMessage = (raw: Buffer) => {
      const frame = JSON.parse(raw.toString());
      if (frame.id !== id) return;
      socket.off('message', onMessage);
      if (frame.ok) resolve();
      else reject(new Error(frame.error.message));
    };
    socket.on('message', onMessage);
    socket.send(JSON.stringify({ type: 'req', id, method, params }));
  });
}

interface Member {
  child: ChildProcessByStdio<Writable, Readable, null>;
  /** The next line that it prints. */
  next(): Promise<string>;
  end(): Promise<void>;
}

function startMember(args: string[]): Member {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'peers', 'crowd.ts'), ...args], {
    env: { ...process.env, BENCH_TOKEN: token },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error('the crowd has gone');
      return value;
    },
    async end() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}
