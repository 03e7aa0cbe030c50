/** Measures the built gateway against bare baselines in one run, and prints a table (docs/performance.md). */
import { setTimeout as sleep } from 'node:timers/promises';
import { benchCompletions } from './completion-rows.ts';
import { gatherCrowd, measureBroadcast } from './crowd.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { makeBenchDevice, measureHello } from './hellos.ts';
import { measureComeback, measureCommand, measureIdle, measureReload } from './operations.ts';
import { median, readUsage, startPeer, withCpu } from './processes.ts';
import { askOnce, measureRequests } from './requests.ts';
import { measureLists } from './sessions.ts';
import { add, addThroughput, inPairs, printTable } from './table.ts';
import { measureWatchers } from './watchers.ts';

/** Each measures something; `npm run bench -- <name>...` chooses among them. The first use of a gateway is at rest. */
const parts = {
  start,
  rest,
  requests,
  hellos,
  lists,
  completions,
  watchers,
  crowd,
  broadcast,
  commands,
  reload,
  comeback,
  idle,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) throw new Error(`no part "${unknown}"; there are: ${Object.keys(parts).join(', ')}`);

await using upstream = await startPeer('upstream', 50);
await using longUpstream = await startPeer('upstream', 100);
await using gateway = await startGatewayProcess(upstream.port);
for (const [name, part] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(name)) await part();
printTable();

async function start(): Promise<void> {
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) {
    await using started = await startGatewayProcess(upstream.port);
    starts.push(started.helloMs);
  }
  const start = median(starts);
  add('spawn to first hello-ok', `${start.toFixed(0)} ms`, '400 ms or less', start <= 400);
}

async function rest(): Promise<void> {
  await sleep(3000);
  const idle = await readUsage(gateway.pid);
  await sleep(5000);
  const later = await readUsage(gateway.pid);
  add('resident memory, idle', `${later.rssMb.toFixed(0)} MB`, '110 MB or less', later.rssMb <= 110);
  const idleCpu = ((later.cpuSeconds - idle.cpuSeconds) / 5) * 100;
  add('CPU, idle', `${idleCpu.toFixed(1)} % of a core`, 'none to speak of', idleCpu < 1);
}

async function requests(): Promise<void> {
  for (const [method, target] of [
    ['system-presence', 0.5],
    ['health', 0.5],
  ] as const) {
    // The bare peer sends as many bytes.
    const payload = await askOnce(gateway.port, method);
    await using bare = await startPeer('bare-ws', JSON.stringify(payload));
    const requests = await inPairs(
      () => withCpu(gateway.pid, measureRequests({ port: gateway.port, isGateway: true, method })),
      () => withCpu(bare.pid, measureRequests({ port: bare.port, isGateway: false, method })),
    );
    addThroughput(`${method}, 8 sockets x 32 in flight`, requests, { baseline: 'bare ws', target });
  }
}

async function hellos(): Promise<void> {
  const withToken = await measureHello(gateway.port, undefined);
  add('connect to hello with a token, p50', `${withToken.toFixed(2)} ms`, '3 ms or less', withToken <= 3);
  const withDevice = await measureHello(gateway.port, makeBenchDevice());
  add('connect to hello with a device signature, p50', `${withDevice.toFixed(2)} ms`, '6 ms or less', withDevice <= 6);
}

