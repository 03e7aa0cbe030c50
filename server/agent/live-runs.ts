import type { RunOutcome } from '../../sdk/protocol/agent.ts';
import type { ContentPart } from '../../sdk/protocol/chat.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { SessionRow } from '../../sdk/protocol/sessions.ts';
import type { ModelFailure, ModelMessage } from '../models/provider.ts';
import type { Model, ModelRegistry } from '../models/registry.ts';
import { answerRun, ownModel } from './answer.ts';
import { type ModelName, noUsage, runLoop, type ToolCall } from './loop.ts';
import { commandKind, historyRows, toModelMessages } from './prompt.ts';
import { createQueue } from './queue.ts';
import { createRun, type RunDeps, type WorkingRun } from './run.ts';
import { type Acceptance, isTracked, type RunInput, type Runs } from './runs.ts';
import type { ToolRegistry } from './tools/registry.ts';

export interface RunsOptions extends Omit<RunDeps, 'forget'> {
  models: ModelRegistry;
  tools: Pick<ToolRegistry, 'declarations' | 'call'>;
  /** What stands before the conversation of a run. Contract: does not reject. */
  instructions(input: RunInput): Promise<string>;
  /** Runs that may work at the same time, as it is now. */
  maxConcurrent(): number;
  /** Milliseconds a run may take when its input does not say, as it is now. */
  timeoutMs(): number;
}

const endedRunLifeMs = 7 * 24 * 60 * 60 * 1000;
/** The longest timer that Node can set, 24 days: a longer one would ring at once. */
const maxTimerMs = 2_147_483_647;

