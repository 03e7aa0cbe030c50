import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { Ledger, Spending } from '../usage/ledger.ts';
import { createInputs } from './inputs.ts';
import { addUsage, noUsage } from './loop.ts';
import { historyRows } from './prompt.ts';
import { toLostReceipt } from './receipt.ts';
import { toEndEvents, toErrorText, toItemId } from './run-events.ts';
import { createRunLog, seqAfterCrash } from './run-log.ts';
import type { RunStore, Unfinished } from './run-store.ts';
import type { RunEnd } from './runs.ts';

/** Events that are read at a time to put a broken reply together. */
const pageSize = 1000;

export interface RecoverDeps {
  database: Database;
  store: RunStore;
  sessions: SessionStore;
  ledger: Ledger;
  log: Log;
  /** True for a run of this process. */
  isLive(runId: string): boolean;
}

/**
 * Marks the runs that a dead gateway left behind: their log ends, their session says so, and what had been written of the
 * reply stands in the transcript. Called once, when no other gateway can be working on them.
 * @returns how many there were.
 */
export function recoverRuns(deps: RecoverDeps): number {
  const { database, store, sessions, ledger, isLive } = deps;
  const inputs = createInputs(deps);
  const unfinished = store.unfinished().filter(({ row }) => !isLive(row.runId));
  for (const run of unfinished) database.write(() => interrupt(run));
  return unfinished.length;

  function rowsOf(runId: string, sessionKey: string): ChatMessage[] {
    const { messages } = sessions.history(sessionKey, { limit: historyRows, offset: 0 });
    return messages.filter((row) => row.__openclaw.runId === runId);
  }

  /** A message that another run had taken in ends as that one has ended, or with it. */
  function findAnswer({ answeredBy }: RunRow): RunRow | undefined {
    const answer = answeredBy === undefined ? undefined : store.find(answeredBy);
    return answer?.endedAt === undefined ? undefined : answer;
  }

  function interrupt({ row, sessionId, input }: Unfinished): void {
    const { runId, sessionKey, agentId, startedAt, acceptedAt, answeredBy } = row;
    const isThere = sessions.find(sessionKey)?.sessionId === sessionId;
    if (input && isThere) inputs.record({ runId, sessionKey, ...input });
    store.release(runId);
    const answer = findAnswer(row);
    const rows = rowsOf(runId, sessionKey);
    const { text, lastSeq } = readLog(store, runId, rows.filter((row) => row.role === 'assistant').length);
    const spending = toSpending(rows);
    const endedAt = Date.now();
    const { provider = answer?.provider, model = answer?.model } = row;
    const shown = answer?.text ?? text;
    const receipt = toLostReceipt({
      runId,
      sessionId,
      text: shown,
      model: { provider: provider ?? '', model: model ?? '' },
    });
    const end: RunEnd = {
      ...toStatus(answer),
      finish: 'other',
      usage: spending.calls.reduce((sum, { usage }) => addUsage(sum, usage), noUsage),
      text: shown,
      provider,
      model,
      startedAt: startedAt ?? acceptedAt,
      endedAt,
      receipt,
      ...(answeredBy && { answeredBy }),
    };
    const error = end.status === 'ok' ? undefined : (answer?.error ?? toErrorText(end));
    const log = createRunLog(deps, { runId, sessionKey, agentId, sessionId }, seqAfterCrash(lastSeq));
    for (const { stream, data } of toEndEvents(end)) log.add(stream, data);
    log.flush();
    store.end(runId, { ...end, error });
    // The calls that had ended; the end of the run would have written them down.
    ledger.record({ ...spending, agentId, sessionKey, sessionId, transient: false, endedAt });
    // The run that has answered it says how it ended.
    if (!isThere || answeredBy) return;
    const content = text ? [{ type: 'text' as const, text }] : [];
    sessions.append(sessionKey, { role: 'assistant', content, stopReason: 'interrupted', errorMessage: error, runId });
    const contextTokens = spending.calls.findLast(({ usage }) => usage.total > 0)?.usage.total;
    sessions.track(sessionKey, { runId, status: 'failed', error, usage: end.usage, contextTokens, phase: 'end' });
  }
}

/** What the transcript says that a run has taken. */
function toSpending(rows: readonly ChatMessage[]): Pick<Spending, 'calls' | 'messages' | 'tools'> {
  const tools = new Map<string, number>();
  for (const { toolName } of rows) if (toolName) tools.set(toolName, (tools.get(toolName) ?? 0) + 1);
  const count = (role: ChatMessage['role']) => rows.filter((row) => row.role === role).length;
  const toolCalls = count('toolResult');
  return {
    calls: rows.flatMap(({ provider, model, usage, timestamp: at }) =>
      provider && model && usage ? [{ provider, model, usage, at }] : [],
    ),
    messages: { user: count('user'), assistant: count('assistant'), toolCalls, toolResults: toolCalls, errors: 1 },
    tools,
  };
}

function toStatus(answer: RunRow | undefined): Pick<RunEnd, 'status' | 'stopReason'> {
  if (!answer || answer.status === 'queued' || answer.status === 'running')
    return { status: 'interrupted', stopReason: 'crash' };
  return { status: answer.status, stopReason: answer.stopReason };
}

/**
 * The text of the message that was being written, and the number of the newest event that reached the disk.
 * @param recorded messages of the run that the transcript has already.
 */
function readLog(store: RunStore, runId: string, recorded: number): { text: string; lastSeq: number } {
  let lastSeq = 0;
  let newest: RunEvent | undefined;
  for (;;) {
    const { events, hasMore } = store.events(runId, lastSeq, pageSize);
    newest = events.findLast((event) => event.stream === 'assistant') ?? newest;
    lastSeq = events.at(-1)?.seq ?? lastSeq;
    if (!hasMore) break;
  }
  const isRecorded = newest?.data.itemId !== toItemId(runId, recorded + 1);
  return { text: isRecorded ? '' : String(newest?.data.text ?? ''), lastSeq };
}
