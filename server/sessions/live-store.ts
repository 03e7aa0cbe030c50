import type { Publish } from '../../sdk/protocol/events.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';
import type { Database } from '../database/database.ts';
import { nextTurn } from '../database/turns.ts';
import { requireExpected } from './change.ts';
import { createCompactions } from './compactions.ts';
import { requireNotMain, sessionNotFound } from './faults.ts';
import { createHistory, firstWords } from './history.ts';
import { createIndexing } from './indexing.ts';
import { createSessionList } from './list.ts';
import { createLookUp } from './look-up.ts';
import { createMaking } from './make.ts';
import { createNotices, toMessagePayload } from './notices.ts';
import { createRemoval } from './removal.ts';
import { createRewind, rewindKind } from './rewind.ts';
import { type ModelOf, oldestOf, type StoredSession, toCursor } from './row.ts';
import { createRows } from './rows.ts';
import { createSearch } from './search.ts';
import type { SessionStore } from './store.ts';
import { createTranscript, type NewMessage, type Spot } from './transcript.ts';
import { toSearchable } from './words.ts';

export interface SessionStoreOptions {
  database: Database;
  /** As the configuration has it now. */
  mainKey(): string;
  modelOf: ModelOf;
  publish: Publish;
  /** Transient conversations that are kept at the most. Default 250 000. */
  maxTransient?: number | undefined;
}

const titleChars = 80;
const previewChars = 160;
const maxPreviewItems = 50;
const maxPreviewItemChars = 2000;

export function createSessionStore(options: SessionStoreOptions): SessionStore {
  const { database, mainKey, modelOf, publish, maxTransient } = options;
  const transcript = createTranscript(database);
  const rows = createRows(database, { mainKey, modelOf });
  const history = createHistory(transcript);
  const indexing = createIndexing(database, transcript);
  const search = createSearch(database, indexing);
  const notices = createNotices({ database, rows, publish });
  const making = createMaking({ database, rows });
  const compactions = createCompactions(database);
  const rewind = createRewind(database);
  const { sweep } = compactions;
  const removal = createRemoval({ database, transcript, rows, notices, sweep, mainKey, maxTransient });
  const countAll = database.prepare('SELECT count(*) AS n FROM sessions WHERE transient = 0');
  const countOf = database.prepare('SELECT count(*) AS n FROM sessions WHERE agent_id = ? AND transient = 0');
  const byCreation = database.prepare('SELECT key FROM sessions WHERE creation_key = ?');
  // Transient sessions are in no list that this would move them up in.
  const advance = database.prepare(
    `UPDATE sessions SET last_seq = last_seq + 1, updated_at = iif(transient = 0, ?, updated_at),
     last_interaction_at = coalesce(?, last_interaction_at), first_words = coalesce(first_words, ?),
     last_words = coalesce(?, last_words) WHERE key = ? RETURNING session_id, transient, last_seq AS seq`,
  );
  const markReset = database.prepare(
    `UPDATE sessions SET reset_seq = last_seq, revision = revision + 1, status = NULL, last_run_error = NULL,
     input_tokens = 0, output_tokens = 0, cost_usd = 0, context_tokens = NULL, context_fresh = 0, compactions = 0, first_words = NULL, last_words = NULL WHERE key = ?`,
  );
  const setRun = database.prepare(
    `UPDATE sessions SET status = ?, last_run_id = ?, last_run_error = ?, updated_at = ?,
     last_activity_at = coalesce(?, last_activity_at),
     input_tokens = input_tokens + ?, output_tokens = output_tokens + ?, cost_usd = cost_usd + ?,
     context_tokens = coalesce(?, context_tokens), context_fresh = context_fresh OR ? WHERE key = ?`,
  );

  const show = (key: string): SessionRow => rows.show(key) ?? unknown(key);
  const mustFind = (key: string): StoredSession => rows.find(key) ?? unknown(key);

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
    indexing.wake();
    const row = mustFind(key);
    notices.appended(row, stored);
    notices.changed(row, { phase: 'message', runId: stored.__openclaw.runId });
    return stored;
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
      if (isKept || options.forkOf !== undefined) indexing.wake();
      return { row: show(key), created };
    },
    patch(key, change, expected) {
      const row = mustFind(key);
      requireExpected(row, expected);
      if (change.archived) requireNotMain(key, mainKey(), 'archived');
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
    findDeletable: (key, expected) => removal.find(key, expected) && show(key),
    delete: removal.delete,
    deleteArchived: removal.archive,
    retire: removal.retire,
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
    rewind(key, { through, text }) {
      const row = mustFind(key);
      database.write(() => {
        const marker = append(key, { role: 'system', content: [{ type: 'text', text }], kind: rewindKind });
        rewind.goOn(row, through, marker.__openclaw.seq);
      });
      notices.changed(row, { reason: 'rewind' });
    },
    lastOf(key, runId) {
      const row = rows.find(key);
      return row && rewind.lastOf(row, runId);
    },
    ofRun(key, runId) {
      const row = rows.find(key);
      return row ? transcript.ofRun(row.session_id, runId, row.first_seq) : [];
    },
    isToldHistory: (key) => rows.find(key)?.told_history === 1,
    noteToldHistory: (key) => database.write(() => rewind.noteCaller(key)),
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
    prune: removal.prune,
    startUpkeep(log) {
      indexing.start(log);
      removal.start(log);
    },
    close() {
      indexing.close();
      removal.close();
    },
  };
}

function unknown(key: string): never {
  throw sessionNotFound(key);
}

/** Input, output and dollars; null for a cost that is not known, which the sum then is not either. */
function toAdded(usage: Usage | undefined): (number | null)[] {
  if (!usage || usage.total === 0) return [0, 0, 0];
  return [usage.input, usage.output, usage.cost?.total ?? null];
}

function toContext(tokens: number | undefined): (number | null)[] {
  return tokens === undefined ? [null, 0] : [tokens, 1];
}