/** The runs of this gateway: accepts them, works them off, finds them again. */
export function createRuns(options: RunsOptions): Runs & { prune(): number } {
  const { database, store, sessions, models, tools, log } = options;
  const queue = createQueue(options.maxConcurrent);
  const live = new Map<string, WorkingRun>();
  let draining = false;
  const deps: RunDeps = { ...options, forget: (runId) => void live.delete(runId) };

  /** Adds to the transcript what the run was given. */
  const record = ({ runId, sessionKey, content, answer, toolResults = [] }: RunInput): void => {
    for (const { toolCallId, toolName, output, isError } of toolResults) {
      const parts = [{ type: 'text' as const, text: output }];
      sessions.append(sessionKey, { role: 'toolResult', content: parts, toolCallId, toolName, isError, runId });
    }
    if (content.length > 0)
      sessions.append(sessionKey, {
        role: 'user',
        content: content.map((part): ContentPart => part),
        idempotencyKey: `${runId}:user`,
        runId,
        ...(answer && { kind: commandKind }),
      });
  };

  /** Ends a run that was aborted before its turn came. */
  const leaveQueue = async (run: WorkingRun): Promise<void> => {
    if (run.startedAt !== undefined) return;
    await run.end({ ...stopped(run), provider: undefined, model: undefined });
  };

  /** Contract of `work` and `leaveQueue`: they do not reject. Should one do so, its run hangs, but nothing else with it. */
  const noteFault = (run: WorkingRun) => (error: unknown) =>
    log.error(`run ${run.id} could not be ended`, { error: stackOf(error) });

  const logFailure = (runId: string, { kind, provider, model, message, httpStatus }: ModelFailure): void =>
    log.warn(`run ${runId} failed: ${message}`, { kind, model: `${provider}/${model}`, httpStatus });

  const work = async (run: WorkingRun): Promise<void> => {
    const { input } = run;
    const limitMs = Math.min(input.timeoutMs || options.timeoutMs(), maxTimerMs);
    const timer = setTimeout(() => run.abort('timeout'), limitMs);
    let candidates: Model[] = [];
    try {
      if (run.signal.aborted) return await leaveQueue(run);
      run.begin();
      if (input.answer) {
        const answered = await answerRun(run, input.answer);
        return await run.end(answered ?? { ...stopped(run), provider: ownModel.provider, model: ownModel.id });
      }
      const session = run.isFirst ? undefined : sessions.find(input.sessionKey);
      candidates = findCandidates(input, models, session);
      const system = await options.instructions(input);
      const end = await runLoop(toLoopContext(run, { candidates, session, system }), run.receive, run.signal);
      const { provider, id: model } = end.model;
      const how = run.signal.aborted ? { ...stopped(run), usage: end.usage } : end;
      const status = run.signal.aborted ? stopped(run).status : end.failure ? 'error' : 'ok';
      if (status === 'error' && end.failure) logFailure(run.id, end.failure);
      await run.end({ ...how, status, provider, model });
    } catch (error) {
      const failure = toFailure(error, input.answer ? ownModel : candidates[0]);
      if (isExpected(error)) logFailure(run.id, failure);
      else log.error(`run ${run.id} failed`, { error: stackOf(error) });
      await run.end({
        status: 'error',
        finish: 'other',
        usage: noUsage,
        failure,
        provider: failure.provider,
        model: failure.model,
      });
    } finally {
      clearTimeout(timer);
    }
  };

  const toLoopContext = (run: WorkingRun, { candidates, session, system }: Prepared) => {
    const { input } = run;
    const caller = { agentId: input.agent.id, sessionKey: input.sessionKey };
    return {
      candidates,
      messages: toMessages(run, candidates[0]),
      request: {
        ...input.request,
        system,
        thinking: input.thinking ?? session?.thinkingLevel ?? input.agent.thinking,
        session: { key: input.sessionKey, agentId: input.agent.id },
      },
      tools: tools.declarations(caller),
      clientTools: input.clientTools ?? [],
      callTool: (call: ToolCall, signal: AbortSignal) => tools.call(call, caller, signal),
    };
  };

  /** What the model reads: what the caller brought along, or what the session holds, and then what the run was given. */
  const toMessages = ({ id, input, isFirst }: WorkingRun, model: Model | undefined): ModelMessage[] => {
    if (input.history || isFirst) return [...(input.history ?? []), ...toGivenMessages(input)];
    const { messages: rows } = sessions.history(input.sessionKey, { limit: historyRows, offset: 0 });
    const waiting = new Set([...live.values()].filter((run) => run.startedAt === undefined).map((run) => run.id));
    return toModelMessages(rows, { runId: id, waiting, contextWindow: model?.contextWindow });
  };

  /** The answer to an id that was used before. */
  const replay = async (known: RunRow): Promise<Acceptance> => {
    const answer = (row: RunRow): Acceptance => ({ row, replayed: true, run: live.get(row.runId) });
    const early = answer(known);
    await database.durable();
    const row = store.find(known.runId);
    return row ? answer(row) : early;
  };

  /** Written, but refused because the disk did not confirm it: whoever asks again means that one. */
  const isLeftBehind = ({ runId, status, sessionKey }: RunRow, input: RunInput) =>
    status === 'queued' && !live.has(runId) && sessionKey === input.sessionKey;

  const requireAcceptance = ({ runId, sessionKey, model, answer }: RunInput): void => {
    if (!runId.isWellFormed())
      throw new GatewayError(
        'INVALID_REQUEST',
        'the idempotency key holds half a surrogate pair: use whole characters',
      );
    if (draining)
      throw new GatewayError(
        'UNAVAILABLE',
        'the gateway is stopping and takes no new messages. Try again in a moment.',
        {
          details: { code: 'DRAINING' },
          retryable: true,
          retryAfterMs: 1500,
        },
      );
    if (answer) requireRoomForAnswer();
    else queue.requireRoom(sessionKey);
    if (model !== undefined) models.find(model);
  };

  /** Commands do not queue; most take no time at all, but those that summarise do. */
  const requireRoomForAnswer = (): void => {
    const answering = [...live.values()].filter((run) => run.input.answer).length;
    if (answering < maxAnswering) return;
    throw new GatewayError('UNAVAILABLE', 'too many commands are being answered. Please try again in a moment.', {
      details: { code: 'QUEUE_FULL' },
      retryable: true,
      retryAfterMs: 1000,
    });
  };

  const liveIn = (sessionKey: string): WorkingRun[] =>
    [...live.values()]
      .filter((run) => run.sessionKey === sessionKey)
      .sort((a, b) => (a.startedAt ?? Number.POSITIVE_INFINITY) - (b.startedAt ?? Number.POSITIVE_INFINITY));

  return {
    async start(input) {
      // Looks before it waits: two calls of one turn must not both start.
      const known = store.find(input.runId);
      if (known && !isLeftBehind(known, input)) return replay(known);
      requireAcceptance(input);
      const { runId, sessionKey, agent, transient = false, afresh } = input;
      const acceptedAt = Date.now();
      const run = database.write(() => {
        const { row, created } = sessions.ensure(sessionKey, { transient });
        const session = afresh && !created && !known ? sessions.reset(sessionKey, afresh) : row;
        const { sessionId, lifecycleRevision } = session;
        if (!known) {
          store.insert({ runId, sessionKey, sessionId, agentId: agent.id, acceptedAt });
          record(input);
        }
        const status = session.status === 'running' ? 'running' : 'queued';
        if (isTracked(input)) sessions.track(sessionKey, { runId, status });
        return createRun(input, { sessionId, lifecycleRevision, isNew: created }, deps);
      });
      if (afresh) for (const other of liveIn(sessionKey)) other.abort('reset');
      live.set(runId, run);
      run.signal.addEventListener('abort', () => void leaveQueue(run).catch(noteFault(run)), { once: true });
      try {
        // Nobody is told that a transient run is accepted; it need not wait for the disk.
        if (!transient) await database.durable();
      } catch (error) {
        live.delete(runId);
        throw error;
      }
      if (input.answer) void work(run).catch(noteFault(run));
      else queue.add(sessionKey, () => work(run).catch(noteFault(run)));
      const row: RunRow = { runId, sessionKey, agentId: agent.id, status: 'queued', acceptedAt };
      return { row, replayed: false, run };
    },
    find: (runId) => store.find(runId),
    live: (runId) => live.get(runId),
    liveIn,
    counts() {
      const active = [...live.values()].filter((run) => run.startedAt !== undefined).length;
      return { active, queued: live.size - active };
    },
    async wait(runId, timeoutMs, signal) {
      const run = live.get(runId);
      if (run) {
        await within(run.ended, timeoutMs, signal);
      } else if (!store.find(runId)) {
        await within(new Promise(() => undefined), timeoutMs, signal);
      }
      return toOutcome(runId, store.find(runId));
    },
    events(runId, after, limit) {
      live.get(runId)?.flush();
      return store.events(runId, after, limit);
    },
    async drain(timeoutMs) {
      draining = true;
      const all = () => Promise.all([...live.values()].map((run) => run.ended));
      await within(all(), timeoutMs);
      for (const run of live.values()) run.abort('shutdown');
      await within(all(), abortGraceMs);
    },
    prune: () => Number(database.write(() => store.prune(Date.now() - endedRunLifeMs))),
  };
}

