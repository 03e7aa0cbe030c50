import { randomUUID } from 'node:crypto';
import type { ChatMessage } from '../../sdk/protocol/chat.ts';
import type { Database } from '../database/database.ts';

/** A row of a transcript before it has its place. */
export type NewMessage = Omit<ChatMessage, '__openclaw' | 'timestamp'> & {
  runId?: string | undefined;
  /** Marks a row that nobody wrote, for example `reset`. */
  kind?: string | undefined;
};

/** Rows of transcripts by session id and position. Contract: `append` is called inside `database.write`. */
export interface Transcript {
  append(sessionId: string, seq: number, message: NewMessage): ChatMessage;
  /** Rows with `from <= seq <= to`, oldest first. */
  read(sessionId: string, from: number, to: number): ChatMessage[];
  /** The first row of a role at or after a position. */
  first(sessionId: string, role: ChatMessage['role'], from: number): ChatMessage | undefined;
}

interface Stored {
  seq: number;
  run_id: string | null;
  role: ChatMessage['role'];
  timestamp: number;
  body: string;
}

export function createTranscript(database: Database): Transcript {
  const insert = database.prepare(
    'INSERT INTO messages (session_id, seq, run_id, role, timestamp, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const columns = 'SELECT seq, run_id, role, timestamp, body FROM messages WHERE session_id = ?';
  const range = database.prepare(`${columns} AND seq BETWEEN ? AND ? ORDER BY seq`);
  const firstOfRole = database.prepare(`${columns} AND seq >= ? AND role = ? ORDER BY seq LIMIT 1`);

  return {
    append(sessionId, seq, { runId, kind, role, ...rest }) {
      const timestamp = Date.now();
      const id = randomUUID();
      insert.run(sessionId, seq, runId ?? null, role, timestamp, JSON.stringify({ ...rest, id, kind }));
      return { role, ...rest, timestamp, __openclaw: toPlace({ id, seq, runId, timestamp, kind }) };
    },
    read: (sessionId, from, to) =>
      (range.all(sessionId, from, to) as unknown as Stored[]).map((row) => toChatMessage(row)),
    first(sessionId, role, from) {
      const row = firstOfRole.get(sessionId, from, role) as Stored | undefined;
      return row && toChatMessage(row);
    },
  };
}

function toChatMessage({ seq, run_id, role, timestamp, body }: Stored): ChatMessage {
  const { id, kind, ...rest } = JSON.parse(body);
  return { role, ...rest, timestamp, __openclaw: toPlace({ id, seq, runId: run_id ?? undefined, timestamp, kind }) };
}

interface Place {
  id: string;
  seq: number;
  runId: string | undefined;
  timestamp: number;
  kind: string | undefined;
}

function toPlace({ id, seq, runId, timestamp, kind }: Place): ChatMessage['__openclaw'] {
  return { id, seq, ...(runId && { runId }), recordTimestampMs: timestamp, ...(kind && { kind }) };
}
