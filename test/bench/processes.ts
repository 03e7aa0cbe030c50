import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const here = import.meta.dirname;
/** The built CLI: what users run is what is measured. */
export const cli = join(here, '..', '..', 'dist', 'openclaw.mjs');

/** A process of ours that goes away with the benchmark. */
export interface Peer extends AsyncDisposable {
  pid: number;
  port: number;
}

/** Starts one of the bare peers. */
export async function startPeer(name: 'upstream' | 'proxy' | 'bare-ws', ...args: (string | number)[]): Promise<Peer> {
  const child = spawn(process.execPath, [join(here, 'peers', `${name}.ts`), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) return toPeer(child, Number(line));
  throw new Error(`${name} did not start`);
}

export function toPeer(child: ChildProcess, port: number): Peer {
  return {
    pid: child.pid ?? 0,
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Resident memory in MB and CPU seconds so far, as Linux accounts for them. */
export async function readUsage(pid: number): Promise<{ rssMb: number; cpuSeconds: number }> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ]);
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticksPerSecond = 100;
  return { rssMb, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond };
}

/** What a load got out of a server. */
export interface Throughput {
  perSecond: number;
  /** All that was answered, the warm-up included. */
  total: number;
}

/** The throughput together with the server's own CPU time for each answer, microseconds. */
export async function withCpu(
  pid: number,
  load: Promise<Throughput>,
): Promise<{ perSecond: number; cpuMicros: number }> {
  const before = await readUsage(pid);
  const { perSecond, total } = await load;
  const after = await readUsage(pid);
  return { perSecond, cpuMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / total };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
