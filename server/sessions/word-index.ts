import { performance } from 'node:perf_hooks';
import type { ContentPart } from '../../sdk/protocol/message.ts';
import type { Database } from '../database/database.ts';
import type { Transcript } from './transcript.ts';
import { placeOf, toSearchable, toWords } from './words.ts';

/** Where a row of a transcript stands. */
export interface Placed {
  id: string;
  session_id: string;
  seq: number;
}

/** A row on its way into the index of words. */
export interface Indexed extends Placed {
  agent_id: string;
  role: string;
  content: readonly ContentPart[];
}

/**
 * The index of messages by word. It is behind the transcripts by the newest rows: FTS5 writes what it has at the end of each
 * `write`, and a row at a time that costs several times the row. A mark in the database tells how far it is, so that
 * nothing is missed; entries go with their session.
 */
export interface WordIndex {
  /** Adds rows whose place is newer than the mark, for some milliseconds. @returns false when there were none. */
  addNewer(): boolean;
  /** True while there are such rows. */
  isBehind(): boolean;
  /** Adds rows that are older than all others, with their places, given oldest first. Contract: called inside `database.write`. */
  addOlder(rows: readonly Indexed[]): void;
  /** Merges for some milliseconds what was added bit by bit, which keeps searches fast. @returns false when nothing is left. */
  merge(): boolean;
}

/** The statement that gives a row its place: behind all others and behind the mark, also when those before it are gone. */
export const insertPlace = `INSERT INTO message_places (doc, message_id, session_id, seq)
  SELECT 1 + max(m.doc, coalesce((SELECT max(doc) FROM message_places), 0)), ?, ?, ? FROM message_words_mark m`;

/** Milliseconds of one slice. */
const sliceMs = 3;
const rowsPerSlice = 50;
/** Pages that one step of merging writes. */
const mergePages = 16;

interface Waiting {
  doc: number;
  session_id: string;
  agent_id: string;
  transient: number;
  seq: number;
  bytes: number;
}

export function createWordIndex(database: Database, transcript: Transcript): WordIndex {
  const insertPlaceAt = database.prepare(
    'INSERT OR IGNORE INTO message_places (doc, message_id, session_id, seq) VALUES (?, ?, ?, ?)',
  );
  const oldest = database.prepare(
    'SELECT min(m.doc + 1, coalesce((SELECT min(doc) FROM message_places), 1)) AS doc FROM message_words_mark m',
  );
  const insertWords = database.prepare('INSERT INTO message_words (rowid, place, text) VALUES (?, ?, ?)');
  const newer = 'p.doc > (SELECT doc FROM message_words_mark)';
  const first = database.prepare(`SELECT 1 FROM message_places p WHERE ${newer} LIMIT 1`);
  // In this order of tables, whatever the planner thinks of it: along the places, from the mark on.
  const waiting = database.prepare(
    `SELECT p.doc, p.session_id, s.agent_id, s.transient, p.seq, octet_length(m.body) AS bytes FROM message_places p
     CROSS JOIN sessions s ON s.session_id = p.session_id
     CROSS JOIN messages m ON m.session_id = p.session_id AND m.seq = p.seq
     WHERE ${newer} ORDER BY p.doc LIMIT ${rowsPerSlice}`,
  );
  const setMark = database.prepare('UPDATE message_words_mark SET doc = ?');
  const merge = database.prepare(`INSERT INTO message_words (message_words, rank) VALUES ('merge', ${mergePages})`);
  const changes = database.prepare('SELECT total_changes() AS n');
  const changed = () => Number(changes.get()?.n);

  /** Only what people and agents wrote is searched. */
  const index = (doc: number, { session_id, agent_id, role, content }: Omit<Indexed, 'id'>) => {
    if (role !== 'user' && role !== 'assistant') return;
    const text = toSearchable(content);
    if (text.trim() === '') return;
    insertWords.run(doc, `${placeOf.session(session_id)} ${placeOf.agent(agent_id)}`, toWords(text));
  };

  /** The rows with their texts, as many as are read until then; one at least. */
  const readWithin = (rows: readonly Waiting[], until: number) => {
    const read: { row: Waiting; text: ReturnType<typeof readSearchable> }[] = [];
    for (const row of rows) {
      read.push({ row, text: row.transient === 0 ? readIfWhole(row) : undefined });
      if (performance.now() > until) break;
    }
    return read;
  };
  const readIfWhole = (row: Waiting) => {
    try {
      return readSearchable(transcript, row);
    } catch {
      return undefined; // a damaged row keeps no other from being found; whoever reads it is told
    }
  };

  return {
    addNewer() {
      const rows = waiting.all() as unknown as Waiting[];
      if (rows.length === 0) return false;
      const until = performance.now() + sliceMs;
      // Read before anything is written: a damaged page must not take down what others write in the same transaction.
      const read = readWithin(rows, until - sliceMs / 2);
      database.write(() => {
        for (const { row, text } of read) {
          if (text) index(row.doc, { ...row, ...text });
          setMark.run(row.doc);
          if (performance.now() > until) break;
        }
      });
      return true;
    },
    isBehind: () => first.get() !== undefined,
    addOlder(rows) {
      let doc = Number(oldest.get()?.doc) - rows.length;
      for (const row of rows) {
        if (insertPlaceAt.run(doc, row.id, row.session_id, row.seq).changes > 0) index(doc, row);
        doc++;
      }
    },
    merge() {
      const until = performance.now() + sliceMs;
      for (let before = changed(); performance.now() < until; before = changed()) {
        database.write(() => merge.run());
        // The command itself counts as one.
        if (changed() - before <= 1) return false;
      }
      return true;
    },
  };
}

/** Size from which a row is read by its beginning only: about as many characters of it as are searchable. */
const largeBytes = 512 * 1024;
const beginningChars = 50_000;

/** A row as far as it is searchable; undefined when it is gone. */
export function readSearchable(
  transcript: Transcript,
  { session_id, seq, bytes }: { session_id: string; seq: number; bytes: number },
) {
  if (bytes > largeBytes) return transcript.readBeginning(session_id, seq, beginningChars);
  return transcript.read(session_id, seq, seq)[0];
}
