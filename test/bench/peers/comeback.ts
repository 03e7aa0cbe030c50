/**
 * Clients of the SDK that watch sessions. Arguments: url, clients. Prints `ready` when all watch; then, for each line that it
 * reads, waits until every client has lost its connection, come back and been told of a change, and prints when the first one
 * lost it and when the last one was told, in milliseconds since the epoch.
 */
import { createInterface } from 'node:readline';
import { OpenClaw } from '../../../sdk/index.node.ts';

const [url = '', count] = process.argv.slice(2);
const token = process.env.BENCH_TOKEN ?? '';

interface Watcher {
  /** True from the loss of the connection until it is told of a change again. */
  isAway: boolean;
  wasAway: boolean;
}

let onChange = () => {};
let firstLoss = 0;
/** Below what one address may have open without hello. */
const lanes = 16;
const watchers: Watcher[] = [];
await Promise.all(
  Array.from({ length: lanes }, async () => {
    while (watchers.length < Number(count)) await join();
  }),
);
console.log('ready');

for await (const _ of createInterface({ input: process.stdin })) {
  const isBack = () => watchers.every(({ isAway, wasAway }) => wasAway && !isAway);
  await new Promise<void>((resolve) => {
    onChange = () => {
      if (isBack()) resolve();
    };
    onChange();
  });
  for (const watcher of watchers) watcher.wasAway = false;
  console.log(`${firstLoss} ${Date.now()}`);
}

async function join(): Promise<void> {
  const watcher: Watcher = { isAway: false, wasAway: false };
  watchers.push(watcher);
  const oc = new OpenClaw({ url, token });
  await oc.connect();
  oc.onState(({ status }) => {
    if (status !== 'reconnecting') return;
    if (watchers.every(({ wasAway }) => !wasAway)) firstLoss = Date.now();
    watcher.isAway = watcher.wasAway = true;
  });
  const told = new Promise<void>((resolve) => {
    oc.on('sessions.changed', () => {
      resolve();
      watcher.isAway = false;
      onChange();
    });
  });
  // It watches once it has been told of something.
  const change = setInterval(() => {
    oc.rpc.sessions.patch.mutate({ key: 'agent:main:watched', label: `${Math.random()}` }).catch(() => {
      // It is tried again.
    });
  }, 500);
  await told;
  clearInterval(change);
}
