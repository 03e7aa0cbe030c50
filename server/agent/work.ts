import { setImmediate } from 'node:timers/promises';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Log } from '../log/log.ts';
import type { Model, ModelRegistry } from '../models/registry.ts';
import { answerRun, ownModel } from './answer.ts';
import type { createConversation } from './conversation.ts';
import { broken, logFailure, stopped } from './faults.ts';
import type { Line } from './line.ts';
import { noUsage, runLoop, type ToolCall } from './loop.ts';
import { createPasts, hasPast, type PastStore } from './past.ts';
import { orAborted } from './patience.ts';
import type { Ending, WorkingRun } from './run.ts';
import type { RunInput } from './runs.ts';
import type { ToolRegistry } from './tools/registry.ts';
import { maxTimerMs } from './waits.ts';

export interface WorkDeps {
  sessions: PastStore;
  models: ModelRegistry;
  tools: Pick<ToolRegistry, 'declarations' | 'call'>;
  conversation: ReturnType<typeof createConversation>;
  line: Line;
  /** Ends a run that was aborted before its turn came. */
  leaveLine(run: WorkingRun): Promise<void>;
  /** What stands before the conversation of a run. Contract: does not reject. */
  instructions(input: RunInput): Promise<string>;
  /** Milliseconds a run may take when its input does not say, as it is now. */
  timeoutMs(): number;
  log: Log;
}

/** Times that the past is looked for while the transcript grows. */
const maxTries = 5;

/** A function that works a run off, from the head of its line to its end on disk. */
export function createWork(deps: WorkDeps): (run: WorkingRun) => Promise<void> {
  const { sessions, models, tools, conversation, line, leaveLine, log } = deps;

  const pasts = createPasts(sessions);

  /** Ends a run, and with it those that it has answered. */
  const settle = async (run: WorkingRun, how: Ending): Promise<void> => {
    const ended = run.end(how);
    const { text } = run;
    await Promise.all([ended, ...line.joinedTo(run).map((other) => other.end({ ...how, text, usage: noUsage }))]);
  };

  /** What is said in the meantime, a command say, must not get lost: then the past is looked for once more. */
  const admit = async (run: WorkingRun): Promise<void> => {
    const { input } = run;
    if (!hasPast(input)) return line.admit(run);
    let past = await pasts.find(input);
    for (let tries = 0; past && tries < maxTries && !pasts.isCurrent(input, past); tries++)
      past = await pasts.find(input);
    if (run.signal.aborted) return;
    line.admit(run, () => past && pasts.apply(input, past));
  };

  const toLoopContext = async (run: WorkingRun, { candidates, session, system }: Prepared) => {
    const { input } = run;
    const caller = { agentId: input.agent.id, sessionKey: input.sessionKey };
    const declarations = input.withoutTools ? [] : tools.declarations({ ...caller, isNew: run.isFirst });
    const thinking = input.thinking ?? session?.thinkingLevel ?? input.agent.thinking;
    const others = line.joinedTo(run);
    const working = { run, others, candidates, session, system, tools: declarations, thinking };
    return {
      candidates,
      messages: await conversation.read(working),
      recover: conversation.recovery(working),
      request: {
        ...input.request,
        system,
        thinking,
        session: { key: input.sessionKey, agentId: input.agent.id },
      },
      tools: declarations,
      clientTools: input.clientTools ?? [],
      maxToolCalls: input.maxToolCalls,
      callTool: (call: ToolCall, signal: AbortSignal) => tools.call(call, caller, signal),
      steering: line.steeringOf(run),
    };
  };

  return async (run) => {
    const { input } = run;
    const limitMs = Math.min(input.timeoutMs || deps.timeoutMs(), maxTimerMs);
    const timer = setTimeout(() => run.abort('timeout'), limitMs);
    let candidates: Model[] = [];
    try {
      // Whoever started it is answered first, and the events of the run come after. Nobody is told of a transient one.
      if (!input.transient) await setImmediate();
      if (!input.answer) await conversation.idle(run);
      if (run.signal.aborted) return await leaveLine(run);
      if (!input.answer) await admit(run);
      if (run.signal.aborted) return await leaveLine(run);
      run.begin();
      if (input.answer) {
        const answered = await answerRun(run, input.answer);
        return await run.end(answered ?? { ...stopped(run), provider: ownModel.provider, model: ownModel.id });
      }
      run.say('preparing_context');
      const session = run.isFirst ? undefined : sessions.find(input.sessionKey);
      candidates = findCandidates(input, models, session);
      const system = await orAborted(deps.instructions(input), run.signal, '');
      const context = await toLoopContext(run, { candidates, session, system });
      run.say('starting_model');
      const end = await runLoop(context, run.receive, run.signal);
      const { provider, id: model } = end.model;
      const how = run.signal.aborted ? { ...stopped(run), usage: end.usage } : end;
      const status = run.signal.aborted ? stopped(run).status : end.failure ? 'error' : 'ok';
      if (status === 'error' && end.failure) logFailure(log, run.id, end.failure);
      await settle(run, { ...how, status, provider, model });
    } catch (error) {
      await settle(run, broken(error, { runId: run.id, model: input.answer ? ownModel : candidates[0], log }));
    } finally {
      clearTimeout(timer);
    }
  };
}

// --- internal ---

/** What a run works with, besides what it was given. */
interface Prepared {
  candidates: readonly Model[];
  session: SessionRow | undefined;
  system: string;
}

/** The model to use, then its fallbacks; a model that somebody chose for this run or session has none. */
function findCandidates(input: RunInput, models: ModelRegistry, session: SessionRow | undefined): Model[] {
  if (input.model !== undefined) return [models.find(input.model)];
  if (session?.modelOverrideSource) return [models.find(`${session.modelProvider}/${session.model}`)];
  const primary = input.agent.primary ?? models.fallback().model;
  return [primary, ...input.agent.fallbacks].map((reference) => models.find(reference));
}
