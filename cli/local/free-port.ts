import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { describeHolder, findPortHolders, type PortHolder } from './port-holders.ts';
import { tryPort } from './try-port.ts';

// who listens? ─► SIGTERM to each ─► gone? ── 700 ms ─► SIGKILL ─► gone? ── 2 s ─► give up
//      └─ nobody                        └───────────────────────────┴─► try the port for up to 3 s

export interface FreeOptions {
  /** IP addresses that the port is wanted on. */
  hosts: readonly string[];
  /** Told what is done, a sentence at a time. */
  say(line: string): void;
  /** Where the tools are looked for. Default: the environment of this process. */
  env?: NodeJS.ProcessEnv | undefined;
}

const lookMs = 100;
const escalateMs = 700;
const giveUpMs = 2_000;
const tryMs = 150;
const tryForMs = 3_000;

/**
 * Ends every process that listens on a port, and waits until the port can be had. Does nothing when nobody is there.
 * @throws GatewayError UNAVAILABLE when somebody stays, or when nobody can tell who it is.
 */
export async function freePort(port: number, { hosts, say, env }: FreeOptions): Promise<void> {
  const holders = await findOthers(port, env);
  if (holders === undefined && !(await isFree(port, hosts)))
    throw refusal(port, `port ${port} is in use, and neither lsof nor fuser is here to tell who --force should end`);
  if (!holders?.length) return;
  await endAll(port, holders, { say, env });
  await waitUntilFree(port, hosts, say);
}

// --- internal ---

/** Never this process, whatever it listens on. */
async function findOthers(port: number, env: NodeJS.ProcessEnv | undefined): Promise<PortHolder[] | undefined> {
  return (await findPortHolders(port, { env }))?.filter(({ pid }) => pid !== process.pid);
}

async function endAll(port: number, holders: PortHolder[], { say, env }: Omit<FreeOptions, 'hosts'>): Promise<void> {
  const since = performance.now();
  signal(port, holders, 'SIGTERM');
  for (const { pid, command } of distinct(holders)) say(`force: killed pid ${pid} (${command}) on port ${port}`);
  let isEscalated = false;
  for (;;) {
    await sleep(lookMs);
    const left = (await findOthers(port, env)) ?? [];
    if (left.length === 0) return;
    const waited = performance.now() - since;
    const pids = distinct(left).map(({ pid }) => pid);
    if (waited > giveUpMs) throw refusal(port, `port ${port} still has listeners after --force: ${pids.join(', ')}`);
    if (isEscalated || waited < escalateMs) continue;
    isEscalated = true;
    signal(port, left, 'SIGKILL');
    say(`force: escalated to SIGKILL for pid ${pids.join(', ')} on port ${port}`);
  }
}

function signal(port: number, holders: readonly PortHolder[], name: NodeJS.Signals): void {
  for (const holder of distinct(holders)) {
    try {
      process.kill(holder.pid, name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It has ended by itself meanwhile.
      if (code === 'ESRCH') continue;
      throw refusal(port, `--force may not end ${describeHolder(holder)} (${code})`);
    }
  }
}

const distinct = (holders: readonly PortHolder[]) =>
  holders.filter(({ pid }, index) => holders.findIndex((one) => one.pid === pid) === index);

/** What keeps the port in use now is no process; a start that is refused all the same says so better than this. */
async function waitUntilFree(port: number, hosts: readonly string[], say: (line: string) => void): Promise<void> {
  const since = performance.now();
  while (!(await isFree(port, hosts)) && performance.now() - since < tryForMs) await sleep(tryMs);
  say(`force: waited ${Math.round(performance.now() - since)} ms for port ${port}`);
}

async function isFree(port: number, hosts: readonly string[]): Promise<boolean> {
  // Any other fault is not one of who holds it.
  for (const host of hosts) if ((await tryPort(port, host)).refused === 'EADDRINUSE') return false;
  return true;
}

function refusal(port: number, what: string): GatewayError {
  return new GatewayError('UNAVAILABLE', `${what}: end it yourself, or choose another port with --port`, {
    details: { port },
  });
}
