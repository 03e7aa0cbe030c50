import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { QueueConfig } from '../config/config.ts';
import type { SessionStore } from '../sessions/store.ts';
import { type ConversationDeps, createConversation } from './conversation.ts';
import { createEnds } from './ends.ts';
import { draining, requirePlainKey, requireRoomForAnswer, stackOf, stopped } from './faults.ts';
import { createInputs, toHeldInput } from './inputs.ts';
import { createLine } from './line.ts';
import { toOutcome } from './outcome.ts';
import { hasPast } from './past.ts';
import { commandKind } from './prompt.ts';
import { resolveQueue } from './queue-settings.ts';
import { createRun, type RunDeps, type WorkingRun } from './run.ts';
import { type Acceptance, isTracked, type RunInput, type Runs } from './runs.ts';
import { createWaits, maxTimerMs, within } from './waits.ts';
import { createWork, type WorkDeps } from './work.ts';

export interface RunsOptions
  extends Omit<RunDeps, 'forget' | 'ends'>,
    ConversationDeps,
    Omit<WorkDeps, 'conversation' | 'line' | 'leaveLine' | 'sessions'> {
  sessions: SessionStore;
  /** Runs that may work at the same time, as it is now. */
  maxConcurrent(): number;
  /** What becomes of messages that come while their session is at work, as it is now. */
  queueConfig(): QueueConfig | undefined;
}

/** What stands for the session of a run that has none. */
const noSession = { lifecycleRevision: '0', status: undefined };

const endedRunLifeMs = 7 * 24 * 60 * 60 * 1000;

