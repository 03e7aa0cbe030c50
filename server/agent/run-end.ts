import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Spending } from '../usage/ledger.ts';
import type { RunDeps, RunSession } from './run.ts';
import { toErrorText } from './run-events.ts';
import { isTracked, type RunEnd, type RunInput } from './runs.ts';
import type { Tally } from './tally.ts';

/** What the end of a run is written with, besides what it tells. */
export interface Closing extends RunDeps {
  tally: Tally;
  session: RunSession;
  flush(): void;
  isCurrent(): boolean;
  /** Done in the same write. */
  alongside: (() => void) | undefined;
}

/** Writes the end of a run and waits for the disk; never rejects. */
export function recordEnd(end: RunEnd, input: RunInput, deps: Closing): Promise<void> {
  const { runId, sessionKey, transient = false, agent } = input;
  const error = end.status === 'ok' ? undefined : toErrorText(end);
  const { failure: _, finish: __, ...told } = end;
  const { acceptedAt } = deps.session;
  const row: RunRow = { runId, sessionKey, agentId: agent.id, acceptedAt, ...told, error };
  const work = () => {
    deps.alongside?.();
    deps.flush();
    deps.store.end(runId, { ...end, error });
    if (isTracked(input) || end.usage.total > 0) deps.ledger.record(toSpending(end, input, deps));
    // The run that answers says how the session is.
    if (!isTracked(input) || end.answeredBy || !deps.isCurrent()) return;
    const { usage } = end;
    const contextTokens = deps.tally.contextTokens();
    const status = sessionStatus[end.status];
    deps.sessions.track(sessionKey, { runId, status, error, usage, contextTokens, phase: 'end' });
  };
  // The only one who watches a transient run is the caller, who has the answer then.
  return deps.ends.write(row, work, { isDurable: !transient });
}

function toSpending(end: RunEnd, input: RunInput, { tally, session, store }: Closing): Spending {
  const { calls, tools, messages } = tally.spent();
  const { runId, sessionKey, transient = false, agent, content } = input;
  const errors = end.status === 'ok' ? 0 : 1;
  // A message that was withdrawn never came into the transcript.
  const isWritten = content.length > 0 && !(session.hasWaited && store.isHeld(runId));
  return {
    agentId: agent.id,
    sessionKey,
    sessionId: session.sessionId,
    transient,
    calls,
    tools,
    messages: { ...messages, user: isWritten ? 1 : 0, errors },
    ...(messages.assistant > 0 && { latencyMs: end.endedAt - session.acceptedAt }),
    endedAt: end.endedAt,
  };
}

const sessionStatus = {
  ok: 'done',
  error: 'failed',
  aborted: 'killed',
  timeout: 'timeout',
  interrupted: 'failed',
} as const;