/** Chat commands that may be answered at the same time. */
const maxAnswering = 64;

/** What a run works with, besides what it was given. */
interface Prepared {
  candidates: readonly Model[];
  session: SessionRow | undefined;
  system: string;
}

/** Milliseconds that an aborted run has to record its end while the gateway stops. */
const abortGraceMs = 2000;

/** The model to use, then its fallbacks; a model that somebody chose for this run or session has none. */
function findCandidates(input: RunInput, models: ModelRegistry, session: SessionRow | undefined): Model[] {
  if (input.model !== undefined) return [models.find(input.model)];
  if (session?.modelOverrideSource) return [models.find(`${session.modelProvider}/${session.model}`)];
  const primary = input.agent.primary ?? models.fallback().model;
  return [primary, ...input.agent.fallbacks].map((reference) => models.find(reference));
}

/** What a run was given, as a model reads it. */
function toGivenMessages({ content, toolResults = [] }: RunInput): ModelMessage[] {
  return content.length > 0 ? [...toolResults, { role: 'user', content }] : [...toolResults];
}

/** How a run ended whose signal fired. */
function stopped(run: WorkingRun) {
  const stopReason = String(run.signal.reason);
  const status =
    stopReason === 'timeout'
      ? ('timeout' as const)
      : stopReason === 'shutdown'
        ? ('interrupted' as const)
        : ('aborted' as const);
  return { status, finish: 'other' as const, usage: noUsage, stopReason };
}

function toFailure(error: unknown, model: ModelName | undefined): ModelFailure {
  const known = isExpected(error);
  return {
    kind: known && error.details?.code === 'MODEL_NOT_FOUND' ? 'not_found' : 'unknown',
    message: known ? error.message : 'the run failed inside the gateway; its log says why',
    provider: model?.provider ?? 'gateway',
    model: model?.id ?? 'none',
    retryable: false,
  };
}

function isExpected(error: unknown): error is GatewayError {
  return error instanceof Error && error.name === 'GatewayError';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Waits for a promise, a time or a signal, whichever comes first. */
async function within(promise: Promise<unknown>, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end);
  try {
    await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    // The signal of a connection outlives many waits.
    signal?.removeEventListener('abort', end);
  }
}

/** How `agent.wait` tells a run's end. */
export function toOutcome(runId: string, row: RunRow | undefined): RunOutcome {
  if (!row?.endedAt) return { runId, status: 'timeout' };
  const { startedAt, endedAt, stopReason, error, status } = row;
  return {
    runId,
    status: status === 'ok' ? 'ok' : 'error',
    ...(startedAt !== undefined && { startedAt }),
    endedAt,
    ...(status !== 'ok' && { error: status === 'aborted' ? 'aborted' : (error ?? status) }),
    ...(stopReason !== undefined && { stopReason }),
  };
}