/** The runs of this gateway: accepts them, works them off, finds them again. */
export function createRuns(options: RunsOptions): Runs & { prune(): number } {
  const { database, store, sessions, models, log } = options;
  const live = new Map<string, WorkingRun>();
  let isDraining = false;
  const ends = createEnds({ database, log });
  const waits = createWaits();
  const deps: RunDeps = { ...options, ends, forget: (runId) => void live.delete(runId) };
  const inputs = createInputs({ store, sessions });
  const conversation = createConversation(options);
  const line = createLine({
    database,
    store,
    inputs,
    log,
    maxActive: options.maxConcurrent,
    live: () => live.values(),
    work: (run) => work(run).catch(noteFault(run)),
  });
  const find = (runId: string): RunRow | undefined => ends.find(runId) ?? store.find(runId);

  /** Ends a run that was aborted before its turn came, or while another run answers it. */
  const leaveLine = async (run: WorkingRun): Promise<void> => {
    if (run.startedAt !== undefined && run.answeredBy === undefined) return;
    line.leave(run);
    const { status, stopReason } = stopped(run);
    const alongside = () => {
      // What the gateway or another message cut off stays in the conversation; what was withdrawn does not come into it.
      if (status === 'interrupted' || stopReason === 'interrupt') inputs.admit(run.input);
      else if (stopReason === 'reset' || stopReason === 'delete') store.release(run.id);
    };
    await run.end({ ...stopped(run), provider: undefined, model: undefined, alongside });
  };

  const work = createWork({ ...options, line, conversation, leaveLine });

  /** Contract of `work` and `leaveLine`: they do not reject. Should one do so, its run hangs, but nothing else with it. */
  const noteFault = (run: WorkingRun) => (error: unknown) =>
    log.error(`run ${run.id} could not be ended`, { error: stackOf(error) });

  /** The answer to an id that was used before. */
  const replay = async (known: RunRow): Promise<Acceptance> => {
    const answer = (row: RunRow): Acceptance => ({ row, replayed: true, run: live.get(row.runId) });
    const early = answer(known);
    await database.durable();
    const row = find(known.runId);
    return row ? answer(row) : early;
  };

  /** Written, but refused because the disk did not confirm it: whoever asks again means that one. */
  const isLeftBehind = ({ runId, status, sessionKey }: RunRow, input: RunInput) =>
    status === 'queued' && !live.has(runId) && sessionKey === input.sessionKey;

  const requireAcceptance = (input: RunInput): void => {
    requirePlainKey(input.runId);
    if (isDraining) throw draining();
    if (input.answer) requireRoomForAnswer(live.values());
    else line.requireRoom(input, toQueue(input));
    if (input.model !== undefined) models.find(input.model);
  };

  const toQueue = ({ queue, sessionKey }: RunInput) =>
    resolveQueue(queue, options.queueConfig(), queue && sessions.find(sessionKey));

  const liveIn = (sessionKey: string): WorkingRun[] =>
    [...live.values()]
      .filter((run) => run.sessionKey === sessionKey)
      .sort((a, b) => (a.startedAt ?? Number.POSITIVE_INFINITY) - (b.startedAt ?? Number.POSITIVE_INFINITY));

  /** Commands are answered beside what works in a session. */
  const isBusy = (sessionKey: string): boolean =>
    [...live.values()].some((run) => run.sessionKey === sessionKey && !run.input.answer);

  /** Writes what is accepted: the run, and its message into the transcript or, behind other runs, beside it. */
  const accept = (input: RunInput, known: RunRow | undefined): WorkingRun => {
    const { runId, sessionKey, agent, transient = false, afresh } = input;
    // Where it follows something else than the end of the transcript, that is found when its turn comes.
    const isHeld = !input.answer && (isBusy(sessionKey) || hasPast(input));
    return database.write(() => {
      const acceptedAt = Date.now();
      const { row, created } = input.unkept
        ? { row: { ...noSession, sessionId: runId }, created: true }
        : sessions.ensure(sessionKey, { transient, change: { displayName: input.name } });
      const session = afresh && !created && !known ? sessions.reset(sessionKey, afresh) : row;
      const { sessionId, lifecycleRevision } = session;
      const held = toHeldInput(input);
      if (!known) {
        store.insert({
          runId,
          sessionKey,
          sessionId,
          agentId: agent.id,
          acceptedAt,
          input: isHeld ? held : undefined,
        });
        if (!isHeld && !input.unkept) inputs.record({ runId, sessionKey, ...held }, input.answer && commandKind);
      }
      const status = session.status === 'running' ? 'running' : 'queued';
      if (isTracked(input)) sessions.track(sessionKey, { runId, status, reason: 'send' });
      return createRun(
        input,
        {
          sessionId,
          lifecycleRevision,
          isNew: created,
          hasWaited: known ? store.isHeld(runId) : isHeld,
          acceptedAt,
          queue: toQueue(input),
        },
        deps,
      );
    });
  };

  return {
    async start(input) {
      // Looks before it waits: two calls of one turn must not both start.
      const known = input.unkept ? undefined : find(input.runId);
      if (known && !isLeftBehind(known, input)) return replay(known);
      requireAcceptance(input);
      const { runId, sessionKey, agent, transient = false, afresh } = input;
      const run = accept(input, known);
      if (afresh) for (const other of liveIn(sessionKey)) other.abort('reset');
      live.set(runId, run);
      run.signal.addEventListener('abort', () => void leaveLine(run).catch(noteFault(run)), { once: true });
      try {
        // Nobody is told that a transient run is accepted; it need not wait for the disk.
        if (!transient) await database.durable();
      } catch (error) {
        live.delete(runId);
        throw error;
      }
      if (!run.signal.aborted) {
        if (input.answer) void work(run).catch(noteFault(run));
        else line.add(run);
      }
      const { acceptedAt } = run;
      const row: RunRow = { runId, sessionKey, agentId: agent.id, status: 'queued', acceptedAt };
      return { row, replayed: false, run };
    },
    find,
    live: (runId) => live.get(runId),
    liveIn,
    async endIn(sessionKey, stopReason) {
      const here = liveIn(sessionKey);
      // Those that wait first: none of them is to begin while the others end.
      for (const run of here.toReversed()) run.abort(stopReason);
      options.compaction.abort(sessionKey);
      const ended = [
        ...here.map((run) => run.ended),
        options.compaction.idle(sessionKey, new AbortController().signal),
      ];
      await within(Promise.all(ended), endGraceMs);
    },
    isBusy,
    counts() {
      const runs = [...live.values()].filter((run) => run.answeredBy === undefined);
      const active = runs.filter((run) => run.startedAt !== undefined).length;
      return { active, queued: runs.length - active };
    },
    async wait(runId, options) {
      const run = live.get(runId);
      const limited = { ...options, timeoutMs: Math.min(options.timeoutMs, maxTimerMs) };
      if (run) await waits.until(run.ended, limited);
      else if (!find(runId)) await waits.until(new Promise(() => undefined), limited);
      return toOutcome(runId, find(runId));
    },
    pending: (sessionKey, before) => store.pending(sessionKey, before),
    receipts: (sessionId, runIds) => store.receipts(sessionId, runIds),
    events(runId, after, limit) {
      live.get(runId)?.flush();
      return store.events(runId, after, limit);
    },
    async drain(timeoutMs) {
      isDraining = true;
      const all = () => Promise.all([...live.values()].map((run) => run.ended));
      await within(all(), timeoutMs);
      for (const run of live.values()) run.abort('shutdown');
      await within(all(), abortGraceMs);
      ends.close();
    },
    prune: () => Number(database.write(() => store.prune(Date.now() - endedRunLifeMs))),
  };
}

/** Milliseconds that aborted runs of a session have to record their ends before it goes away. */
const endGraceMs = 3000;

/** Milliseconds that an aborted run has to record its end while the gateway stops. */
const abortGraceMs = 2000;
