import type { Database } from '../database/database.ts';

/** A response as it was answered, with where it stands. */
export interface KeptResponse {
  /** The object that was answered. */
  answer: unknown;
  sessionKey: string;
  agentId: string;
}

/** The answers of POST /v1/responses, for as long as their runs are kept (a week). */
export interface ResponseStore {
  /** Keeps an answer under the id of its run. @throws GatewayError UNAVAILABLE when the disk refuses it. */
  keep(id: string, answer: unknown): void;
  /** Remembers, outside the database, what an answer that is being written begins with. @returns how to forget it. */
  open(id: string, answer: unknown): () => void;
  find(id: string): KeptResponse | undefined;
  /** What `open` was told, while the answer is being written. */
  underWay(id: string): unknown;
  /** True when it is kept; cheaper than `find`. */
  has(id: string): boolean;
  /** Forgets an answer. @returns false when it is not kept. */
  remove(id: string): boolean;
}

export function createResponseStore(database: Database): ResponseStore {
  const keep = database.prepare('INSERT OR REPLACE INTO responses (run_id, answer) VALUES (?, ?)');
  const find = database.prepare(
    `SELECT answer, session_key, agent_id FROM responses JOIN runs ON runs.run_id = responses.run_id
     WHERE responses.run_id = ?`,
  );
  const has = database.prepare('SELECT 1 FROM responses WHERE run_id = ?');
  const remove = database.prepare('DELETE FROM responses WHERE run_id = ?');
  const opened = new Map<string, unknown>();

  return {
    keep(id, answer) {
      const text = JSON.stringify(answer);
      database.write(() => keep.run(id, text));
    },
    open(id, answer) {
      opened.set(id, answer);
      return () => void opened.delete(id);
    },
    find(id) {
      const row = find.get(id) as { answer: string; session_key: string; agent_id: string } | undefined;
      return row && { answer: JSON.parse(row.answer), sessionKey: row.session_key, agentId: row.agent_id };
    },
    underWay: (id) => opened.get(id),
    has: (id) => has.get(id) !== undefined,
    remove: (id) => Number(database.write(() => remove.run(id)).changes) > 0,
  };
}
