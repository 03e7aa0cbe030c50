import type { RunEvent, RunOutcome } from '../protocol/agent.ts';
import type { RunRow } from '../protocol/runs.ts';
import type { Connection } from './connection.ts';
import { ask, defaultTimeoutMs } from './link.ts';
import { outcomeToEnding, type RunEnding } from './run-result.ts';

/** Milliseconds that one `agent.wait` waits before it is asked again. */
const waitMs = 30_000;
const pageSize = 1000;

/** True when the gateway keeps a log of its runs that can be read from any point. Waits for the connection. */
export async function keepsRunLog(connection: Connection, timeoutMs: number): Promise<boolean> {
  const hello = await connection.connect({ timeoutMs });
  return hello.features?.capabilities?.includes('run-events') ?? false;
}

/** Reads a run's log behind a number, page by page. @returns the run as it was with the last page. */
export async function readRunLog(
  connection: Connection,
  { runId, after }: { runId: string; after: number },
  apply: (events: RunEvent[]) => void,
): Promise<RunRow> {
  for (let last = after; ; ) {
    const params = { runId, after: last, limit: pageSize };
    const page = (await query(connection, 'runs.events', params, defaultTimeoutMs)) as {
      run: RunRow;
      events: RunEvent[];
      hasMore: boolean;
    };
    apply(page.events);
    last = page.events.at(-1)?.seq ?? last;
    if (!page.hasMore || page.events.length === 0) return page.run;
  }
}

/** Waits for a run's end at a gateway that keeps no log. @returns undefined when it works on: ask again. */
export async function waitForEnding(connection: Connection, runId: string): Promise<Partial<RunEnding> | undefined> {
  const params = { runId, timeoutMs: waitMs };
  const outcome = (await query(connection, 'agent.wait', params, waitMs + defaultTimeoutMs)) as RunOutcome;
  const reply = (outcome as { terminalReply?: { text?: unknown } }).terminalReply?.text;
  const ending = outcomeToEnding(outcome);
  return ending && { ...ending, ...(typeof reply === 'string' && { text: reply }) };
}

/** The reply of a run as its session's history has it; undefined when the history does not show the run. */
export async function readReply(
  connection: Connection,
  { runId, sessionKey }: { runId: string; sessionKey: string },
): Promise<string | undefined> {
  const page = (await query(connection, 'chat.history', { sessionKey, limit: 200 }, defaultTimeoutMs)) as {
    messages?: HistoryRow[];
  };
  const rows = page.messages ?? [];
  const asked = rows.findIndex((row) => row.idempotencyKey === `${runId}:user`);
  if (asked < 0) return undefined;
  const nextUser = rows.findIndex((row, index) => index > asked && row.role === 'user');
  const replies = rows.slice(asked + 1, nextUser < 0 ? undefined : nextUser).filter((row) => row.role === 'assistant');
  const texts = replies.map(toText).filter((text) => text !== '');
  return texts.length > 0 ? texts.join('\n\n') : undefined;
}

/** A transcript's row, as far as every gateway agrees on it: the content may be a plain text. */
interface HistoryRow {
  role: string;
  idempotencyKey?: string;
  content: string | { type: string; text?: string }[];
}

function toText({ content }: HistoryRow): string {
  if (typeof content === 'string') return content.trim();
  const texts = content.map((part) => (part.type === 'text' ? (part.text ?? '') : ''));
  return texts.join('').trim();
}

function query(connection: Connection, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
  return ask(connection, { method, params, repeat: 'once', options: { timeoutMs } });
}
