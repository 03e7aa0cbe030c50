import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { Database } from '../database/database.ts';
import { createOrderedId } from './ordered-id.ts';
import { insertPlace } from './word-index.ts';

/** A row of a transcript before it has its place. */
export type NewMessage = Omit<ChatMessage, '__openclaw' | 'timestamp'> & {
  runId?: string | undefined;
  /** Marks a row that nobody wrote, for example `reset`. */
  kind?: string | undefined;
};

/** Where a row goes. */
export interface Spot {
  session_id: string;
  /** 1 for a conversation that is in no list: it is not searched either. */
  transient: number;
  seq: number;
}

/** Rows of transcripts by session id and position. Contract: `append` is called inside `database.write`. */
export interface Transcript {
  append(spot: Spot, message: NewMessage): ChatMessage;
  /** Rows with `from <= seq <= to`, oldest first, whatever their size. */
  read(sessionId: string, from: number, to: number): ChatMessage[];
  /** Rows of one run from a position on, oldest first, at most 200. */
  ofRun(sessionId: string, runId: string, from: number): ChatMessage[];
  /** Positions and sizes of rows with `from <= seq <= to`, newest first. Reads no text. */
  sizes(sessionId: string, from: number, to: number): RowSize[];
  /** The beginning of one row: of its first texts so many characters, without images, thoughts and calls of tools. */
  readBeginning(sessionId: string, seq: number, chars: number): ChatMessage | undefined;
  /** Where the message with that id stands. */
  locate(sessionId: string, messageId: string): number | undefined;
}

export interface RowSize {
  seq: number;
  role: ChatMessage['role'];
  /** Of the row as it is stored. */
  bytes: number;
}

/** The first of some rows that are not larger together than `budget`, bytes. One that is larger than `largest` counts as that. */
export function takeWithin(sizes: readonly RowSize[], budget: number, largest: number): RowSize[] {
  let room = budget;
  const taken: RowSize[] = [];
  for (const size of sizes) {
    room -= Math.min(size.bytes, largest);
    if (room < 0) break;
    taken.push(size);
  }
  return taken;
}

/** Texts of one row that its beginning is made of. */
const maxBeginningParts = 4;

interface Stored {
  seq: number;
  run_id: string | null;
  role: ChatMessage['role'];
  timestamp: number;
  body: string;
}

export function createTranscript(database: Database): Transcript {
  const insertInPlace = database.prepare(insertPlace);
  const insert = database.prepare(
    'INSERT INTO messages (session_id, seq, run_id, role, timestamp, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const columns = 'SELECT seq, run_id, role, timestamp, body FROM messages WHERE session_id = ?';
  const range = database.prepare(`${columns} AND seq BETWEEN ? AND ? ORDER BY seq`);
  const ofRun = database.prepare(`${columns} AND run_id = ? AND seq >= ? ORDER BY seq LIMIT 200`);
  const sizes = database.prepare(
    `SELECT seq, role, octet_length(body) AS bytes FROM messages
     WHERE session_id = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC`,
  );
  const beginning = database.prepare(
    `SELECT seq, run_id, role, timestamp, json_object(
       'id', json_extract(body, '$.id'), 'kind', json_extract(body, '$.kind'),
       'model', json_extract(body, '$.model'), 'provider', json_extract(body, '$.provider'),
       'stopReason', json_extract(body, '$.stopReason'), 'toolCallId', json_extract(body, '$.toolCallId'),
       'toolName', json_extract(body, '$.toolName'),
       'content', (SELECT json_group_array(json_object('type', 'text', 'text', text)) FROM (
         SELECT substr(json_extract(value, '$.text'), 1, ?) AS text FROM json_each(body, '$.content')
         WHERE json_extract(value, '$.type') = 'text' LIMIT ${maxBeginningParts}))) AS body
     FROM messages WHERE session_id = ? AND seq = ?`,
  );
  const place = database.prepare('SELECT seq FROM message_places WHERE message_id = ? AND session_id = ?');
  const unplaced = database.prepare(
    `SELECT m.seq FROM sessions s JOIN messages m ON m.session_id = s.session_id
     WHERE s.session_id = ? AND m.seq <= s.backlog_seq AND json_extract(m.body, '$.id') = ?`,
  );

  return {
    append({ session_id, transient, seq }, { runId, kind, role, ...rest }) {
      const timestamp = Date.now();
      const id = createOrderedId();
      insert.run(session_id, seq, runId ?? null, role, timestamp, JSON.stringify({ ...rest, id, kind }));
      if (transient === 0) insertInPlace.run(id, session_id, seq);
      const { idempotencyKey } = rest;
      return { role, ...rest, timestamp, __openclaw: toPlace({ id, seq, runId, timestamp, kind, idempotencyKey }) };
    },
    read: (sessionId, from, to) =>
      (range.all(sessionId, from, to) as unknown as Stored[]).map((row) => toChatMessage(row)),
    ofRun: (sessionId, runId, from) =>
      (ofRun.all(sessionId, runId, from) as unknown as Stored[]).map((row) => toChatMessage(row)),
    sizes: (sessionId, from, to) => sizes.all(sessionId, from, to) as unknown as RowSize[],
    readBeginning(sessionId, seq, chars) {
      const row = beginning.get(chars, sessionId, seq) as Stored | undefined;
      if (!row) return undefined;
      const members = Object.entries(JSON.parse(row.body)).filter(([, value]) => value !== null);
      return toChatMessage({ ...row, body: JSON.stringify(Object.fromEntries(members)) });
    },
    locate(sessionId, messageId) {
      // Rows of an older gateway are looked through until they are in the index.
      const row = place.get(messageId, sessionId) ?? unplaced.get(sessionId, messageId);
      return row && Number(row.seq);
    },
  };
}

function toChatMessage({ seq, run_id, role, timestamp, body }: Stored): ChatMessage {
  const { id, kind, ...rest } = JSON.parse(body);
  const { idempotencyKey } = rest;
  const runId = run_id ?? undefined;
  return { role, ...rest, timestamp, __openclaw: toPlace({ id, seq, runId, timestamp, kind, idempotencyKey }) };
}

interface Place {
  id: string;
  seq: number;
  runId: string | undefined;
  timestamp: number;
  kind: string | undefined;
  idempotencyKey: string | undefined;
}

function toPlace({ id, seq, runId, timestamp, kind, idempotencyKey }: Place): ChatMessage['__openclaw'] {
  return {
    id,
    seq,
    ...(runId && { runId }),
    ...(idempotencyKey && { idempotencyKey }),
    transcriptPosition: seq,
    recordTimestampMs: timestamp,
    ...(kind && { kind }),
  };
}
