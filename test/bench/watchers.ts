import { performance } from 'node:perf_hooks';
import type WebSocket from 'ws';
import { connect } from './gateway-process.ts';

const watchers = 300;

export interface Watched {
  watchers: number;
  /** Deltas each of them got; the same for all. */
  deltas: number;
  /** Watchers whose events were not all there, or not in order. */
  broken: number;
  /** From the request to the last watcher's last event. */
  elapsedMs: number;
}

/** Lets 300 sockets watch one run of 100 deltas. */
export async function measureWatchers(port: number): Promise<Watched> {
  const sockets: WebSocket[] = [];
  for (let i = 0; i < watchers; i++) sockets.push(await connect(port));
  const runId = `bench-${Date.now()}`;
  const logs = sockets.map((socket) => follow(socket, runId));
  const started = performance.now();
  sockets[0]?.send(
    JSON.stringify({
      type: 'req',
      id: 'send',
      method: 'chat.send',
      params: { sessionKey: 'watched', message: 'go', idempotencyKey: runId },
    }),
  );
  const results = await Promise.all(logs);
  const elapsedMs = performance.now() - started;
  for (const socket of sockets) socket.terminate();
  const [first] = results;
  const broken = results.filter(
    (log) => !log.inOrder || log.text !== first?.text || log.deltas !== first.deltas,
  ).length;
  return { watchers, deltas: first?.deltas ?? 0, broken, elapsedMs };
}

function follow(socket: WebSocket, runId: string): Promise<{ deltas: number; text: string; inOrder: boolean }> {
  return new Promise((resolve) => {
    const log = { deltas: 0, text: '', inOrder: true };
    let frameSeq: number | undefined;
    let runSeq = 0;
    socket.on('message', (raw: Buffer) => {
      const frame = JSON.parse(raw.toString());
      if (frame.type !== 'event') return;
      if (frameSeq !== undefined && frame.seq !== frameSeq + 1) log.inOrder = false;
      frameSeq = frame.seq;
      if (frame.payload?.runId !== runId) return;
      if (frame.event === 'agent') {
        if (frame.payload.seq <= runSeq) log.inOrder = false;
        runSeq = frame.payload.seq;
      }
      if (frame.event === 'agent' && frame.payload.stream === 'assistant') {
        log.deltas++;
        log.text += frame.payload.data.delta;
        if (log.text !== frame.payload.data.text) log.inOrder = false;
      }
      if (frame.event === 'chat' && frame.payload.state === 'final') resolve(log);
    });
  });
}
