import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createAgeLimit } from '../database/age.ts';
import type { Database } from '../database/database.ts';
import { nextTurn } from '../database/turns.ts';
import type { Log } from '../log/log.ts';
import { archiveTranscript } from './archive.ts';
import { type Expected, hasChanged, requireExpected } from './change.ts';
import type { Compactions } from './compactions.ts';
import { requireNotMain, sessionNotFound } from './faults.ts';
import type { createNotices } from './notices.ts';
import type { StoredSession } from './row.ts';
import type { Rows } from './rows.ts';
import type { Transcript } from './transcript.ts';

export interface RemovalDeps {
  database: Database;
  transcript: Transcript;
  rows: Rows;
  notices: Pick<ReturnType<typeof createNotices>, 'deleted'>;
  /** Removes rows that nobody can see any more. */
  sweep: Compactions['sweep'];
  mainKey(): string;
  /** Transient conversations that are kept at the most. Default 250 000. */
  maxTransient?: number | undefined;
}

const transientLifeMs = 24 * 60 * 60 * 1000;
const defaultMaxTransient = 250_000;
const pruneBatch = 100;

/**
 * The ways in which a session goes away; SessionStore says what each does. A large one takes a while to remove, so its row
 * becomes one that nobody can find (`transient` 2), its messages go a slice at a time, and the row is the last.
 */
export function createRemoval(deps: RemovalDeps) {
  const { database, transcript, rows, notices, sweep, mainKey, maxTransient = defaultMaxTransient } = deps;
  const condemn = `UPDATE sessions SET key = 'gone:' || session_id, transient = 2, first_seq = last_seq + 1, backlog_seq = 0,
    status = NULL, label = NULL, board_face = NULL, parent_key = NULL, spawned_by = NULL, creation_key = NULL`;
  const remove = database.prepare(`${condemn} WHERE key = ?`);
  const old = 'FROM sessions WHERE transient = 1 AND updated_at < ? ORDER BY updated_at, key LIMIT ?';
  const removeRunsOfTransient = database.prepare(
    `DELETE FROM runs WHERE ended_at IS NOT NULL AND run_id IN (
       SELECT run_id FROM messages WHERE run_id IS NOT NULL AND session_id IN (SELECT session_id ${old}))`,
  );
  const removeTransient = database.prepare(`${condemn} WHERE key IN (SELECT key ${old})`);
  const newest = database.prepare(
    'SELECT updated_at AS at FROM sessions WHERE transient = 1 ORDER BY updated_at DESC LIMIT 1 OFFSET ?',
  );
  const limitTransient = createAgeLimit(newest, { lifeMs: transientLifeMs, max: maxTransient });
  const nextGone = database.prepare(
    'SELECT key, session_id FROM sessions INDEXED BY sessions_gone WHERE transient = 2 LIMIT 1',
  );
  const forget = database.prepare('DELETE FROM sessions WHERE key = ?');
  let log: Log | undefined;
  let isSweeping = false;
  let isClosed = false;

  const sweepGone = async (): Promise<void> => {
    if (isSweeping) return;
    isSweeping = true;
    try {
      for (;;) {
        await nextTurn();
        const gone = isClosed ? undefined : nextGone.get();
        if (!gone) break;
        const isEmpty = database.write(() => sweep(String(gone.session_id))) === 0;
        if (isEmpty) database.write(() => forget.run(String(gone.key)));
      }
    } catch (error) {
      // A full disk, say: it is tried again with the next that goes away, or is pruned.
      log?.error('deleted conversations could not be removed from the disk yet', { error: String(error) });
    } finally {
      isSweeping = false;
    }
  };

  /** What may be deleted, or undefined when there is nothing. */
  const find = (key: string, expected: Expected | undefined): StoredSession | undefined => {
    requireNotMain(key, mainKey(), 'deleted; reset it instead');
    const row = rows.find(key);
    if (!row) return undefined;
    requireExpected(row, expected);
    return row;
  };
  const removeRow = (row: StoredSession) => {
    database.write(() => remove.run(row.key));
    notices.deleted(row);
    void sweepGone();
  };

  /** Keeps the transcript as a file, then removes the row. */
  const archiveRow = async (row: StoredSession): Promise<string> => {
    const path = await archiveTranscript(transcript, row, join(dirname(database.path), 'transcripts'));
    try {
      // What was written in the meantime would be in neither place.
      const now = rows.find(row.key);
      if (!now) throw sessionNotFound(row.key);
      if (now.session_id !== row.session_id || now.last_seq !== row.last_seq) throw hasChanged(now);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    removeRow(row);
    return path;
  };

  return {
    find,
    delete(key: string, expected?: Expected): boolean {
      const row = find(key, expected);
      if (row) removeRow(row);
      return row !== undefined;
    },
    async archive(key: string, expected?: Expected): Promise<string | undefined> {
      const row = find(key, expected);
      return row && archiveRow(row);
    },
    async retire(key: string): Promise<string | undefined> {
      const row = rows.find(key);
      return row && archiveRow(row);
    },
    prune(): number {
      const limit = limitTransient();
      const { changes } = database.write(() => {
        // Nobody can ask for them any more.
        removeRunsOfTransient.run(limit, pruneBatch);
        return removeTransient.run(limit, pruneBatch);
      });
      if (changes > 0) void sweepGone();
      return Number(changes);
    },
    /** Goes on with what a gateway before this one has left. */
    start(to: Log): void {
      log = to;
      void sweepGone();
    },
    close(): void {
      isClosed = true;
    },
  };
}
