import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { SearchPage, SessionPreview } from '../../sdk/protocol/session-answers.ts';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';
import type { Database } from '../database/database.ts';
import { nextTurn } from '../database/turns.ts';
import type { Log } from '../log/log.ts';
import { archiveTranscript } from './archive.ts';
import { createBacklog } from './backlog.ts';
import { type Expected, hasChanged, requireExpected, type SessionChange } from './change.ts';
import { type Compacted, createCompactions } from './compactions.ts';
import { createHistory, firstWords, type LookBack, type Page, type PageRequest, type Recent } from './history.ts';
import { toSessionKey } from './key.ts';
import { createSessionList, type SessionFilter } from './list.ts';
import { type Clue, createLookUp } from './look-up.ts';
import { createMaking, type Making } from './make.ts';
import { type Cause, createNotices, toMessagePayload } from './notices.ts';
import { type ModelOf, oldestOf, type StoredSession, toCursor } from './row.ts';
import { createRows, type Decorations } from './rows.ts';
import { createSearch, type Question } from './search.ts';
import { createTranscript, type NewMessage, type Spot } from './transcript.ts';
import { toSearchable } from './words.ts';

/**
 * Conversations by canonical key. Writes are visible to reads at once; `durable()` resolves when they are on disk, and only
 * then are they published, as `sessions.changed` and `session.message`.
 */
export interface SessionStore {
  /** Where the sessions are kept. */
  readonly path: string;
  /** The row is shared with others: it is not to be changed. */
  find(key: string, add?: Decorations): SessionRow | undefined;
  list(filter: SessionFilter): { rows: SessionRow[]; total: number };
  count(agentId?: string): number;
  /** The sessions that a key, an id, the beginning of one or a label fits, at most ten. */
  lookUp(clue: Clue): SessionRow[];
  /** The session that was made with that idempotency key. */
  findMade(creationKey: string): SessionRow | undefined;
  /**
   * The session with that key, made when it is not there. A transient one that is used again lives a day from now on; asked
   * for as one that is not transient, it is kept.
   * @throws GatewayError INVALID_REQUEST: label in use, or no such parent.
   */
  ensure(key: string, options?: Making): { row: SessionRow; created: boolean };
  /** @throws GatewayError INVALID_REQUEST: no such session, label in use, or `details.reason: 'session-changed'`. */
  patch(key: string, change: SessionChange, expected?: Expected): SessionRow;
  /** Starts a fresh transcript with a marker row. @throws as `patch`. */
  reset(key: string, reason: string, expected?: Expected): SessionRow;
  /** The row of a session that may be deleted; undefined when there is none. @throws as `patch`, and for the main one. */
  findDeletable(key: string, expected?: Expected): SessionRow | undefined;
  /** False when there is no such session. @throws GatewayError INVALID_REQUEST as `findDeletable`. */
  delete(key: string, expected?: Expected): boolean;
  /** The same, but keeps the transcript as a file. @returns its path; undefined when there is no such session. */
  deleteArchived(key: string, expected?: Expected): Promise<string | undefined>;
  /** The summary that models read in place of the older part; undefined when there is none since the last reset. */
  compacted(key: string): Compacted | undefined;
  /**
   * Puts a summary in place of the older part, for models: people see all rows, and one more that marks it.
   * @throws as `patch`.
   */
  compact(key: string, compacted: Compacted, expected?: Expected): ChatMessage;
  /** Cuts off all but the newest rows, for good. Resolves when they are gone. @returns how many rows there are then. */
  truncate(key: string, rows: number): Promise<{ isCut: boolean; kept: number }>;
  /** As `deleteArchived`, also for the main conversation: that of an agent which is no more. */
  retire(key: string): Promise<string | undefined>;
  /** Adds a row to the transcript. */
  append(key: string, message: NewMessage): ChatMessage;
  /** Notes the state of the session's newest run. */
  track(key: string, run: RunState): void;
  /** Tells those who follow sessions that something happened in this one, once all writes so far are on disk. */
  announce(key: string, cause: Cause): void;
  /** The page of the transcript since the last reset that ends `offset` rows before the newest, oldest first, uncut. */
  history(key: string, page: { limit: number; offset: number }): { messages: ChatMessage[]; total: number };
  /** The newest rows since the last reset as far back as is wanted, uncut, read while others have their turn. */
  lookBack(key: string, how: LookBack): Promise<Recent>;
  /** A page for clients: long texts are cut, and no more is read than an answer may hold. */
  page(key: string, request: PageRequest): Page;
  /** What came after a cursor, as `session.message` told it; undefined when it is garbage, of another transcript, or too far behind. */
  historyAfter(key: string, cursor: string): ReturnType<typeof toMessagePayload>[] | undefined;
  /** Opaque; marks the newest row of the transcript. Empty for an unknown session. */
  cursor(key: string): string;
  /** The newest words of a session. At most 50 of 2000 characters. */
  preview(key: string, size: { limit: number; maxChars: number }): SessionPreview;
  /** Looks for words in messages, in all sessions or in those with some keys. */
  search(question: Omit<Question, 'sessionIds'> & { sessionKeys?: readonly string[] | undefined }): Promise<SearchPage>;
  durable(): Promise<void>;
  /** Deletes transient conversations that are older than a day, a bounded number at a time. */
  prune(): number;
  /** Begins to index what an older gateway wrote. */
  startIndexing(log: Log): void;
  close(): void;
}

