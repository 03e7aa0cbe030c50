import type { Database } from '../database/database.ts';

/** A summary that stands for the older part of a conversation. */
export interface Compacted {
  summary: string;
  /** Rows from this position on stand as they are; models read the summary in place of those before. */
  keptSeq: number;
  tokensBefore: number;
  tokensAfter: number;
}

/** Summaries of conversations. Contract: what writes is called inside `database.write`. */
export interface Compactions {
  /** The summary in effect; undefined when the conversation has none since its last reset. */
  newest(key: string): Compacted | undefined;
  /** @param seq position of the row that marks it. */
  add(session: { key: string; session_id: string }, seq: number, compacted: Compacted): void;
  /** Hides rows before a position, for good. */
  hide(key: string, seq: number): void;
  /** Removes hidden rows, some at a time. @returns how many. */
  sweep(sessionId: string): number;
}

/** Rows that are removed in one turn of the event loop. */
const sweepBatch = 25;

export function createCompactions(database: Database): Compactions {
  const newest = database.prepare(
    `SELECT c.* FROM sessions s JOIN compactions c ON c.session_id = s.session_id AND c.seq = s.compacted_seq
     WHERE s.key = ? AND s.compacted_seq > s.reset_seq AND c.kept_seq >= s.first_seq`,
  );
  const insert = database.prepare(
    `INSERT INTO compactions (session_id, seq, kept_seq, summary, tokens_before, tokens_after) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const note = database.prepare(
    `UPDATE sessions SET compacted_seq = ?, compactions = compactions + 1, context_tokens = ?, context_fresh = 0 WHERE key = ?`,
  );
  const forgetEarlier = database.prepare('DELETE FROM compactions WHERE session_id = ? AND seq < ?');
  const hide = database.prepare('UPDATE sessions SET first_seq = max(first_seq, ?), context_fresh = 0 WHERE key = ?');
  const hidden = `SELECT m.seq FROM messages m JOIN sessions s ON s.session_id = m.session_id
    WHERE m.session_id = ?1 AND m.seq < s.first_seq ORDER BY m.seq LIMIT ${sweepBatch}`;
  const sweepPlaces = database.prepare(`DELETE FROM message_places WHERE session_id = ?1 AND seq IN (${hidden})`);
  const sweepRows = database.prepare(`DELETE FROM messages WHERE session_id = ?1 AND seq IN (${hidden})`);

  return {
    newest(key) {
      const row = newest.get(key);
      return (
        row && {
          summary: String(row.summary),
          keptSeq: Number(row.kept_seq),
          tokensBefore: Number(row.tokens_before),
          tokensAfter: Number(row.tokens_after),
        }
      );
    },
    add({ key, session_id }, seq, { summary, keptSeq, tokensBefore, tokensAfter }) {
      insert.run(session_id, seq, keptSeq, summary, tokensBefore, tokensAfter);
      // A summary holds what those before it held.
      forgetEarlier.run(session_id, seq);
      note.run(seq, tokensAfter, key);
    },
    hide: (key, seq) => void hide.run(seq, key),
    sweep(sessionId) {
      sweepPlaces.run(sessionId);
      return Number(sweepRows.run(sessionId).changes);
    },
  };
}
