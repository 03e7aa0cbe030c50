import { setTimeout as sleep } from 'node:timers/promises';
import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import { namesGateway } from '../../globals.ts';
import { findPaths } from '../../local/gateway-here.ts';
import type { Shell } from '../../shell.ts';

/** Methods that are answered with and without a gateway. */
export type ConfigMethod =
  | 'config.get'
  | 'config.patch'
  | 'config.schema'
  | 'config.schema.lookup'
  | 'config.diff'
  | 'config.revisions.list'
  | 'config.rollback';

const queries: readonly ConfigMethod[] = [
  'config.get',
  'config.schema',
  'config.schema.lookup',
  'config.diff',
  'config.revisions.list',
];

/** An answer, and who gave it. */
export interface Asked<T> {
  payload: T;
  /** `gateway`, or `files` when none runs on this machine and its files were asked instead. */
  by: 'gateway' | 'files';
}

/**
 * Asks the gateway; when none runs on this machine, its files, by the code of the gateway. One that is starting or stopping
 * has the files and does not answer: it is waited for. The configuration of this machine is meant unless somebody named a
 * gateway: one that `gateway.remote` names has another.
 * @throws GatewayError
 */
export async function askConfig<T>(
  shell: Shell,
  method: ConfigMethod,
  input: Record<string, unknown> = {},
): Promise<Asked<T>> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await askOnce<T>(shell, method, input);
    } catch (error) {
      const details = findGatewayError(error)?.details as { code?: unknown } | undefined;
      if (details?.code !== 'STATE_DIR_IN_USE' || performance.now() > until) throw error;
    }
    await sleep(pauseMs);
  }
}

// --- internal ---

/** Milliseconds that a gateway may have the files without answering; a restart with nothing at work takes some hundred. */
const patienceMs = 5_000;
const pauseMs = 200;

async function askOnce<T>(shell: Shell, method: ConfigMethod, input: Record<string, unknown>): Promise<Asked<T>> {
  if (namesGateway(shell) || (await runsHere(shell))) {
    const { request } = await import('../../request.ts');
    const kind = queries.includes(method) ? 'query' : 'mutation';
    try {
      return { payload: (await request(shell, { method, kind }, input)) as T, by: 'gateway' };
    } catch (error) {
      // It may have ended just now.
      if (namesGateway(shell) || findGatewayError(error)?.code !== 'UNREACHABLE') throw error;
    }
  }
  const { askConfigOffline } = await import('../../../server/config/offline.ts');
  const place = { paths: findPaths(shell.env, shell.globals), env: shell.env };
  return { payload: (await askConfigOffline(method, input, place)) as T, by: 'files' };
}

/** Whether a gateway of this state directory is alive, and is the one that commands ask. */
async function runsHere(shell: Shell): Promise<boolean> {
  const { readGatewayHere } = await import('../../local/gateway-here.ts');
  const { runtime, config } = await readGatewayHere(shell);
  return runtime?.alive === true && config.mode !== 'remote';
}