/** State of a session's newest run. */
export interface RunState {
  runId: string;
  status: NonNullable<SessionRow['status']>;
  error?: string | undefined;
  /** Tokens and costs to add to the session's. */
  usage?: Usage | undefined;
  /** Tokens that the conversation fills of the model's window now; undefined when nothing new is known. */
  contextTokens?: number | undefined;
  /** `start`, `end`: told as the phase of `sessions.changed`. */
  phase?: string | undefined;
  /** `send`: told as the reason of `sessions.changed`. */
  reason?: string | undefined;
}

export interface SessionStoreOptions {
  database: Database;
  /** As the configuration has it now. */
  mainKey(): string;
  modelOf: ModelOf;
  publish: Publish;
}

const transientLifeMs = 24 * 60 * 60 * 1000;
const pruneBatch = 500;
const titleChars = 80;
const previewChars = 160;
const maxPreviewItems = 50;
const maxPreviewItemChars = 2000;

export function createSessionStore({ database, mainKey, modelOf, publish }: SessionStoreOptions): SessionStore {
  const transcript = createTranscript(database);
  const rows = createRows(database, { mainKey, modelOf });
  const history = createHistory(transcript);
  const backlog = createBacklog(database, transcript);
  const search = createSearch(database, backlog.isLeft);
  const notices = createNotices({ database, rows, publish });
  const making = createMaking({ database, rows });
  const compactions = createCompactions(database);
  const countAll = database.prepare('SELECT count(*) AS n FROM sessions WHERE transient = 0');
  const countOf = database.prepare('SELECT count(*) AS n FROM sessions WHERE agent_id = ? AND transient = 0');
  const byCreation = database.prepare('SELECT key FROM sessions WHERE creation_key = ?');
  // Transient sessions are in no list that this would move them up in.
  const advance = database.prepare(
    `UPDATE sessions SET last_seq = last_seq + 1, updated_at = iif(transient = 0, ?, updated_at),
     last_interaction_at = coalesce(?, last_interaction_at), first_words = coalesce(first_words, ?),
     last_words = coalesce(?, last_words) WHERE key = ? RETURNING session_id, agent_id, transient, last_seq AS seq`,
  );
  const markReset = database.prepare(
    `UPDATE sessions SET reset_seq = last_seq, revision = revision + 1, status = NULL, last_run_error = NULL,
     input_tokens = 0, output_tokens = 0, cost_usd = 0, context_tokens = NULL, context_fresh = 0, compactions = 0, first_words = NULL, last_words = NULL WHERE key = ?`,
  );
  const remove = database.prepare('DELETE FROM sessions WHERE key = ?');
  const setRun = database.prepare(
    `UPDATE sessions SET status = ?, last_run_id = ?, last_run_error = ?, updated_at = ?,
     last_activity_at = coalesce(?, last_activity_at),
     input_tokens = input_tokens + ?, output_tokens = output_tokens + ?, cost_usd = cost_usd + ?,
     context_tokens = coalesce(?, context_tokens), context_fresh = context_fresh OR ? WHERE key = ?`,
  );
  const removeTransient = database.prepare(
    'DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE transient = 1 AND updated_at < ? LIMIT ?)',
  );

  const show = (key: string): SessionRow => rows.show(key) ?? unknown(key);
  const mustFind = (key: string): StoredSession => rows.find(key) ?? unknown(key);
  let indexLog: Log | undefined;

  const append = (key: string, message: NewMessage): ChatMessage => {
    const now = Date.now();
    const words = message.role === 'user' || message.role === 'assistant' ? toSearchable(message.content) : '';
    const first = message.role === 'user' ? firstWords(words, titleChars) : '';
    const { stored, transient } = database.write(() => {
      const isUser = message.role === 'user' ? now : null;
      const spot = advance.get(now, isUser, first || null, firstWords(words, previewChars) || null, key);
      if (!spot) unknown(key);
      const { transient } = spot;
      return { stored: transcript.append(spot as unknown as Spot, message), transient };
    });
    // Nobody follows a transient one, and its row need not be read for that.
    if (transient === 1) return stored;
    const row = mustFind(key);
    notices.appended(row, stored);
    notices.changed(row, { phase: 'message', runId: stored.__openclaw.runId });
    return stored;
  };

  /** What may be deleted, or undefined when there is nothing. */
  const findDeletable = (key: string, expected: Expected | undefined): StoredSession | undefined => {
    const row = rows.find(key);
    if (!row) return undefined;
    if (key === toSessionKey(row.agent_id, mainKey()).key) throw mainStays(key, 'deleted; reset it instead');
    requireExpected(row, expected);
    return row;
  };
  const removeRow = (row: StoredSession) => {
    database.write(() => remove.run(row.key));
    notices.deleted(row);
  };

  /** Keeps the transcript as a file, then removes the row. */
  const archiveRow = async (row: StoredSession): Promise<string> => {
    const path = await archiveTranscript(transcript, row, join(dirname(database.path), 'transcripts'));
    try {
      // What was written in the meantime would be in neither place.
      const now = mustFind(row.key);
      if (now.session_id !== row.session_id || now.last_seq !== row.last_seq) throw hasChanged(now);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    removeRow(row);
    return path;
  };

  return {
    path: database.path,
    find: rows.show,
    list: createSessionList(database, rows),
    count: (agentId) => Number((agentId === undefined ? countAll.get() : countOf.get(agentId))?.n),
    lookUp: createLookUp(database, rows),
    findMade(creationKey) {
      const made = byCreation.get(creationKey);
      return made && rows.show(String(made.key));
    },
    ensure(key, options = {}) {
      const { created, isKept } = making.ensure(key, options);
      if (created) notices.changed(mustFind(key), { reason: 'create' });
      if (indexLog && (isKept || options.forkOf !== undefined)) backlog.start(indexLog);
      return { row: show(key), created };
    },
    patch(key, change, expected) {
      const row = mustFind(key);
      requireExpected(row, expected);
      if (change.archived && key === toSessionKey(row.agent_id, mainKey()).key) throw mainStays(key, 'archived');
      database.write(() => making.apply(row, change));
      notices.changed(row, { reason: 'patch', ...(change.model !== undefined && { catalogChanged: true }) });
      return show(key);
    },
    reset(key, reason, expected) {
      const row = mustFind(key);
      requireExpected(row, expected);
      const content = [{ type: 'text' as const, text: 'The conversation was reset.' }];
      database.write(() => {
        append(key, { role: 'system', content, kind: 'reset' });
        markReset.run(key);
      });
      notices.changed(row, { reason });
      return show(key);
    },
    findDeletable: (key, expected) => findDeletable(key, expected) && show(key),
    delete(key, expected) {
      const row = findDeletable(key, expected);
      if (row) removeRow(row);
      return row !== undefined;
    },
    async deleteArchived(key, expected) {
      const row = findDeletable(key, expected);
      return row && archiveRow(row);
    },
    async retire(key) {
      const row = rows.find(key);
      return row && archiveRow(row);
    },
    compacted: compactions.newest,
    compact(key, compacted, expected) {
      const row = mustFind(key);
      requireExpected(row, expected);
      const text = 'The older part of the conversation was put into a summary, which the agent reads in its place.';
      const marker = database.write(() => {
        const stored = append(key, { role: 'system', content: [{ type: 'text', text }], kind: 'compaction' });
        compactions.add(row, stored.__openclaw.seq, compacted);
        return stored;
      });
      notices.changed(row, { reason: 'compact' });
      return marker;
    },
    async truncate(key, count) {
      const row = mustFind(key);
      const oldest = oldestOf(row);
      const first = row.last_seq - count + 1;
      if (first <= oldest) return { isCut: false, kept: row.last_seq - oldest + 1 };
      database.write(() => compactions.hide(key, first));
      notices.changed(row, { reason: 'compact' });
      // They are many, perhaps, and nobody sees them any more: others may have their turn in between.
      while (database.write(() => compactions.sweep(row.session_id)) > 0) await nextTurn();
      await database.durable();
      return { isCut: true, kept: count };
    },
    append,
    track(key, { runId, status, error, usage, contextTokens, phase, reason }) {
      const row = rows.find(key);
      if (!row) return; // deleted while the run was working
      const now = Date.now();
      const end = status === 'running' || status === 'queued' ? null : now;
      const taken = [...toAdded(usage), ...toContext(contextTokens)];
      database.write(() => setRun.run(status, runId, error ?? null, now, end, ...taken, key));
      notices.changed(row, { phase, reason, runId });
    },
    announce(key, cause) {
      const row = rows.find(key);
      if (row) notices.changed(row, cause);
    },
    history(key, page) {
      const row = rows.find(key);
      if (!row) return { messages: [], total: 0 };
      return { messages: history.recent(row, page), total: row.last_seq - oldestOf(row) + 1 };
    },
    async lookBack(key, how) {
      const row = rows.find(key);
      return row ? history.lookBack(row, how) : { messages: [], isCut: false };
    },
    page(key, request) {
      const row = rows.find(key);
      return row ? history.page(row, request) : { messages: [], total: 0, nextOffset: undefined };
    },
    historyAfter(key, cursor) {
      const row = rows.find(key);
      const messages = row && history.after(row, cursor);
      return messages?.map((message) => toMessagePayload(key, row?.agent_id ?? '', message));
    },
    cursor(key) {
      const row = rows.find(key);
      return row ? toCursor(row) : '';
    },
    preview(key, size) {
      const row = rows.find(key);
      if (!row) return { key, status: 'missing', items: [] };
      const limit = Math.min(size.limit, maxPreviewItems);
      const maxChars = Math.min(size.maxChars, maxPreviewItemChars);
      return { key, status: 'ok', items: history.preview(row, { limit, maxChars }) };
    },
    search({ sessionKeys, ...question }) {
      const sessionIds = sessionKeys?.flatMap((key) => {
        const row = rows.find(key);
        return row && (question.agentId ?? row.agent_id) === row.agent_id ? row.session_id : [];
      });
      return search({ ...question, sessionIds });
    },
    durable: () => database.durable(),
    prune: () => Number(database.write(() => removeTransient.run(Date.now() - transientLifeMs, pruneBatch)).changes),
    startIndexing(log) {
      indexLog = log;
      backlog.start(log);
    },
    close: backlog.close,
  };
}

function unknown(key: string): never {
  throw new GatewayError('INVALID_REQUEST', `session not found: ${key}. List them with: openclaw sessions list`, {
    details: { code: 'SESSION_NOT_FOUND', key },
  });
}

function mainStays(key: string, what: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `the main session ${key} cannot be ${what}`, {
    details: { code: 'MAIN_SESSION' },
  });
}

/** Input, output and dollars; null for a cost that is not known, which the sum then is not either. */
function toAdded(usage: Usage | undefined): (number | null)[] {
  if (!usage || usage.total === 0) return [0, 0, 0];
  return [usage.input, usage.output, usage.cost?.total ?? null];
}

function toContext(tokens: number | undefined): (number | null)[] {
  return tokens === undefined ? [null, 0] : [tokens, 1];
}
