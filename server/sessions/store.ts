import { randomUUID } from 'node:crypto';
import type { ChatMessage } from '../../sdk/protocol/chat.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { SessionRow } from '../../sdk/protocol/sessions.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';
import type { Database } from '../database/database.ts';
import { type Expected, requireExpected, type SessionChange, toAssignments } from './change.ts';
import { parseSessionKey, toSessionKey } from './key.ts';
import { createDecoration, createSessionList, type Decorations, type SessionFilter } from './list.ts';
import { type ModelOf, parseCursor, type StoredSession, toCursor, toSessionRow } from './row.ts';
import { createTranscript, type NewMessage } from './transcript.ts';

/**
 * Conversations by canonical key. Writes are visible to reads at once; `durable()` resolves when they are on disk, and only
 * then are they published, as `sessions.changed` and `session.message`.
 */
export interface SessionStore {
  /** Where the sessions are kept. */
  readonly path: string;
  find(key: string, add?: Decorations): SessionRow | undefined;
  list(filter: SessionFilter): { rows: SessionRow[]; total: number };
  count(agentId?: string): number;
  /** Finds by session id, by the beginning of one, or by label. */
  lookUp(by: {
    sessionId?: string | undefined;
    shortId?: string | undefined;
    label?: string | undefined;
  }): SessionRow | undefined;
  /**
   * The session with that key, made when it is not there. A transient one that is used again lives a day from now on; asked
   * for as one that is not transient, it is kept.
   */
  ensure(key: string, options?: { transient?: boolean; change?: SessionChange }): { row: SessionRow; created: boolean };
  /** @throws GatewayError INVALID_REQUEST: no such session, label in use, or `details.reason: 'session-changed'`. */
  patch(key: string, change: SessionChange, expected?: Expected): SessionRow;
  /** Starts a fresh transcript with a marker row. @throws as `patch`. */
  reset(key: string, reason: string, expected?: Expected): SessionRow;
  /** False when there is no such session. @throws GatewayError INVALID_REQUEST as `patch`. */
  delete(key: string, expected?: Expected): boolean;
  /** Adds a row to the transcript. */
  append(key: string, message: NewMessage): ChatMessage;
  /** Notes the state of the session's newest run. */
  track(key: string, run: RunState): void;
  /** The page of the transcript since the last reset that ends `offset` rows before the newest, oldest first. */
  history(key: string, page: { limit: number; offset: number }): { messages: ChatMessage[]; total: number };
  /** What came after a cursor; undefined when it is garbage, of another transcript, or too far behind. */
  historyAfter(key: string, cursor: string): ChatMessage[] | undefined;
  /** Opaque; marks the newest row of the transcript. Empty for an unknown session. */
  cursor(key: string): string;
  durable(): Promise<void>;
  /** Deletes transient conversations that are older than a day, a bounded number at a time. */
  prune(): number;
}

/** State of a session's newest run. */
export interface RunState {
  runId: string;
  status: NonNullable<SessionRow['status']>;
  error?: string | undefined;
  /** Tokens to add to the session's count. */
  usage?: Usage | undefined;
  /** `start`, `end`: told as the phase of `sessions.changed`. */
  phase?: string | undefined;
}

export interface SessionStoreOptions {
  database: Database;
  /** Rest of the key of an agent's main conversation, as it is now. */
  mainKey(): string;
  modelOf: ModelOf;
  publish: Publish;
}

const transientLifeMs = 24 * 60 * 60 * 1000;
const pruneBatch = 500;
/** Rows a client may be behind before it is asked to read the history anew. */
const maxDelta = 1000;

