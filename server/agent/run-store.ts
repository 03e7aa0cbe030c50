import type { RunEvent, TerminalReceipt } from '../../sdk/protocol/agent.ts';
import type { ContentPart } from '../../sdk/protocol/message.ts';
import type { InputReceipt, PendingInputs } from '../../sdk/protocol/pending.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';
import { createAgeLimit } from '../database/age.ts';
import type { Database } from '../database/database.ts';
import { createPendingStore } from './pending-store.ts';
import type { RunInput } from './runs.ts';

/** What a run's row says once it has ended. */
export interface StoredEnd {
  status: RunRow['status'];
  startedAt: number;
  endedAt: number;
  error?: string | undefined;
  stopReason?: string | undefined;
  provider?: string | undefined;
  model?: string | undefined;
  usage?: Usage | undefined;
  text: string;
  receipt?: TerminalReceipt | undefined;
}

/** A run that was queued or working when the gateway went down. */
export interface Unfinished {
  row: RunRow;
  sessionId: string;
  /** The message, when it is not in the transcript yet. */
  input: HeldInput | undefined;
}

/** What a run was given, as it is kept until it is in the transcript. */
export interface HeldInput {
  content: ContentPart[];
  toolResults?: RunInput['toolResults'];
}

/** A run that is accepted. */
export interface NewRun {
  runId: string;
  sessionKey: string;
  sessionId: string;
  agentId: string;
  acceptedAt: number;
  /** Its message, while it waits outside the transcript. */
  input: HeldInput | undefined;
}

/** Runs and their event logs. Contract: writes are called inside `database.write`. */
export interface RunStore {
  insert(run: NewRun): void;
  start(runId: string, startedAt: number): void;
  end(runId: string, end: StoredEnd): void;
  /** The run's message is answered by another run. */
  join(runId: string, answeredBy: string, startedAt: number): void;
  find(runId: string): RunRow | undefined;
  /** True while the run's message is not in the transcript. */
  isHeld(runId: string): boolean;
  /** The run's message is in the transcript, or gone. */
  release(runId: string): void;
  /** Forgets the messages of a session that were withdrawn. */
  forgetWithdrawn(sessionKey: string): void;
  /** Messages of a session that are not in its transcript; `before` is a `nextBefore`. */
  pending(sessionKey: string, before: number | undefined): PendingInputs;
  /** Where the messages of these runs are, of those that are known. */
  receipts(sessionId: string, runIds: readonly string[]): InputReceipt[];
  unfinished(): Unfinished[];
  /** Adds a group of events; `anchorSeq` is where the message that its first text belongs to begins. */
  appendEvents(runId: string, events: readonly RunEvent[], anchorSeq: number): void;
  events(runId: string, after: number, limit: number): { events: RunEvent[]; hasMore: boolean };
  /** Deletes runs that ended before, a bounded number at a time; those of no session after a day, and beyond the newest 250 000. */
  prune(endedBefore: number): number;
}

interface StoredRun {
  run_id: string;
  session_key: string;
  session_id: string;
  agent_id: string;
  status: RunRow['status'];
  accepted_at: number;
  started_at: number | null;
  ended_at: number | null;
  error: string | null;
  stop_reason: string | null;
  provider: string | null;
  model: string | null;
  usage: string | null;
  reply: string | null;
  input: string | null;
  answered_by: string | null;
  receipt: string | null;
}

const pruneBatch = 200;
const unkept = { lifeMs: 24 * 60 * 60 * 1000, max: 250_000 };

