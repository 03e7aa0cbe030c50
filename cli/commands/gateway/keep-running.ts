import type { LastRestart } from '../../../sdk/protocol/gateway.ts';
import type { Gateway } from '../../../server/gateway.ts';
import type { Keeper, RestartMode } from '../../../server/system/restart.ts';

// Under a supervisor the process ends instead of `read`, and the next one is a process of its own.
//
// read ─► start ─► runs ─► asked to restart: close ─► read ─► start ─► runs ─► ...
//                    │                          └─ invalid, or does not start: the one from before
//                    └─ stopped: close, end

export interface Keeping<Setup extends object> {
  /**
   * Reads the configuration as it is now. Rejects when it cannot be used.
   * @param before what ran until a moment ago; undefined at the first start.
   */
  read(before?: Setup): Promise<Setup>;
  start(setup: Setup, keeper: Keeper): Promise<Gateway>;
  /** Resolves when the process is to end. */
  stopped: Promise<unknown>;
  /** True when a supervisor starts the process anew once it has ended. Default false. */
  supervised?: boolean | undefined;
  /** Told that a gateway begins to close. Default nobody is. @returns what is called when it has. */
  onClosing?: (() => () => void) | undefined;
}

/** Milliseconds in which clients may expect a restarted gateway back. */
const restartExpectedMs = 1500;
/** The same where a supervisor starts the next: systemd waits 5 s before it does. */
const respawnExpectedMs = 7000;

/**
 * Runs a gateway until the process is to end, and starts it anew as often as it asks for it. A configuration that cannot
 * be used at a restart does not cost the gateway: it runs on with the last good one, and says so.
 * @throws GatewayError what kept the first one from starting, or any later one also with the configuration from before.
 */
export async function keepRunning<Setup extends object>(keeping: Keeping<Setup>): Promise<void> {
  const { read, stopped, supervised } = keeping;
  const start: Keeping<Setup>['start'] = (setup, keeper) => keeping.start(setup, { ...keeper, supervised });
  let isStopped = false;
  const stop = stopped.then(() => {
    isStopped = true;
  });
  let setup: Setup = await read();
  /** Told to end while it waited for something, it has done as it was told. */
  const unlessStopped = (error: unknown): undefined => {
    if (!isStopped) throw error;
  };
  const first = await startOne(start, setup, undefined).catch(unlessStopped);
  if (!first) return;
  let running = first;
  for (;;) {
    const asked = await Promise.race([stop, running.asked]);
    const { gateway } = running;
    const close = (goodbye?: Parameters<Gateway['close']>[0]) => gateway.close(goodbye).finally(keeping.onClosing?.());
    if (asked === undefined) return close();
    const { reason, mode } = asked;
    if (mode === 'supervisor') return close({ reason: 'gateway restarting', restartExpectedMs: respawnExpectedMs });
    const last = { kind: 'restart', ts: Date.now(), reason } as const;
    await close({ reason: 'gateway restarting', restartExpectedMs });
    if (isStopped) return;
    const next = await startAnew({ read, start }, setup, last).catch(unlessStopped);
    if (!next) return;
    [setup, running] = next;
  }
}

// --- internal ---

/** A gateway, and the reason for which it asks to be started anew. */
interface Running {
  gateway: Gateway;
  asked: Promise<{ reason: string; mode: RestartMode }>;
}

type Starting<Setup extends object> = Pick<Keeping<Setup>, 'read' | 'start'>;

async function startAnew<Setup extends object>(
  { read, start }: Starting<Setup>,
  before: Setup,
  last: Pick<LastRestart, 'kind' | 'ts' | 'reason'>,
): Promise<[Setup, Running]> {
  try {
    const setup = await read(before);
    return [setup, await startOne(start, setup, { ...last, status: 'ok' })];
  } catch (error) {
    // The gateway ran until a moment ago; what worked then is better than none.
    const message = error instanceof Error ? error.message : String(error);
    return [before, await startOne(start, before, { ...last, status: 'error', message })];
  }
}

async function startOne<Setup extends object>(
  start: Keeping<Setup>['start'],
  setup: Setup,
  last: LastRestart | undefined,
): Promise<Running> {
  const { promise: asked, resolve } = Promise.withResolvers<{ reason: string; mode: RestartMode }>();
  const restart: Keeper['restart'] = (reason, mode = 'in-process') => resolve({ reason, mode });
  return { gateway: await start(setup, { restart, last }), asked };
}
