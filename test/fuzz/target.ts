import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResponseFrame } from '../../sdk/protocol/frames.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { faultsOf } from '../wire/schema.ts';

/** Milliseconds that the gateway may take for an answer while it is being fuzzed. */
const patienceMs = 15_000;
/** Resident memory that it may never have, megabytes. */
const maxRssMb = 900;

/** A gateway in a process of its own, and what has to stay true of it. */
export async function startTarget() {
  const folder = await scratch();
  const upstream = await startUpstream(reply('Hello', ' there'));
  const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
  // Handshakes that never go on are given up soon, so that the fuzzer need not wait for them.
  const gateway = await spawnGateway({ ...start, env: { OPENCLAW_HANDSHAKE_TIMEOUT_MS: '3000' } });
  let exit: string | undefined;
  void gateway.exited.then(({ code, signal }) => {
    exit = `the gateway ended with ${code ?? signal}:\n${gateway.output().slice(-4_000)}`;
  });
  let control = await openSocket(gateway.url, { patienceMs });
  let maxSeenMb = 0;
  return {
    port: start.port,
    url: gateway.url,
    /** Most megabytes it had when it was looked at; 0 where the system does not tell. */
    maxRssMb: () => maxSeenMb,
    /** @throws when the gateway has ended, does not answer, or has grown beyond all bounds. */
    async check(): Promise<void> {
      if (exit) throw new Error(exit);
      if (control.socket.readyState !== control.socket.OPEN) control = await openSocket(gateway.url, { patienceMs });
      const health = await control.call('health').catch((error: Error) => {
        throw new Error(exit ?? `health was not answered: ${error.message}`);
      });
      if (health.ok !== true) throw new Error(`not healthy: ${JSON.stringify(health).slice(0, 500)}`);
      // What it was told meanwhile is of no use here, and must not pile up.
      control.events.length = 0;
      const rssMb = await readRssMb(gateway.pid);
      maxSeenMb = Math.max(maxSeenMb, rssMb);
      if (rssMb > maxRssMb) throw new Error(`the gateway has grown to ${rssMb.toFixed(0)} MB`);
    },
    /** Lines of the log that only a fault of the gateway writes. */
    async faults(): Promise<string[]> {
      const log = await readFile(join(folder.path, 'gateway.log'), 'utf8');
      return log
        .split('\n')
        .filter((line) => line.includes('"ERROR"') && /request failed|unhandled|uncaught/i.test(line));
    },
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export type Target = Awaited<ReturnType<typeof startTarget>>;

/** What is wrong with a frame of the gateway, whatever it was sent. */
export function faultsOfAnswer(raw: string): string[] {
  const frame = JSON.parse(raw) as ResponseFrame;
  const faults = faultsOf(frame.type === 'res' ? 'ResponseFrame' : 'EventFrame', toPublished(frame));
  if (frame.type === 'res' && !frame.ok && !frame.error) faults.push('ResponseFrame: a refusal without an error');
  if (frame.type === 'res' && frame.error?.code === 'INTERNAL')
    faults.push(`a fault of the gateway: ${raw.slice(0, 500)}`);
  return faults;
}

/** Requests whose id is empty or a number are answered on that id, which the published schema does not foresee. */
function toPublished(frame: ResponseFrame): unknown {
  const id: unknown = frame.id;
  return frame.type === 'res' && (id === '' || typeof id === 'number') ? { ...frame, id: 'id' } : frame;
}

async function readRssMb(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  } catch {
    // Only Linux tells it this way.
    return 0;
  }
}
