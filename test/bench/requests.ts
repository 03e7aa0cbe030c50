import { performance } from 'node:perf_hooks';
import WebSocket from 'ws';
import { connect } from './gateway-process.ts';
import type { Throughput } from './processes.ts';

const sockets = 8;
const inFlight = 32;
const seconds = 3;

export interface RequestLoad {
  port: number;
  /** False for a bare peer, which answers whatever it is asked. */
  isGateway: boolean;
  method: string;
}

/** Asks for a method over 8 sockets, with 32 requests in flight on each. */
export async function measureRequests({ port, isGateway, method }: RequestLoad): Promise<Throughput> {
  const open = await Promise.all(Array.from({ length: sockets }, () => (isGateway ? connect(port) : openBare(port))));
  const warm = await Promise.all(open.map((socket) => pump(socket, method, 0.5)));
  const started = performance.now();
  const counts = await Promise.all(open.map((socket) => pump(socket, method, seconds)));
  const elapsed = (performance.now() - started) / 1000;
  for (const socket of open) socket.terminate();
  const sum = (numbers: number[]) => numbers.reduce((total, count) => total + count, 0);
  return { perSecond: sum(counts) / elapsed, total: sum(warm) + sum(counts) };
}

/** The payload of one answer. */
export async function askOnce(port: number, method: string): Promise<unknown> {
  const socket = await connect(port);
  try {
    return await new Promise((resolve) => {
      socket.on('message', (raw: Buffer) => {
        const frame = JSON.parse(raw.toString());
        if (frame.id === 'once') resolve(frame.payload);
      });
      socket.send(JSON.stringify({ type: 'req', id: 'once', method }));
    });
  } finally {
    socket.terminate();
  }
}

function pump(socket: WebSocket, method: string, forSeconds: number): Promise<number> {
  const until = performance.now() + forSeconds * 1000;
  let sent = 0;
  let answered = 0;
  return new Promise((resolve) => {
    const ask = () => socket.send(`{"type":"req","id":"${++sent}","method":"${method}","params":{}}`);
    const onMessage = (raw: Buffer) => {
      const frame = JSON.parse(raw.toString());
      if (frame.type !== 'res') return;
      if (!frame.ok) throw new Error(frame.error.message);
      answered++;
      if (performance.now() < until) ask();
      else if (answered === sent) {
        socket.off('message', onMessage);
        resolve(answered);
      }
    };
    socket.on('message', onMessage);
    for (let i = 0; i < inFlight; i++) ask();
  });
}

async function openBare(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once('open', resolve));
  return socket;
}
