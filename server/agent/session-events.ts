import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Database } from '../database/database.ts';

/** What happened outside of a conversation, kept until a run of it is told. */
export interface SessionEvents {
  /**
   * Keeps a text for the next run of a session. Contract: called inside `database.write`.
   * @returns `coalesced` when the newest that waits is the same: it is kept once.
   * @throws GatewayError UNAVAILABLE, retryable, `details.code: 'QUEUE_FULL'`, when too much waits already.
   */
  add(sessionKey: string, text: string): 'queued' | 'coalesced';
  /** Takes out what waits, oldest first; in the same write each goes through `keep`. */
  take(sessionKey: string, keep: (text: string) => void): string[];
}

/** Texts, and characters of them, that may wait in one session. */
const limits = { texts: 100, chars: 512 * 1024 };

export function createSessionEvents(database: Database): SessionEvents {
  const insert = database.prepare('INSERT INTO session_events (session_key, text, created_at) VALUES (?, ?, ?)');
  const newest = database.prepare('SELECT text FROM session_events WHERE session_key = ? ORDER BY id DESC LIMIT 1');
  const sizes = database.prepare(
    'SELECT count(*) AS texts, coalesce(sum(length(text)), 0) AS chars FROM session_events WHERE session_key = ?',
  );
  const all = database.prepare('SELECT text FROM session_events WHERE session_key = ? ORDER BY id');
  const remove = database.prepare('DELETE FROM session_events WHERE session_key = ?');

  return {
    add(sessionKey, text) {
      if (newest.get(sessionKey)?.text === text) return 'coalesced';
      const waiting = sizes.get(sessionKey);
      if (Number(waiting?.texts) >= limits.texts || Number(waiting?.chars) + text.length > limits.chars)
        throw tooMany(sessionKey);
      insert.run(sessionKey, text, Date.now());
      return 'queued';
    },
    take(sessionKey, keep) {
      const texts = all.all(sessionKey).map(({ text }) => String(text));
      if (texts.length > 0)
        database.write(() => {
          remove.run(sessionKey);
          for (const text of texts) keep(text);
        });
      return texts;
    },
  };
}

function tooMany(sessionKey: string): GatewayError {
  const message = `too many events wait for the next run of ${sessionKey}: start one, for example with a message to it`;
  return new GatewayError('UNAVAILABLE', message, {
    details: { code: 'QUEUE_FULL' },
    retryable: true,
    retryAfterMs: 60_000,
  });
}
