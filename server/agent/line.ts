import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { UserPart } from '../models/provider.ts';
import { toReadPart } from './attached-files.ts';
import type { Inputs } from './inputs.ts';
import type { Steering } from './loop.ts';
import { createQueue } from './queue.ts';
import type { QueueSettings } from './queue-settings.ts';
import type { WorkingRun } from './run.ts';
import type { RunStore } from './run-store.ts';
import type { RunInput } from './runs.ts';

/*
 * What becomes of a message that comes while its session is at work:
 *
 *   steer      waits -> into the working run, between a tool's result and the next call of the model
 *              waits -> the run ends first -> a run of its own
 *   followup   waits -> a run of its own
 *   collect    waits -> quiet for a while -> one run with the others that wait behind it
 *   interrupt  ends the working run -> the next run, with other interrupts that wait
 *
 * In a full line `summarize` sets the oldest aside for the next run, `old` ends it, `new` refuses the newest.
 */

/** The lines of waiting runs, one for each session. */
export interface Line {
  /** @throws GatewayError UNAVAILABLE, retryable, when too much waits in the session, for the agent or in all. */
  requireRoom(input: RunInput, queue: QueueSettings | undefined): void;
  /** Lets a run wait for its turn; it may end the one that works, or push out the oldest. */
  add(run: WorkingRun): void;
  /**
   * Puts a run's message into the transcript, with those that it answers as well. Called when its turn comes.
   * @param first Done before, in the same write.
   */
  admit(run: WorkingRun, first?: () => void): void;
  /** Runs that end together with this one. */
  joinedTo(run: WorkingRun): readonly WorkingRun[];
  /** What goes into the run while it works. */
  steeringOf(run: WorkingRun): Steering;
  /** Takes out a run that will not have its turn. */
  leave(run: WorkingRun): void;
}

export interface LineDeps {
  database: Database;
  store: RunStore;
  inputs: Inputs;
  log: Log;
  maxActive(): number;
  /** Contract: does not reject. */
  work(run: WorkingRun): Promise<void>;
  /** Runs that are not over. */
  live(): Iterable<WorkingRun>;
}

/** Messages that may wait in a session, for an agent and in all, whatever the settings say. */
const lineLimits = { perSession: 64, perAgent: 1024, inAll: 2048, chars: 256 * 1024 * 1024 } as const;