async function lists(): Promise<void> {
  await using listed = await startGatewayProcess(upstream.port);
  const { sessions, perSecond, cpuMicros, bytes, p50, p99 } = await measureLists(listed);
  const size = `100 of ${sessions} rows, ${(bytes / 1024).toFixed(0)} KiB an answer`;
  add(
    `sessions.list, ${size}`,
    `${perSecond.toFixed(0)}/s, CPU ${cpuMicros.toFixed(0)} µs`,
    '2000/s or more',
    perSecond >= 2000,
  );
  add(
    'sessions.list by its filters and orders',
    `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    '5 ms p99',
    p99 <= 5,
  );
}

async function completions(): Promise<void> {
  await benchCompletions(gateway, upstream);
}

async function watchers(): Promise<void> {
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

async function crowd(): Promise<void> {
  await using crowded = await startGatewayProcess(upstream.port);
  const before = await readUsage(crowded.pid);
  await using crowd = await gatherCrowd({ port: crowded.port, sockets: 10_000, processes: 4 });
  await sleep(2000);
  const { rssMb } = await readUsage(crowded.pid);
  const each = ((rssMb - before.rssMb) * 1024) / crowd.sockets;
  const measured = `${rssMb.toFixed(0)} MB, ${each.toFixed(0)} kB each, gathered in ${(crowd.gatheredMs / 1000).toFixed(1)} s`;
  add('resident memory, 10 000 idle sockets', measured, '500 MB or less', rssMb <= 500);
}

async function broadcast(): Promise<void> {
  await using crowded = await startGatewayProcess(upstream.port);
  await using crowd = await gatherCrowd({ port: crowded.port, sockets: 2000, processes: 2, subscribe: true });
  const { elapsedMs, events, broken } = await measureBroadcast(crowded.port, crowd);
  add(
    `${events} events to ${crowd.sockets} sockets`,
    `${elapsedMs.toFixed(0)} ms, ${broken} sockets missed any`,
    '3000 ms, 0 sockets',
    elapsedMs <= 3000 && broken === 0,
  );
}

async function commands(): Promise<void> {
  const here = { OPENCLAW_STATE_DIR: gateway.stateDir };
  const nowhere = { OPENCLAW_STATE_DIR: `${gateway.stateDir}/nothing`, OPENCLAW_GATEWAY_PORT: '1' };
  const measure = async (args: string[], env: Record<string, string>, limitMs: number) => {
    const took = await measureCommand(args, env);
    const what = `openclaw ${args.join(' ')}${env === nowhere ? ', no gateway' : ''}`;
    add(what, `${took.toFixed(0)} ms`, `${limitMs} ms or less`, took <= limitMs);
  };
  await measure(['--version'], here, 80);
  await measure(['--help'], here, 120);
  await measure(['status', '--json'], here, 200);
  for (const command of [
    'status',
    'health',
    'gateway status',
    'gateway probe',
    'channels status',
    'logs',
    'doctor',
    'auth explain',
  ])
    await measure(command.split(' '), nowhere, 300);
}

async function reload(): Promise<void> {
  await using own = await startGatewayProcess(upstream.port);
  const { slowestMs, edits, answered, failed } = await measureReload(own);
  add(
    `another model in the file, seen by completions: the slowest of ${edits} edits`,
    `${slowestMs.toFixed(0)} ms, ${failed} of ${answered + failed} completions failed`,
    '600 ms, 0 failed',
    slowestMs <= 600 && failed === 0,
  );
}

async function comeback(): Promise<void> {
  // Half a second for each answer, as fast as people read.
  await using paced = await startPeer('upstream', 25, 20);
  const taken: Awaited<ReturnType<typeof measureComeback>>[] = [];
  for (let i = 0; i < 3; i++) {
    // A gateway restarts twice within 30 s for nobody.
    await using own = await startGatewayProcess(paced.port);
    taken.push(await measureComeback(own, 200));
  }
  const slowest = Math.max(...taken.map(({ backMs }) => backMs));
  const inAll = Math.max(...taken.map(({ inAllMs }) => inAllMs));
  add(
    `restart under ${taken[0]?.streams} streams, until 200 clients are back and told of a change: the slowest of 3`,
    `${slowest.toFixed(0)} ms, ${inAll.toFixed(0)} ms with the answers that it waits for`,
    '2000 ms or less',
    slowest <= 2000,
  );
}

async function idle(): Promise<void> {
  const seconds = Number(process.env.BENCH_IDLE_SECONDS ?? 600);
  await using own = await startGatewayProcess(upstream.port);
  const { percent, rssMb } = await measureIdle(own, seconds);
  const measured = `${percent.toFixed(2)} % of a core, ${rssMb.toFixed(0)} MB`;
  add(`idle for ${seconds} s with three watchers`, measured, '0.3 % or less', percent < 0.3);
}
