import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { LastRestart, RestartPreflight, ScheduledRestart } from '../../sdk/protocol/gateway.ts';
import type { Log } from '../log/log.ts';

// asked ──delayMs──► due ──► keeper.restart(): the owner closes this gateway and starts the next in the same process, or
//   │                         ends it for the supervisor that starts the next
//   │ asked again: one restart, at the earlier of both times, never within 30 s of the last

/** Who runs the gateway and can start it anew in the same process. */
export interface Keeper {
  /** Called once, when a restart is due. Contract: does not throw and does not wait. */
  restart(reason: string, mode?: RestartMode): void;
  /** The restart that led to this gateway. */
  last: LastRestart | undefined;
  /** True when a supervisor starts the process anew once it has ended. Default false. */
  supervised?: boolean | undefined;
}

/** Who starts the next gateway: this process, or a supervisor after its end. */
export type RestartMode = ScheduledRestart['mode'];

export interface RestartRequest {
  /** For the log and for people. */
  reason?: string | undefined;
  /** Milliseconds until the gateway begins to stop. Default 500, so that the answer gets out. */
  delayMs?: number | undefined;
  /** What asks for it, where it can be withdrawn again: the configuration may be changed back. */
  cause?: RestartCause | undefined;
}

export type RestartCause = 'config';

export interface Restart {
  /** What a restart would interrupt right now. */
  preflight(): RestartPreflight;
  /** Schedules a restart. @throws GatewayError UNAVAILABLE when nobody could start the gateway anew. */
  request(request?: RestartRequest): ScheduledRestart;
  /** Takes back what nobody but this cause has asked for. */
  withdraw(cause: RestartCause): void;
  /** How the last restart of this process went. */
  last(): LastRestart | undefined;
  /** Forgets what is scheduled. */
  close(): void;
}

export interface RestartDeps {
  keeper: Keeper | undefined;
  runs: { counts(): { active: number; queued: number } };
  /** Whether SIGUSR2 restarts the gateway, as the configuration says now. */
  obeysSignal(): boolean;
  log: Log;
}

/** Does from outside what `gateway.restart.request` does; SIGUSR1 belongs to the inspector of Node. */
const signal = 'SIGUSR2';
const defaultDelayMs = 500;
const cooldownMs = 30_000;

export function createRestart({ keeper, runs, obeysSignal, log }: RestartDeps): Restart {
  let scheduled: Scheduled | undefined;

  const schedule = ({ dueAt, reason, mode, cause }: Omit<Scheduled, 'timer'>) => {
    clearTimeout(scheduled?.timer);
    const timer = setTimeout(() => keeper?.restart(reason, mode), Math.max(0, dueAt - Date.now()));
    scheduled = { dueAt, reason, mode, cause, timer };
    return scheduled;
  };

  const restart: Restart = {
    preflight: () => toPreflight(runs.counts()),
    request({ reason = 'requested', delayMs = defaultDelayMs, cause } = {}) {
      if (!keeper) throw cannotRestart();
      const now = Date.now();
      const cooledAt = keeper.last ? keeper.last.ts + cooldownMs : 0;
      const wantedAt = Math.max(now + delayMs, cooledAt);
      const before = scheduled;
      const next = schedule({
        dueAt: Math.min(wantedAt, before?.dueAt ?? wantedAt),
        reason: before?.reason ?? reason,
        // The signal is answered by this process, whoever watches over it.
        mode: keeper.supervised && reason !== signal && before?.mode !== 'in-process' ? 'supervisor' : 'in-process',
        cause: before ? before.cause && cause : cause,
      });
      log.info('restart scheduled', { reason, inMs: next.dueAt - now, coalesced: before !== undefined });
      return {
        ok: true,
        pid: process.pid,
        signal,
        reason: next.reason,
        mode: next.mode,
        delayMs: Math.max(0, next.dueAt - now),
        coalesced: before !== undefined,
        cooldownMsApplied: Math.max(0, cooledAt - (now + delayMs)),
        emitHooksQueued: false,
      };
    },
    withdraw(cause) {
      if (scheduled?.cause !== cause) return;
      clearTimeout(scheduled.timer);
      scheduled = undefined;
      log.info('restart withdrawn: nothing needs it any more', { cause });
    },
    last: () => keeper?.last,
    close() {
      clearTimeout(scheduled?.timer);
      process.off(signal, onSignal);
    },
  };
  const onSignal = () => {
    if (obeysSignal()) restart.request({ reason: signal, delayMs: 0 });
    else log.warn(`${signal} is ignored: commands.restart is false`);
  };
  if (keeper) process.on(signal, onSignal);
  return restart;
}

interface Scheduled {
  /** Milliseconds since the epoch. */
  dueAt: number;
  reason: string;
  mode: RestartMode;
  /** Undefined when somebody wants it who does not withdraw. */
  cause: RestartCause | undefined;
  timer: NodeJS.Timeout;
}

function cannotRestart(): GatewayError {
  const message =
    'this gateway was started by a program that cannot start it anew: restart that program, or run "openclaw gateway"';
  return new GatewayError('UNAVAILABLE', message, { details: { reason: 'no-keeper' } });
}

function toPreflight({ active, queued }: { active: number; queued: number }): RestartPreflight {
  const blockers = [
    { kind: 'embedded-run', count: active, message: `${active} run(s) are working` },
    { kind: 'queue', count: queued, message: `${queued} message(s) wait for their turn` },
  ].filter(({ count }) => count > 0);
  const safe = blockers.length === 0;
  return {
    safe,
    counts: {
      queueSize: queued,
      pendingReplies: 0,
      embeddedRuns: active,
      cronRuns: 0,
      backgroundExecSessions: 0,
      rootRequests: 0,
      activeTasks: 0,
      totalActive: active + queued,
    },
    blockers,
    summary: safe
      ? 'safe to restart now'
      : `a restart waits up to 15 s: ${blockers.map(({ message }) => message).join(', ')}`,
  };
}
