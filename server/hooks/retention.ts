import type { Database } from '../database/database.ts';
import type { SessionStore } from '../sessions/store.ts';

/** Takes out the sessions of isolated runs that nobody has used for a long time: each run makes one. */
export interface Retention {
  /** Notes a session that one run was given for itself. Contract: called inside `database.write`. */
  note(sessionKey: string): void;
  /** Deletes those that are old, a bounded number at a time. @returns how many. */
  prune(): number;
}

export interface RetentionDeps {
  database: Database;
  sessions: Pick<SessionStore, 'find' | 'delete'>;
  /** Milliseconds since the epoch. Default the clock. */
  now?: (() => number) | undefined;
}

/** Milliseconds without anything new. */
const lifeMs = 30 * 24 * 60 * 60 * 1000;
const pruneBatch = 200;

export function createRetention({ database, sessions, now = Date.now }: RetentionDeps): Retention {
  const insert = database.prepare('INSERT OR IGNORE INTO hook_sessions (session_key, used_at) VALUES (?, ?)');
  const old = database.prepare('SELECT session_key FROM hook_sessions WHERE used_at < ? ORDER BY used_at LIMIT ?');
  const move = database.prepare('UPDATE hook_sessions SET used_at = ? WHERE session_key = ?');
  const remove = database.prepare('DELETE FROM hook_sessions WHERE session_key = ?');

  const judge = (key: string, limit: number): boolean => {
    const session = sessions.find(key);
    const isKept = session && (session.pinned || session.updatedAt >= limit);
    // Looked at again when it could be old, or a life later when somebody has marked it.
    if (isKept) move.run(session.pinned ? now() : session.updatedAt, key);
    else remove.run(key);
    return session !== undefined && !isKept;
  };

  return {
    note: (sessionKey) => void insert.run(sessionKey, now()),
    prune() {
      const limit = now() - lifeMs;
      const keys = old.all(limit, pruneBatch).map(({ session_key: key }) => String(key));
      if (keys.length === 0) return 0;
      const gone = database.write(() => keys.filter((key) => judge(key, limit)));
      for (const key of gone) sessions.delete(key);
      return gone.length;
    },
  };
}
