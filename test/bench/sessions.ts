import { performance } from 'node:perf_hooks';
import type WebSocket from 'ws';
import { connect } from './gateway-process.ts';
import { readUsage } from './processes.ts';

const created = 10_000;
const inFlight = 8;
const seconds = 3;
const asked = 1000;

/** What `sessions.list` takes where there are many sessions. */
export interface ListFigures {
  sessions: number;
  /** Answers of 100 rows, 8 at a time over one socket. */
  perSecond: number;
  bytes: number;
  /** The gateway's own time for each of them. */
  cpuMicros: number;
  /** Milliseconds from question to answer, one at a time, for the usual forms. */
  p50: number;
  p99: number;
}

const forms = [
  {},
  { includeDerivedTitles: true, includeLastMessage: true },
  { agentId: 'main' },
  { archived: 'all' },
  { sortBy: 'activity' },
  { sortBy: 'lastInteractionAt' },
  { offset: 5000 },
  { activeMinutes: 60 },
  { search: 'bench 99' },
];

/** Fills a gateway with sessions and lists them. */
export async function measureLists({ port, pid }: { port: number; pid: number }): Promise<ListFigures> {
  const socket = await connect(port);
  try {
    let made = 0;
    const make = (id: string) => ({ type: 'req', id, method: 'sessions.create', params: toSession(made++) });
    await pump(socket, { ask: make, until: () => made >= created, width: 64 });
    const list = (id: string) => ({ type: 'req', id, method: 'sessions.list', params: {} });
    await pump(socket, { ask: list, until: after(0.5), width: inFlight });
    const before = await readUsage(pid);
    const started = performance.now();
    const { answered, bytes } = await pump(socket, { ask: list, until: after(seconds), width: inFlight });
    const perSecond = answered / ((performance.now() - started) / 1000);
    const { cpuSeconds } = await readUsage(pid);
    const cpuMicros = ((cpuSeconds - before.cpuSeconds) / answered) * 1e6;
    const times = await timeForms(socket);
    const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
    return { sessions: made, perSecond, cpuMicros, bytes: bytes / answered, p50: at(0.5), p99: at(0.99) };
  } finally {
    socket.terminate();
  }
}

const toSession = (at: number) => ({ key: `bench-${at}`, label: `Bench ${at}`, category: at % 2 ? 'odd' : 'even' });

const after = (forSeconds: number) => {
  const end = performance.now() + forSeconds * 1000;
  return () => performance.now() > end;
};

async function timeForms(socket: WebSocket): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < asked; at++) {
    const params = forms[at % forms.length];
    let left = 1;
    const started = performance.now();
    await pump(socket, {
      ask: (id) => ({ type: 'req', id, method: 'sessions.list', params }),
      until: () => left-- <= 0,
      width: 1,
    });
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

interface Load {
  ask(id: string): object;
  until(): boolean;
  width: number;
}

/** Keeps so many requests in flight; looks at the heads of the answers only, which are large. */
function pump(socket: WebSocket, { ask, until, width }: Load): Promise<{ answered: number; bytes: number }> {
  let sent = 0;
  let answered = 0;
  let bytes = 0;
  return new Promise((resolve) => {
    const send = () => socket.send(JSON.stringify(ask(String(++sent))));
    const onMessage = (raw: Buffer) => {
      const head = raw.subarray(0, 80).toString('latin1');
      if (!head.startsWith('{"type":"res"')) return;
      if (!head.includes('"ok":true')) throw new Error(raw.toString().slice(0, 500));
      answered++;
      bytes += raw.byteLength;
      if (!until()) send();
      else if (answered === sent) {
        socket.off('message', onMessage);
        resolve({ answered, bytes });
      }
    };
    socket.on('message', onMessage);
    for (let at = 0; at < width && !until(); at++) send();
  });
}
