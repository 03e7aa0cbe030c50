import { measureFirstToken, measureGrowth, measureLatency, measurePaced, measureStreams } from './completions.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { median, type Peer, readUsage, startPeer, withCpu } from './processes.ts';
import { add, addThroughput, inPairs } from './table.ts';

/** Measures completions through a gateway that has `upstream` for its provider. */
export async function benchCompletions(gateway: Peer, upstream: Peer): Promise<void> {
  const latencies = await inPairs(
    () => measureLatency(gateway.port),
    () => measureLatency(upstream.port),
  );
  addLatency('completion, not streamed, median', latencies, 3);
  const firsts = await inPairs(
    () => measureFirstToken(gateway.port),
    () => measureFirstToken(upstream.port),
  );
  addLatency('first token of a streamed completion, median', firsts, 2);

  await using proxy = await startPeer('proxy', upstream.port);
  const streams = await inPairs(
    () => withCpu(gateway.pid, measureStreams(gateway.port)),
    () => withCpu(proxy.pid, measureStreams(proxy.port)),
  );
  addThroughput('streamed completions, 50 chunks, 8 at a time', streams, { baseline: 'bare proxy', target: 0.5 });
  await benchPaced();
  await benchGrowth(upstream);
}

function addLatency(what: string, taken: { ours: number; bare: number }[], target: number): void {
  const added = median(taken.map(({ ours, bare }) => ours - bare));
  const through = median(taken.map(({ ours }) => ours)).toFixed(2);
  const alone = median(taken.map(({ bare }) => bare)).toFixed(2);
  const measured = `${through} ms, upstream alone ${alone} ms, added ${added.toFixed(2)} ms`;
  add(what, measured, `${target} ms added or less`, added <= target);
}

/** Milliseconds between two chunks, as a quick provider sends them. */
const paceMs = 20;

async function benchPaced(): Promise<void> {
  await using paced = await startPeer('upstream', 50, paceMs);
  await using gateway = await startGatewayProcess(paced.port);
  // The first streams find code that nobody has run yet.
  await measurePaced(gateway.port);
  const bare = await measurePaced(paced.port);
  const { streams, chunks, p50, p99 } = await measurePaced(gateway.port);
  const late = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms late, upstream alone p99 ${bare.p99.toFixed(1)} ms`;
  add(
    `${streams} streams at once, a chunk every ${paceMs} ms, ${chunks} chunks`,
    late,
    'p99 100 ms or less',
    p99 <= 100 && chunks === streams * 50,
  );
}

/** What memory may grow by and still be called flat: the garbage of a moment, MB. */
const flatMb = 30;

async function benchGrowth(upstream: Peer): Promise<void> {
  await using gateway = await startGatewayProcess(upstream.port);
  const read = async () => (await readUsage(gateway.pid)).rssMb;
  const { settledAfter, settledMb, completions, endMb } = await measureGrowth(gateway.port, read);
  const measured = `${settledMb.toFixed(0)} MB after ${settledAfter}, ${endMb.toFixed(0)} MB at the end`;
  add(
    `resident memory over ${completions} completions`,
    measured,
    `${flatMb} MB more or less`,
    endMb - settledMb <= flatMb,
  );
}
