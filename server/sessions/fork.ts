import type { Database } from '../database/database.ts';
import type { StoredSession } from './row.ts';

/** Copies conversations. Contract: called inside `database.write`. */
export function createFork(database: Database) {
  const lastAnswer = database.prepare(
    `SELECT seq, json_extract(body, '$.id') AS id FROM messages
     WHERE session_id = ? AND seq BETWEEN ? AND ? AND role = 'assistant'
       AND json_extract(body, '$.stopReason') IS NOT 'toolUse' AND coalesce(run_id, '') <> coalesce(?, ' ')
     ORDER BY seq DESC LIMIT 1`,
  );
  // Every copy is a message of its own: ids stay unique, and the copies are indexed like messages of an older gateway.
  const copy = database.prepare(
    `INSERT INTO messages (session_id, seq, run_id, role, timestamp, body)
     SELECT ?, row_number() OVER (ORDER BY seq), NULL, role, timestamp,
       json_set(json_remove(body, '$.idempotencyKey'), '$.id', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
         || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))
     FROM messages WHERE session_id = ? AND seq BETWEEN ? AND ?`,
  );
  // The marker and what it keeps are found again by counting.
  const copySummary = database.prepare(
    `INSERT INTO compactions (session_id, seq, kept_seq, summary, tokens_before, tokens_after)
     SELECT ?1, (SELECT count(*) FROM messages WHERE session_id = ?2 AND seq BETWEEN ?3 AND c.seq),
       (SELECT count(*) FROM messages WHERE session_id = ?2 AND seq BETWEEN ?3 AND c.kept_seq), summary, tokens_before, tokens_after
     FROM compactions c WHERE session_id = ?2 AND seq = ?4 AND seq <= ?5 AND kept_seq >= ?3 RETURNING seq`,
  );
  const settle = database.prepare(
    `UPDATE sessions SET last_seq = ?, backlog_seq = ?, first_words = ?, last_words = ?, fork_source = ?,
     compacted_seq = ? WHERE key = ?`,
  );

  /** Gives a session that is new the parent's conversation since its last reset, up to its last complete answer. */
  return (parent: StoredSession, key: string, sessionId: string): void => {
    const from = Math.max(parent.reset_seq + 1, parent.first_seq);
    const workingRun = parent.status === 'running' || parent.status === 'queued' ? parent.last_run_id : null;
    const end = lastAnswer.get(parent.session_id, from, parent.last_seq, workingRun);
    const copied = end ? Number(copy.run(sessionId, parent.session_id, from, end.seq as number).changes) : 0;
    const { session_id: parentId, compacted_seq: marker } = parent;
    const summary = end && copySummary.get(sessionId, parentId, from, marker, end.seq as number);
    const source = {
      sessionKey: parent.key,
      sessionId: parent.session_id,
      ...(end && { entryId: String(end.id) }),
    };
    const words = copied > 0 ? [parent.first_words, parent.last_words] : [null, null];
    settle.run(
      copied,
      copied,
      words[0] ?? null,
      words[1] ?? null,
      JSON.stringify(source),
      Number(summary?.seq ?? 0),
      key,
    );
  };
}
