import { performance } from 'node:perf_hooks';
import type { Database } from '../database/database.ts';
import { nextTurn } from '../database/turns.ts';
import type { Log } from '../log/log.ts';
import { type Transcript, takeWithin } from './transcript.ts';
import { createWordIndex, readSearchable } from './word-index.ts';

/**
 * Keeps the index of words up with the transcripts, beside everything else:
 *
 *   new rows -> merging -> what was written before there was an index, or in conversations that were not kept then
 */
export interface Indexing {
  /** Works until nothing is left, a slice at a time, and again whenever there is more. */
  start(log: Log): void;
  /** Called when there may be more. */
  wake(): void;
  /** Adds the new rows now, as far as that takes no longer than a moment. */
  catchUp(): Promise<void>;
  /** True while something is left that a search would not find. */
  isLeft(): boolean;
  close(): void;
}

const rowsPerStep = 50;
const bytesPerStep = 48 * 1024;
/** Milliseconds between slices, at least; as many as the last one took when that is more: others come first. */
const pauseMs = 2;
/** Milliseconds in which rows gather before they are added. */
const gatherMs = 100;
const pauseAfterFaultMs = 60_000;
/** Slices of merging that follow one of new rows, at most; the rest follows the last of them. */
const mergesPerSlice = 3;
const catchUpMs = 200;

interface Left {
  key: string;
  session_id: string;
  agent_id: string;
  backlog_seq: number;
}

export function createIndexing(database: Database, transcript: Transcript): Indexing {
  const index = createWordIndex(database, transcript);
  const nextLeft = database.prepare(
    `SELECT key, session_id, agent_id, backlog_seq FROM sessions INDEXED BY sessions_backlog
     WHERE backlog_seq > 0 AND transient = 0 LIMIT 1`,
  );
  const shorten = database.prepare('UPDATE sessions SET backlog_seq = ? WHERE key = ?');
  let log: Log | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  /** Slices of merging that are owed. */
  let merges = mergesPerSlice;

  const addOlder = (): boolean => {
    const left = nextLeft.get() as unknown as Left | undefined;
    if (!left) return false;
    const { key, session_id, agent_id, backlog_seq } = left;
    const sizes = transcript.sizes(session_id, Math.max(1, backlog_seq - rowsPerStep + 1), backlog_seq);
    const taken = takeWithin(sizes, bytesPerStep, bytesPerStep).reverse();
    const rows = taken.flatMap((row) => readSearchable(transcript, { session_id, ...row }) ?? []);
    database.write(() => {
      index.addOlder(
        rows.map(({ role, content, __openclaw: { id, seq } }) => ({ id, session_id, agent_id, seq, role, content })),
      );
      shorten.run((taken[0]?.seq ?? 1) - 1, key);
    });
    return true;
  };

  /** @returns false when nothing is left. */
  const step = (): boolean => {
    if (merges > 0) {
      merges = index.merge() ? merges - 1 : 0;
      return true;
    }
    if (!index.addNewer() && !addOlder()) return index.merge();
    merges = mergesPerSlice;
    return true;
  };

  const schedule = (delayMs: number): void => {
    if (log && !isClosed) timer ??= setTimeout(work, delayMs).unref();
  };
  const work = (): void => {
    timer = undefined;
    const began = performance.now();
    try {
      if (step()) schedule(Math.max(pauseMs, performance.now() - began));
    } catch (error) {
      // A full disk, say: search goes on with what is there, and says that it is not all.
      log?.error('messages could not be indexed, and will be tried again', { error: String(error) });
      schedule(pauseAfterFaultMs);
    }
  };

  return {
    start(to) {
      log ??= to;
      schedule(pauseMs);
    },
    wake: () => schedule(gatherMs),
    async catchUp() {
      const until = performance.now() + catchUpMs;
      while (index.addNewer() && performance.now() < until) await nextTurn();
    },
    isLeft: () => index.isBehind() || nextLeft.get() !== undefined,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
