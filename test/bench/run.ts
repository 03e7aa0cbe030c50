/** Measures the built gateway against bare baselines in one run, and prints a table (docs/performance.md). */
import { setTimeout as sleep } from 'node:timers/promises';
import { measureLatency, measureStreams } from './completions.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { median, readUsage, startPeer } from './processes.ts';
import { measureRequests } from './requests.ts';
import { measureWatchers } from './watchers.ts';

const rows: string[][] = [];
const add = (what: string, measured: string, target: string, reached: boolean) => {
  rows.push([what, measured, target, reached ? 'yes' : 'NO']);
  console.error(`${what}: ${measured}`);
};

/** Pairs of measurements, one after the other: the machine's speed drifts, their ratio does not. */
async function inPairs(pairs: number, ours: () => Promise<number>, bare: () => Promise<number>) {
  const taken: { ours: number; bare: number }[] = [];
  for (let i = 0; i < pairs; i++) taken.push({ bare: await bare(), ours: await ours() });
  return {
    ours: median(taken.map((pair) => pair.ours)),
    bare: median(taken.map((pair) => pair.bare)),
    ratio: median(taken.map((pair) => pair.ours / pair.bare)),
    difference: median(taken.map((pair) => pair.ours - pair.bare)),
  };
}

await using upstream = await startPeer('upstream', 50);
await using longUpstream = await startPeer('upstream', 100);

const starts: number[] = [];
for (let i = 0; i < 5; i++) {
  await using started = await startGatewayProcess(upstream.port);
  starts.push(started.helloMs);
}
const start = median(starts);
add('spawn to first hello-ok', `${start.toFixed(0)} ms`, '400 ms or less', start <= 400);

await using gateway = await startGatewayProcess(upstream.port);
await sleep(3000);
const idle = await readUsage(gateway.pid);
await sleep(5000);
const later = await readUsage(gateway.pid);
add('resident memory, idle', `${later.rssMb.toFixed(0)} MB`, '110 MB or less', later.rssMb <= 110);
const idleCpu = ((later.cpuSeconds - idle.cpuSeconds) / 5) * 100;
add('CPU, idle', `${idleCpu.toFixed(1)} % of a core`, 'none to speak of', idleCpu < 1);

{
  await using bare = await startPeer('bare-ws');
  const requests = await inPairs(
    3,
    () => measureRequests(gateway.port, true),
    () => measureRequests(bare.port, false),
  );
  add(
    'system-presence, 8 sockets x 32 in flight',
    `${requests.ours.toFixed(0)}/s, bare ws ${requests.bare.toFixed(0)}/s, ratio ${requests.ratio.toFixed(2)}`,
    'ratio 0.50 or more',
    requests.ratio >= 0.5,
  );
}

const latency = await inPairs(
  3,
  () => measureLatency(gateway.port),
  () => measureLatency(upstream.port),
);
add(
  'completion, not streamed, median',
  `${latency.ours.toFixed(2)} ms, upstream alone ${latency.bare.toFixed(2)} ms, added ${latency.difference.toFixed(2)} ms`,
  '3 ms added or less',
  latency.difference <= 3,
);

{
  await using proxy = await startPeer('proxy', upstream.port);
  const streams = await inPairs(
    3,
    () => measureStreams(gateway.port),
    () => measureStreams(proxy.port),
  );
  add(
    'streamed completions, 50 chunks, 8 at a time',
    `${streams.ours.toFixed(0)}/s, bare proxy ${streams.bare.toFixed(0)}/s, ratio ${streams.ratio.toFixed(2)}`,
    'ratio 0.40 or more',
    streams.ratio >= 0.4,
  );
}

{
  await using watched = await startGatewayProcess(longUpstream.port);
  const { watchers, deltas, broken, elapsedMs } = await measureWatchers(watched.port);
  add(
    'one run of 100 deltas, 300 sockets',
    `${deltas} deltas each, ${broken} of ${watchers} watchers missed any, ${elapsedMs.toFixed(0)} ms in all`,
    '100 deltas, 0 watchers',
    deltas === 100 && broken === 0,
  );
  const busy = await readUsage(watched.pid);
  add('resident memory after 300 sockets', `${busy.rssMb.toFixed(0)} MB`, '-', true);
}

const heads = ['what', 'measured', 'target', 'reached'];
console.log([heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n'));
