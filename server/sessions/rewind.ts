import type { Database } from '../database/database.ts';
import type { StoredSession } from './row.ts';

/** Marks the row behind which a conversation goes on from an earlier message, or another one begins. */
export const rewindKind = 'rewind';
/** Marks rows that stand further up as well: what a conversation goes on from. */
const copiedKind = 'copied';

/** Rows that are copied, the newest: as many as a run looks back on. */
const maxCopied = 400;

/**
 * Lets a conversation go on from an earlier message. Nothing is taken away: rows up to that message stand once more behind
 * a marker, and as after a reset what is before the marker is neither shown nor read unless it is asked for.
 *
 *   1 question   2 answer   3 question   4 answer   | 5 marker   6 question (1)   7 answer (2)   8 new question ...
 *
 * Contract: called inside `database.write`.
 */
export function createRewind(database: Database) {
  const begin = database.prepare(
    `SELECT coalesce(max(seq), 0) AS seq FROM messages
     WHERE session_id = ? AND seq <= ? AND role = 'system' AND json_extract(body, '$.kind') IN ('reset', '${rewindKind}')`,
  );
  const copy = database.prepare(
    `INSERT INTO messages (session_id, seq, run_id, role, timestamp, body)
     SELECT session_id, ?1 + row_number() OVER (ORDER BY seq), NULL, role, timestamp,
       json_set(json_remove(body, '$.idempotencyKey'), '$.kind', '${copiedKind}', '$.id', lower(hex(randomblob(4)) || '-' || hex(randomblob(2))
         || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))
     FROM (SELECT * FROM messages WHERE session_id = ?2 AND seq BETWEEN ?3 AND ?4 AND role <> 'system'
       AND json_extract(body, '$.kind') IS NOT 'command' ORDER BY seq DESC LIMIT ${maxCopied})`,
  );
  // Copies have places, so that they are found by their ids, but are not searched: a message would be found twice.
  const place = database.prepare(
    `INSERT INTO message_places (doc, message_id, session_id, seq)
     SELECT (SELECT min(m.doc, coalesce((SELECT min(doc) FROM message_places), 0) - 1) FROM message_words_mark m)
         - row_number() OVER (ORDER BY seq), json_extract(body, '$.id'), session_id, seq
     FROM messages WHERE session_id = ? AND seq > ?`,
  );
  const goOn = database.prepare(
    `UPDATE sessions SET last_seq = ?, reset_seq = ?, context_tokens = NULL, context_fresh = 0, compactions = 0,
     first_words = iif(?, first_words, NULL), last_words = NULL WHERE key = ?`,
  );
  const lastOf = database.prepare(
    'SELECT seq FROM messages WHERE session_id = ? AND run_id = ? AND seq >= ? ORDER BY seq DESC LIMIT 1',
  );
  const noteCaller = database.prepare('UPDATE sessions SET told_history = 1 WHERE key = ? AND told_history = 0');

  return {
    /** @param through position of the message it goes on from, itself included; 0 for none. @param marker position of the marker. */
    goOn({ key, session_id, transient }: StoredSession, through: number, marker: number): void {
      const from = Number(begin.get(session_id, through)?.seq) + 1;
      const copied = through === 0 ? 0 : Number(copy.run(marker, session_id, from, through).changes);
      if (copied > 0 && transient === 0) place.run(session_id, marker);
      goOn.run(marker + copied, marker, Number(copied > 0), key);
    },
    /** Position of the newest row of a run, also before a marker or a reset; undefined when it has none any more. */
    lastOf({ session_id, first_seq }: StoredSession, runId: string): number | undefined {
      const row = lastOf.get(session_id, runId, first_seq);
      return row && Number(row.seq);
    },
    /** Remembers that those who talk in the session bring along what was said before. */
    noteCaller: (key: string) => void noteCaller.run(key),
  };
}
