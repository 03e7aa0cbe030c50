import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { ChatMessage } from '../../sdk/protocol/chat.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { Ledger, Spending } from '../usage/ledger.ts';
import { addUsage, noUsage } from './loop.ts';
import { historyRows } from './prompt.ts';
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
  const unfinished = store.unfinished().filter(({ row }) => !isLive(row.runId));
  for (const run of unfinished) database.write(() => interrupt(run));
  return unfinished.length;

  function rowsOf(runId: string, sessionKey: string): ChatMessage[] {
    const { messages } = sessions.history(sessionKey, { limit: historyRows, offset: 0 });
    return messages.filter((row) => row.__openclaw.runId === runId);
  }

  function interrupt({ row, sessionId }: Unfinished): void {
    const { runId, sessionKey, agentId, startedAt, acceptedAt } = row;
    const rows = rowsOf(runId, sessionKey);
    const { text, lastSeq } = readLog(store, runId, rows.filter((row) => row.role === 'assistant').length);
    const endedAt = Date.now();
    const spending = toSpending(rows);
    const end: RunEnd = {
      status: 'interrupted',
      stopReason: 'crash',
      finish: 'other',
      usage: spending.calls.reduce((sum, { usage }) => addUsage(sum, usage), noUsage),
      text,
      provider: row.provider,
      model: row.model,
      startedAt: startedAt ?? acceptedAt,
      endedAt,
    };
    const error = toErrorText(end);
    const log = createRunLog(deps, { runId, sessionKey, agentId, sessionId }, seqAfterCrash(lastSeq));
    for (const { stream, data } of toEndEvents(end)) log.add(stream, data);
    log.flush();
    store.end(runId, { ...end, error });
    // The calls that had ended; the end of the run would have written them down.
    ledger.record({ ...spending, agentId, sessionKey, sessionId, transient: false, endedAt });
    if (!sessions.find(sessionKey)) return;
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