export function createLine(deps: LineDeps): Line {
  const { database, store, inputs, log } = deps;
  const queue = createQueue<WorkingRun>({
    maxActive: deps.maxActive,
    keyOf: (run) => run.sessionKey,
    readyAt: toReadyTime,
    work: (run) => deps.work(run).finally(() => after(run)),
  });
  /** Messages that were set aside in full lines, for the next run of their session. */
  const aside = new Map<string, WorkingRun[]>();
  /** Runs by the run that answers them. */
  const joined = new Map<string, WorkingRun[]>();

  const after = (run: WorkingRun): void => {
    joined.delete(run.id);
    reviveAside(run.sessionKey, run);
  };

  /** What was set aside has a turn of its own when no other run is left that could take it in. */
  const reviveAside = (key: string, gone: WorkingRun): void => {
    const active = queue.active(key);
    if ((active && active !== gone) || queue.waiting(key).length > 0) return;
    const newest = aside.get(key)?.pop();
    if (newest) queue.add(newest);
    if (!aside.get(key)?.length) aside.delete(key);
  };

  /** Contract: called inside `database.write`; what is told of it follows when the write is through. */
  const writeJoins = (run: WorkingRun, others: readonly WorkingRun[], kind?: 'summarized'): void => {
    for (const other of others) {
      inputs.admit(other.input, kind);
      store.join(other.id, run.id, Date.now());
    }
  };

  const noteJoins = (run: WorkingRun, others: readonly WorkingRun[]): void => {
    for (const other of others) {
      queue.remove(other);
      other.join(run.id);
    }
    if (others.length > 0) joined.set(run.id, [...(joined.get(run.id) ?? []), ...others]);
  };

  /** Those behind a run that are answered together with it. */
  const findCompanions = (run: WorkingRun): WorkingRun[] => {
    const settings = run.queue;
    if (!isPlain(run) || (settings?.mode !== 'collect' && settings?.mode !== 'interrupt')) return [];
    const waiting = queue.waiting(run.sessionKey);
    const end = waiting.findIndex((other) => !isPlain(other) || other.queue?.mode !== settings.mode);
    return waiting.slice(0, end < 0 ? undefined : end);
  };

  const dropOldest = (run: WorkingRun): void => {
    const { sessionKey, queue: settings } = run;
    if (!settings || queue.waiting(sessionKey).length < settings.cap) return;
    const oldest = queue.waiting(sessionKey).find(isPlain);
    if (!oldest) return;
    if (settings.drop === 'old') oldest.abort('dropped');
    else if (queue.remove(oldest)) aside.set(sessionKey, [...(aside.get(sessionKey) ?? []), oldest]);
  };

  const findSteers = (run: WorkingRun): WorkingRun[] =>
    isOpen(run.input)
      ? queue.waiting(run.sessionKey).filter((other) => other.queue?.mode === 'steer' && isPlain(other))
      : [];

  return {
    requireRoom(input, settings) {
      const mine = [...deps.live()].filter((run) => run.startedAt === undefined);
      const here = mine.filter((run) => run.sessionKey === input.sessionKey).length;
      const full = findFull(mine, input, { here, settings });
      if (full)
        throw new GatewayError('UNAVAILABLE', `too many messages wait ${full}. Please try again in a moment.`, {
          details: { code: 'QUEUE_FULL' },
          retryable: true,
          retryAfterMs: 1000,
        });
    },
    add(run) {
      const isInterrupt = run.queue?.mode === 'interrupt';
      dropOldest(run);
      queue.add(run, isInterrupt ? (other) => other.queue?.mode !== 'interrupt' : undefined);
      const active = queue.active(run.sessionKey);
      if (isInterrupt && active !== run) active?.abort('interrupt');
    },
    admit(run, first) {
      const { sessionKey } = run;
      if (run.input.unkept) return;
      const summarized = aside.get(sessionKey) ?? [];
      const companions = findCompanions(run);
      database.write(() => {
        store.forgetWithdrawn(sessionKey);
        first?.();
        writeJoins(run, summarized, 'summarized');
        inputs.admit(run.input);
        writeJoins(run, companions);
      });
      aside.delete(sessionKey);
      noteJoins(run, [...summarized, ...companions]);
    },
    joinedTo: (run) => joined.get(run.id) ?? [],
    steeringOf: (run) => ({
      isWaiting: () => findSteers(run).length > 0,
      take() {
        const steers = findSteers(run);
        if (steers.length === 0) return [];
        try {
          database.write(() => writeJoins(run, steers));
        } catch (error) {
          // They wait on, and get runs of their own.
          log.error(`run ${run.id}: messages could not be steered into it`, { error: String(error) });
          return [];
        }
        noteJoins(run, steers);
        return [{ role: 'user', content: steers.flatMap((steer): UserPart[] => steer.input.content.map(toReadPart)) }];
      },
    }),
    leave(run) {
      const { sessionKey } = run;
      queue.remove(run);
      const rest = aside.get(sessionKey)?.filter((other) => other !== run);
      if (rest) aside.set(sessionKey, rest);
      reviveAside(sessionKey, run);
    },
  };
}

/** Collected messages wait until none has come for a while. */
function toReadyTime(head: WorkingRun, line: readonly WorkingRun[]): number {
  if (head.queue?.mode !== 'collect' || !head.hasWaited) return 0;
  const newest = Math.max(...line.map((run) => (run.queue?.mode === 'collect' ? run.acceptedAt : 0)));
  return newest + head.queue.debounceMs;
}

/** True for a message that asks for nothing but an answer, so that one run can answer it together with others. */
function isPlain({ queue, input }: Pick<WorkingRun, 'queue' | 'input'>): boolean {
  const { afresh, model, thinking, extraSystemPrompt, promptMode, withoutTools, toolResults } = input;
  const asksForMore = afresh ?? model ?? thinking ?? extraSystemPrompt ?? promptMode;
  return queue !== undefined && asksForMore === undefined && !toolResults?.length && !withoutTools && isOpen(input);
}

/** True for a run whose caller did not bring along how the model is to be asked. */
function isOpen({ history, follows, request, clientTools, transient }: RunInput): boolean {
  return !history && !follows && !request && !clientTools?.length && !transient;
}

function findFull(
  waiting: readonly WorkingRun[],
  input: RunInput,
  { here, settings }: { here: number; settings: QueueSettings | undefined },
): string | undefined {
  const cap = settings?.drop === 'new' ? Math.min(settings.cap, lineLimits.perSession) : lineLimits.perSession;
  if (here >= cap) return `in session ${input.sessionKey}`;
  if (waiting.filter((run) => run.agentId === input.agent.id).length >= lineLimits.perAgent)
    return `for agent ${input.agent.id}`;
  const chars = waiting.reduce((sum, run) => sum + sizeOf(run.input), sizeOf(input));
  return waiting.length >= lineLimits.inAll || chars > lineLimits.chars ? 'in the gateway' : undefined;
}

function sizeOf({ content }: RunInput): number {
  return content.reduce((sum, part) => sum + (part.type === 'text' ? part.text.length : part.data.length), 0);
}
