/**
 * A crowd of sockets after hello. Arguments: port, sockets, own address, 1 to subscribe to sessions. Prints `ready` when all are
 * there; then, for each number that it reads, waits until every socket has got so many `sessions.changed` events more, and
 * prints how many missed any.
 */
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const [port, sockets, localAddress, subscribe] = process.argv.slice(2);
const token = process.env.BENCH_TOKEN;
/** Below what one address may have open without hello. */
const lanes = 16;

interface Watcher {
  events: number;
  isBroken: boolean;
}
const watchers: Watcher[] = [];
let onEvent = () => {};

const connectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'gateway-client', mode: 'backend', version: '0', platform: 'bench' },
  role: 'operator',
  scopes: ['operator.read'],
  auth: { token },
};

function join(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, localAddress });
    const watcher: Watcher = { events: 0, isBroken: false };
    let lastSeq = 0;
    watchers.push(watcher);
    const ask = (id: string, method: string, params?: object) =>
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
    socket.once('error', reject);
    socket.on('message', (raw: Buffer) => {
      // Only what the start and the end of a frame say: a crowd that parses everything measures itself.
      const start = raw.toString('latin1', 0, 48);
      if (start.includes('"event":"connect.challenge"')) ask('hello', 'connect', connectParams);
      else if (start.includes('"id":"hello"')) {
        if (!start.includes('"ok":true')) reject(new Error(raw.toString()));
        else if (subscribe === '1') ask('subscribe', 'sessions.subscribe', {});
        else resolve();
      } else if (start.includes('"id":"subscribe"')) resolve();
      else if (start.startsWith('{"type":"event"')) {
        const seq = Number(/"seq":(\d+)\}$/.exec(raw.toString('latin1', raw.byteLength - 24))?.[1]);
        if (seq !== lastSeq + 1) watcher.isBroken = true;
        lastSeq = seq;
        if (!start.includes('"event":"sessions.changed"')) return;
        watcher.events++;
        onEvent();
      }
    });
  });
}

let joined = 0;
await Promise.all(
  Array.from({ length: lanes }, async () => {
    while (joined < Number(sockets)) {
      joined++;
      await join();
    }
  }),
);
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const wanted = Number(line) * watchers.length;
  const count = () => watchers.reduce((sum, { events }) => sum + events, 0);
  let seen = count();
  await new Promise<void>((resolve) => {
    onEvent = () => {
      if (++seen >= wanted) resolve();
    };
    if (seen >= wanted) resolve();
  });
  const broken = watchers.filter(({ events, isBroken }) => isBroken || events !== Number(line)).length;
  console.log(broken);
}
