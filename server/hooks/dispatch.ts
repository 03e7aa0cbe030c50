import { createHash, randomUUID } from 'node:crypto';
import type { Runs } from '../agent/runs.ts';
import type { SessionEvents } from '../agent/session-events.ts';
import type { Database } from '../database/database.ts';
import { toSessionKey } from '../sessions/key.ts';
import type { HookAction, RunAction, WakeAction } from './action.ts';
import type { Announcements } from './announce.ts';
import type { HookAnswer, Keep } from './answers.ts';
import type { Retention } from './retention.ts';
import type { HookSettings } from './settings.ts';
import { type HookTarget, resolveRunTarget, resolveWakeTarget, type TargetDeps } from './targets.ts';

export interface DispatchDeps extends TargetDeps {
  database: Database;
  runs: Pick<Runs, 'start'>;
  events: Pick<SessionEvents, 'add'>;
  announcements: Announcements;
  retention: Pick<Retention, 'note'>;
}

export interface Dispatching {
  settings: HookSettings;
  /** What tells this delivery from others; a run that was accepted for it before is not started again. */
  claims: readonly string[];
  keep: Keep;
}

/**
 * A function that does what hooks want. It resolves with the answer when everything that it promises is on disk; where some
 * of several could not be begun, with 503 and those that were.
 * @throws GatewayError for an action that may not be; then none has begun.
 */
export function createDispatch(deps: DispatchDeps) {
  const { database, runs, events, announcements, retention } = deps;

  const startRun = async (action: RunAction, runId: string, { agent, sessionKey }: HookTarget): Promise<void> => {
    const { name, deliver, wakes, model, thinking, timeoutMs } = action;
    const mainKey = toSessionKey(agent.id, deps.mainKey()).key;
    const announcement = { agentId: agent.id, mainKey, sessionKey, name, deliver, wakes };
    database.write(() => {
      announcements.note(runId, announcement);
      if (!action.isPersistent) retention.note(sessionKey);
    });
    const content = [{ type: 'text' as const, text: action.message }];
    try {
      const { run } = await runs.start({ runId, agent, sessionKey, content, model, thinking, timeoutMs });
      void run?.ended.then(() => announcements.settle(runId));
    } catch (error) {
      database.write(() => announcements.forget(runId));
      throw error;
    }
  };

  const wakeNow = async (text: string, runId: string, target: HookTarget): Promise<void> => {
    await runs.start({ runId, ...target, content: [{ type: 'text', text }] });
  };

  const wakeLater = ({ mode, text }: WakeAction, { sessionKey }: HookTarget): Begun => {
    try {
      const eventOutcome = database.write(() => events.add(sessionKey, text));
      return { told: { mode, eventOutcome }, accepted: database.durable() };
    } catch (error) {
      // Of several actions the others are begun all the same.
      return { told: { mode }, accepted: Promise.reject(error) };
    }
  };

  /** Looks whether an action may be, and answers how to begin it. */
  const prepare = (action: HookAction, runId: string, settings: HookSettings): (() => Begun) => {
    if (action.kind === 'agent') {
      const target = resolveRunTarget(deps, settings, { ...action, runId });
      return () => ({ told: { runId }, accepted: startRun(action, runId, target) });
    }
    const target = resolveWakeTarget(deps, settings, action);
    const { mode, text } = action;
    if (mode === 'next-heartbeat') return () => wakeLater(action, target);
    return () => ({ told: { mode, eventOutcome: 'queued', runId }, accepted: wakeNow(text, runId, target) });
  };

  return async (actions: readonly HookAction[], { settings, claims, keep }: Dispatching): Promise<HookAnswer> => {
    const ready = actions.map((action, index) => prepare(action, toRunId(claims[0], index), settings));
    // Begun and answered without a wait in between, all of it is one transaction.
    const begun = ready.map((begin) => begin());
    const settled = Promise.allSettled(begun.map(({ accepted }) => accepted));
    const answer = toAnswer(begun.map(({ told }) => told));
    database.write(() => keep(answer));
    const ends = await settled;
    const failures = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
    if (failures.length > 0 && ends.length === 1) throw failures[0];
    if (failures.length > 0)
      return toPartialAnswer(
        begun.flatMap(({ told }, index) => (ends[index]?.status === 'fulfilled' ? [told] : [])),
        failures,
      );
    await database.durable();
    return answer;
  };
}

// --- internal ---

/** What was begun: what the sender is told of it, once it is accepted. */
interface Begun {
  told: Told;
  accepted: Promise<void>;
}

interface Told {
  runId?: string;
  mode?: string;
  eventOutcome?: string;
}

/** The same delivery has the same runs. */
function toRunId(claim: string | undefined, index: number): string {
  const id = claim === undefined ? randomUUID() : createHash('sha256').update(claim).digest('hex').slice(0, 32);
  return index === 0 ? `hook-${id}` : `hook-${id}-${index}`;
}

function toAnswer(all: readonly Told[]): HookAnswer {
  const [first] = all;
  if (!first) return { status: 204, body: undefined };
  if (all.length === 1) return { status: 200, body: { ok: true, ...first } };
  return { status: 200, body: { ok: true, ...first, runIds: runIdsOf(all), dispatched: all.length } };
}

/** Failures that an answer names. */
const maxNamed = 5;

function toPartialAnswer(done: readonly Told[], failures: readonly unknown[]): HookAnswer {
  const errors = failures.slice(0, maxNamed).map((error) => (error instanceof Error ? error.message : 'it failed'));
  const error = `${failures.length} of ${done.length + failures.length} could not be begun: send it again`;
  return { status: 503, body: { ok: false, error, runIds: runIdsOf(done), errors } };
}

const runIdsOf = (all: readonly Told[]) => all.flatMap(({ runId }) => (runId === undefined ? [] : [runId]));
