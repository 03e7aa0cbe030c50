import { median, type withCpu } from './processes.ts';

const rows: string[][] = [];

/** Adds a row to the table, and tells it on stderr as soon as it is known. */
export function add(what: string, measured: string, target: string, reached: boolean): void {
  rows.push([what, measured, target, reached ? 'yes' : 'NO']);
  console.error(`${what}: ${measured}`);
}

/** Pairs of measurements, one after the other: the machine's speed drifts, their ratio does not. */
export async function inPairs<T>(ours: () => Promise<T>, bare: () => Promise<T>): Promise<{ ours: T; bare: T }[]> {
  const taken: { ours: T; bare: T }[] = [];
  for (let i = 0; i < 3; i++) taken.push({ bare: await bare(), ours: await ours() });
  return taken;
}

type Loaded = Awaited<ReturnType<typeof withCpu>>;

/** A row that compares throughput, and the server's CPU time for each answer, which no load generator can limit. */
export function addThroughput(
  what: string,
  pairs: { ours: Loaded; bare: Loaded }[],
  { baseline, target }: { baseline: string; target: number },
): void {
  const of = (pick: (pair: { ours: Loaded; bare: Loaded }) => number) => median(pairs.map(pick));
  const ratio = of(({ ours, bare }) => ours.perSecond / bare.perSecond);
  const rates = `${of(({ ours }) => ours.perSecond).toFixed(0)}/s, ${baseline} ${of(({ bare }) => bare.perSecond).toFixed(0)}/s`;
  const cpu = `CPU ${of(({ ours }) => ours.cpuMicros).toFixed(0)} µs, ${of(({ bare }) => bare.cpuMicros).toFixed(0)} µs`;
  add(what, `${rates}, ratio ${ratio.toFixed(2)}; ${cpu}`, `ratio ${target.toFixed(2)} or more`, ratio >= target);
}

/** The table in markdown (docs/performance.md). */
export function printTable(): void {
  const heads = ['what', 'measured', 'target', 'reached'];
  console.log([heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n'));
}
