import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../log/make-folder.ts';
import type { StoredSession } from './row.ts';
import type { Transcript } from './transcript.ts';

const rowsPerStep = 50;

/** Writes a transcript to a file of JSON lines, one row a line, oldest first. @returns its path. */
export async function archiveTranscript(
  transcript: Transcript,
  { session_id, last_seq }: Pick<StoredSession, 'session_id' | 'last_seq'>,
  folder: string,
): Promise<string> {
  await makeFolder(folder);
  const path = join(folder, `${session_id}.${Date.now()}.jsonl`);
  const file = await open(path, 'wx', 0o600);
  try {
    for (let from = 1; from <= last_seq; from += rowsPerStep) {
      const rows = transcript.read(session_id, from, Math.min(from + rowsPerStep - 1, last_seq));
      await file.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
    await file.datasync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return path;
}