export function createRunStore(database: Database, { maxUnkept = unkept.max } = {}): RunStore {
  const insert = database.prepare(
    `INSERT INTO runs (run_id, session_key, session_id, agent_id, status, accepted_at, input)
     VALUES (?, ?, ?, ?, 'queued', ?, ?)`,
  );
  const join = database.prepare(
    `UPDATE runs SET status = 'running', started_at = ?, answered_by = ?, input = NULL WHERE run_id = ?`,
  );
  const start = database.prepare(`UPDATE runs SET status = 'running', started_at = ? WHERE run_id = ?`);
  const end = database.prepare(
    `UPDATE runs SET status = ?, started_at = ?, ended_at = ?, error = ?, stop_reason = ?, provider = ?, model = ?, usage = ?, reply = ?,
     receipt = ? WHERE run_id = ?`,
  );
  const find = database.prepare('SELECT * FROM runs WHERE run_id = ?');
  const unfinished = database.prepare('SELECT * FROM runs WHERE ended_at IS NULL ORDER BY rowid');
  const appendGroup = database.prepare(
    'INSERT INTO run_events (run_id, last_seq, anchor_seq, events) VALUES (?, ?, ?, ?)',
  );
  const anchorAfter = database.prepare(
    'SELECT anchor_seq FROM run_events WHERE run_id = ? AND last_seq > ? ORDER BY last_seq LIMIT 1',
  );
  const groupsFrom = database.prepare(
    'SELECT events FROM run_events WHERE run_id = ? AND last_seq >= ? ORDER BY last_seq',
  );
  const prune = database.prepare(
    'DELETE FROM runs WHERE run_id IN (SELECT run_id FROM runs WHERE ended_at < ? LIMIT ?)',
  );
  const ofNoSession = 'FROM runs INDEXED BY runs_unkept WHERE session_id = run_id AND ended_at IS NOT NULL';
  const pruneUnkept = database.prepare(
    `DELETE FROM runs WHERE run_id IN (SELECT run_id ${ofNoSession} AND ended_at < ? ORDER BY ended_at LIMIT ?)`,
  );
  const newestUnkept = database.prepare(`SELECT ended_at AS at ${ofNoSession} ORDER BY ended_at DESC LIMIT 1 OFFSET ?`);
  const limitUnkept = createAgeLimit(newestUnkept, { ...unkept, max: maxUnkept });

  return {
    ...createPendingStore(database),
    insert: ({ runId, sessionKey, sessionId, agentId, acceptedAt, input }) =>
      void insert.run(runId, sessionKey, sessionId, agentId, acceptedAt, input ? JSON.stringify(input) : null),
    join: (runId, answeredBy, startedAt) => void join.run(startedAt, answeredBy, runId),
    start: (runId, startedAt) => void start.run(startedAt, runId),
    end: (runId, { status, startedAt, endedAt, error, stopReason, provider, model, usage, text, receipt }) =>
      void end.run(
        status,
        startedAt,
        endedAt,
        error ?? null,
        stopReason ?? null,
        provider ?? null,
        model ?? null,
        usage ? JSON.stringify(usage) : null,
        text,
        receipt ? JSON.stringify(receipt) : null,
        runId,
      ),
    find(runId) {
      const row = find.get(runId) as StoredRun | undefined;
      return row && toRunRow(row);
    },
    unfinished: () =>
      (unfinished.all() as unknown as StoredRun[]).map((row) => ({
        row: toRunRow(row),
        sessionId: row.session_id,
        input: row.input === null ? undefined : (JSON.parse(row.input) as HeldInput),
      })),
    appendEvents(runId, events, anchorSeq) {
      const last = events.at(-1);
      if (last) appendGroup.run(runId, last.seq, anchorSeq, JSON.stringify(toStoredGroup(events)));
    },
    events(runId, after, limit) {
      const row = find.get(runId) as StoredRun | undefined;
      const anchor = anchorAfter.get(runId, after)?.anchor_seq;
      if (!row || anchor === undefined) return { events: [], hasMore: false };
      const origin = { runId, sessionKey: row.session_key, agentId: row.agent_id };
      const events: RunEvent[] = [];
      const restore = createRestoration(origin);
      for (const group of groupsFrom.iterate(runId, Number(anchor))) {
        for (const event of (JSON.parse(String(group.events)) as (StoredEvent | StoredText)[]).flatMap(restore)) {
          if (event.seq <= after) continue;
          if (events.length === limit) return { events, hasMore: true };
          events.push(event);
        }
      }
      return { events, hasMore: false };
    },
    prune(endedBefore) {
      const batches = [pruneUnkept.run(limitUnkept(), pruneBatch), prune.run(endedBefore, pruneBatch)];
      return batches.reduce((sum, { changes }) => sum + Number(changes), 0);
    },
  };
}

/** An event in the log, without what its run says already. */
type StoredEvent = Pick<RunEvent, 'seq' | 'stream' | 'ts' | 'data' | 'sessionId'>;

/** Pieces of one message that followed each other: number, time, what was new. The text so far follows from them. */
interface StoredText {
  itemId: unknown;
  pieces: [seq: number, ts: number, delta: unknown][];
}

/** Text is by far the most of a log, so its pieces are kept without the members that all of them share. */
function toStoredGroup(events: readonly RunEvent[]): (StoredEvent | StoredText)[] {
  const group: (StoredEvent | StoredText)[] = [];
  let open: StoredText | undefined;
  for (const { seq, stream, ts, data, sessionId } of events) {
    if (stream !== 'assistant') {
      open = undefined;
      group.push({ seq, stream, ts, data, ...(sessionId && { sessionId }) });
      continue;
    }
    if (open?.itemId !== data.itemId || !open) {
      open = { itemId: data.itemId, pieces: [] };
      group.push(open);
    }
    open.pieces.push([seq, ts, data.delta]);
  }
  return group;
}

/** Gives events of the log, read in order, back what was left out. */
function createRestoration(origin: Pick<RunEvent, 'runId' | 'sessionKey' | 'agentId'>) {
  let item: unknown;
  let text = '';
  const { runId, sessionKey, agentId } = origin;
  return (stored: StoredEvent | StoredText): RunEvent[] => {
    if (!('pieces' in stored)) {
      const { seq, stream, ts, data, sessionId } = stored;
      return [{ runId, seq, stream, ts, data, sessionKey, agentId, ...(sessionId && { sessionId }) }];
    }
    const { itemId, pieces } = stored;
    if (itemId !== item) text = '';
    item = itemId;
    return pieces.map(([seq, ts, delta]) => {
      text += delta;
      return { runId, seq, stream: 'assistant', ts, data: { text, delta, itemId }, sessionKey, agentId };
    });
  };
}

function toRunRow(row: StoredRun): RunRow {
  return {
    runId: row.run_id,
    sessionKey: row.session_key,
    agentId: row.agent_id,
    status: row.status,
    acceptedAt: row.accepted_at,
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.error !== null && { error: row.error }),
    ...(row.stop_reason !== null && { stopReason: row.stop_reason }),
    ...(row.provider !== null && { provider: row.provider }),
    ...(row.model !== null && { model: row.model }),
    ...(row.usage !== null && { usage: JSON.parse(row.usage) as Usage }),
    ...(row.reply !== null && { text: row.reply }),
    ...(row.answered_by !== null && { answeredBy: row.answered_by }),
    ...(row.receipt !== null && { receipt: JSON.parse(row.receipt) as TerminalReceipt }),
  };
}