export function createSessionStore({ database, mainKey, modelOf, publish }: SessionStoreOptions): SessionStore {
  const transcript = createTranscript(database);
  const toRow = (row: StoredSession) => toSessionRow(row, { mainKey: mainKey(), modelOf });
  const decorate = createDecoration(transcript);
  const list = createSessionList(database, (row, add) => ({ ...toRow(row), ...decorate(row, add) }));
  const byKey = database.prepare('SELECT * FROM sessions WHERE key = ?');
  const byId = database.prepare('SELECT * FROM sessions WHERE session_id = ?');
  const byShortId = database.prepare('SELECT * FROM sessions WHERE session_id >= ? AND session_id < ? LIMIT 2');
  const byLabel = database.prepare('SELECT * FROM sessions WHERE label = ? AND archived = 0');
  const countAll = database.prepare('SELECT count(*) AS n FROM sessions WHERE transient = 0');
  const countOf = database.prepare('SELECT count(*) AS n FROM sessions WHERE agent_id = ? AND transient = 0');
  const insert = database.prepare(
    'INSERT INTO sessions (key, session_id, agent_id, transient, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING *',
  );
  const advance = database.prepare('UPDATE sessions SET last_seq = last_seq + 1 WHERE key = ? RETURNING *');
  const keep = database.prepare('UPDATE sessions SET transient = ?, updated_at = ? WHERE key = ? RETURNING *');
  const touch = database.prepare('UPDATE sessions SET updated_at = ? WHERE key = ?');
  const markReset = database.prepare(
    `UPDATE sessions SET reset_seq = last_seq, revision = revision + 1, status = NULL, last_run_error = NULL,
     input_tokens = 0, output_tokens = 0 WHERE key = ?`,
  );
  const remove = database.prepare('DELETE FROM sessions WHERE key = ?');
  const setRun = database.prepare(
    `UPDATE sessions SET status = ?, last_run_id = ?, last_run_error = ?, updated_at = ?,
     input_tokens = input_tokens + ?, output_tokens = output_tokens + ? WHERE key = ?`,
  );
  const removeTransient = database.prepare(
    'DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE transient = 1 AND updated_at < ? LIMIT ?)',
  );

  const read = (key: string) => byKey.get(key) as StoredSession | undefined;
  const mustRead = (key: string): StoredSession => {
    const row = read(key);
    if (!row) throw notFound(key);
    return row;
  };

  /** Calls back once all writes so far are on disk. A refusal is told to the one who asked for the write, not here. */
  const onDisk = (tell: () => void) =>
    void database
      .durable()
      .then(tell)
      .catch(() => undefined);

  /** Tells clients, once the change is on disk. */
  const changed = (row: StoredSession, what: { reason?: string; phase?: string | undefined; runId?: string }) => {
    if (row.transient === 1) return;
    const tell = () => {
      const now = read(row.key);
      publish(
        'sessions.changed',
        {
          sessionKey: row.key,
          sessionId: row.session_id,
          agentId: row.agent_id,
          ...what,
          ts: Date.now(),
          ...(now && what.reason !== 'delete' && { session: toRow(now), ancestorSessions: [] }),
        },
        { subscribedTo: 'sessions' },
      );
    };
    onDisk(tell);
  };

  const append = (key: string, message: NewMessage): ChatMessage => {
    const { row, stored } = database.write(() => {
      const row = advance.get(key) as StoredSession | undefined;
      if (!row) throw notFound(key);
      // Transient sessions are in no list that this would move them up in.
      if (row.transient === 0) touch.run(Date.now(), key);
      return { row, stored: transcript.append(row.session_id, row.last_seq, message) };
    });
    if (row.transient === 1) return stored;
    const { id, seq } = stored.__openclaw;
    const tell = () =>
      publish(
        'session.message',
        {
          sessionKey: key,
          agentId: row.agent_id,
          message: stored,
          messageId: id,
          messageSeq: seq,
          session: toRow(row),
        },
        { subscribedTo: { messagesOf: key } },
      );
    onDisk(tell);
    return stored;
  };

  const renew = (key: string, transient: boolean): StoredSession =>
    database.write(() => keep.get(Number(transient), Date.now(), key) as unknown as StoredSession);

  /** @returns whether there was anything to change. */
  const apply = (row: StoredSession, change: SessionChange): boolean => {
    const { columns, values } = toAssignments(change);
    if (columns.length === 0) return false;
    if (change.label) requireFreeLabel(byLabel.get(change.label) as StoredSession | undefined, row.key, change.label);
    const set = columns.map((column) => `${column} = ?`).join(', ');
    database.prepare(`UPDATE sessions SET ${set}, updated_at = ? WHERE key = ?`).run(...values, Date.now(), row.key);
    return true;
  };

  return {
    path: database.path,
    find(key, add = {}) {
      const row = read(key);
      return row && { ...toRow(row), ...decorate(row, add) };
    },
    list,
    count: (agentId) => Number((agentId === undefined ? countAll.get() : countOf.get(agentId))?.n),
    lookUp({ sessionId, shortId, label }) {
      const rows = sessionId
        ? byId.all(sessionId)
        : shortId
          ? byShortId.all(shortId, `${shortId}\u{10ffff}`)
          : label
            ? byLabel.all(label)
            : [];
      // Two sessions that begin alike are no answer.
      return rows.length === 1 ? toRow(rows[0] as unknown as StoredSession) : undefined;
    },
    ensure(key, { transient = false, change = {} } = {}) {
      const existing = read(key);
      if (existing) return { row: toRow(existing.transient === 1 ? renew(key, transient) : existing), created: false };
      const { agentId } = parseSessionKey(key, { agentId: '', mainKey: mainKey() });
      const now = Date.now();
      const row = database.write(() => {
        const made = insert.get(key, randomUUID(), agentId, Number(transient), now, now) as unknown as StoredSession;
        return apply(made, change) ? mustRead(key) : made;
      });
      changed(row, { reason: 'create' });
      return { row: toRow(row), created: true };
    },
    patch(key, change, expected) {
      const row = mustRead(key);
      requireExpected(row, expected);
      database.write(() => apply(row, change));
      changed(row, { reason: 'patch' });
      return toRow(mustRead(key));
    },
    reset(key, reason, expected) {
      const row = mustRead(key);
      requireExpected(row, expected);
      database.write(() => {
        append(key, {
          role: 'system',
          content: [{ type: 'text', text: 'The conversation was reset.' }],
          kind: 'reset',
        });
        markReset.run(key);
      });
      changed(row, { reason });
      return toRow(mustRead(key));
    },
    delete(key, expected) {
      const row = read(key);
      if (!row) return false;
      if (key === toSessionKey(row.agent_id, mainKey()).key)
        throw new GatewayError('INVALID_REQUEST', `the main session ${key} cannot be deleted; reset it instead`, {
          details: { code: 'MAIN_SESSION' },
        });
      requireExpected(row, expected);
      database.write(() => remove.run(key));
      changed(row, { reason: 'delete' });
      return true;
    },
    append,
    track(key, { runId, status, error, usage, phase }) {
      const row = read(key);
      if (!row) return; // deleted while the run was working
      database.write(() =>
        setRun.run(status, runId, error ?? null, Date.now(), usage?.input ?? 0, usage?.output ?? 0, key),
      );
      changed(row, { phase, runId });
    },
    history(key, { limit, offset }) {
      const row = read(key);
      if (!row) return { messages: [], total: 0 };
      const oldest = Math.max(1, row.reset_seq);
      const to = row.last_seq - offset;
      const from = Math.max(oldest, to - limit + 1);
      return { messages: transcript.read(row.session_id, from, to), total: row.last_seq - oldest + 1 };
    },
    historyAfter(key, text) {
      const row = read(key);
      const cursor = parseCursor(text);
      if (!row || !cursor || cursor.sessionId !== row.session_id || cursor.revision !== row.revision) return undefined;
      if (cursor.seq > row.last_seq || row.last_seq - cursor.seq > maxDelta) return undefined;
      return transcript.read(row.session_id, cursor.seq + 1, row.last_seq);
    },
    cursor(key) {
      const row = read(key);
      return row ? toCursor(row) : '';
    },
    durable: () => database.durable(),
    prune: () => Number(database.write(() => removeTransient.run(Date.now() - transientLifeMs, pruneBatch)).changes),
  };
}

function notFound(key: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `session not found: ${key}. List them with: openclaw sessions list`, {
    details: { code: 'SESSION_NOT_FOUND', key },
  });
}

function requireFreeLabel(holder: StoredSession | undefined, key: string, label: string): void {
  if (!holder || holder.key === key) return;
  throw new GatewayError('INVALID_REQUEST', `label already in use: ${label} (by ${holder.key})`, {
    details: { code: 'LABEL_IN_USE', key: holder.key },
  });
}
