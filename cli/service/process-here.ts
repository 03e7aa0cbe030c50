import { findLockPaths, isOwnerAlive, readLockOwner } from '../../server/config/lock-file.ts';
import type { GatewayHere } from '../local/gateway-here.ts';
import type { Probe } from '../local/probe.ts';
import { findDetached } from './detached.ts';
import type { Description } from './service.ts';

/** The process of the gateway, as far as this machine knows. */
export interface ProcessHere {
  status: 'running' | 'stopped' | 'unknown';
  /** Who looks after it: the supervisor, nobody (`start --detach`), a terminal or another program, or not known. */
  kind: 'service' | 'detached' | 'foreground' | 'other' | 'none';
  pid: number | null;
  /** More about it, each a few words: `state active`, `sub running`. */
  facts: string[];
}

export interface Evidence {
  here: Pick<GatewayHere, 'paths' | 'runtime'>;
  service: Description | undefined;
  probe: Probe | undefined;
  /** Whether the probe looked at this machine. */
  isLocal: boolean;
}

/** Finds the process by its supervisor, by the file of a detached one, by its lock, and last by its own answer. */
export async function findProcess({ here, service, probe, isLocal }: Evidence): Promise<ProcessHere> {
  const { state, substate, restarts, lastExit, pid, status, detail } = service?.runtime ?? {};
  const supervised = [
    ...(state ? [`state ${state}`] : []),
    ...(substate ? [`sub ${substate}`] : []),
    ...(lastExit ? [`last ${lastExit}`] : []),
    ...(restarts ? [`restarted ${restarts} times`] : []),
  ];
  if (status === 'running') return { status, kind: 'service', pid: pid ?? null, facts: supervised };
  const detached = await findDetached(here);
  if (detached) return { status: 'running', kind: 'detached', pid: detached.pid, facts: ['detached', 'no supervisor'] };
  if (await isRuntimeAlive(here)) return toForeground(here, probe);
  const answered = isLocal ? probe?.status?.pid : undefined;
  if (answered !== undefined)
    return { status: 'running', kind: 'other', pid: answered, facts: ['of another state directory'] };
  if (service?.installed && status === 'unknown')
    return { status, kind: 'none', pid: null, facts: [detail ?? 'the supervisor did not tell'] };
  return { status: 'stopped', kind: 'none', pid: null, facts: service?.installed ? supervised : toRemains(here) };
}

// --- internal ---

function toForeground({ runtime }: Evidence['here'], probe: Probe | undefined): ProcessHere {
  const facts = ['foreground', ...(probe && !probe.reachable ? ['does not answer'] : [])];
  return { status: 'running', kind: 'foreground', pid: runtime?.pid ?? null, facts };
}

/** A gateway that was killed leaves its file behind, and its pid may be somebody else's by now: the lock knows when its process began. */
async function isRuntimeAlive({ paths, runtime }: Evidence['here']): Promise<boolean> {
  if (!runtime?.alive) return false;
  const owner = await readLockOwner((await findLockPaths(paths)).state);
  return owner?.pid !== runtime.pid || (await isOwnerAlive(owner));
}

function toRemains({ runtime }: Evidence['here']): string[] {
  return runtime ? [`the last one, pid ${runtime.pid}, ended without a goodbye`] : [];
}
