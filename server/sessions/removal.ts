import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Database } from '../database/database.ts';
import { archiveTranscript } from './archive.ts';
import { type Expected, hasChanged, requireExpected } from './change.ts';
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
  mainKey(): string;
}

const transientLifeMs = 24 * 60 * 60 * 1000;
const pruneBatch = 500;

/** The ways in which a session goes away; SessionStore says what each does. */
export function createRemoval({ database, transcript, rows, notices, mainKey }: RemovalDeps) {
  const remove = database.prepare('DELETE FROM sessions WHERE key = ?');
  const removeTransient = database.prepare(
    'DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE transient = 1 AND updated_at < ? LIMIT ?)',
  );

  /** What may be deleted, or undefined when there is nothing. */
  const find = (key: string, expected: Expected | undefined): StoredSession | undefined => {
    const row = rows.find(key);
    if (!row) return undefined;
    requireNotMain(row, mainKey(), 'deleted; reset it instead');
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
    prune: () => Number(database.write(() => removeTransient.run(Date.now() - transientLifeMs, pruneBatch)).changes),
  };
}
