import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { Database } from '../database/database.ts';
import { placeOf, toSearchable, toWords } from './words.ts';

/** A row of a transcript, on its way into the index. */
export interface Indexed {
  id: string;
  session_id: string;
  agent_id: string;
  seq: number;
  role: ChatMessage['role'];
  content: ChatMessage['content'];
}

/**
 * The index of messages by id and by word. Contract: called inside `database.write`, so that a row and its entries come
 * together; they go with the session.
 */
export interface WordIndex {
  /** Adds a row that is newer than all others. */
  add(row: Indexed): void;
  /** Adds rows that are older than all others, given oldest first. */
  addOlder(rows: readonly Indexed[]): void;
}

export function createWordIndex(database: Database): WordIndex {
  const insertPlace = database.prepare(
    'INSERT INTO message_places (message_id, session_id, seq) VALUES (?, ?, ?) RETURNING doc',
  );
  const insertPlaceAt = database.prepare(
    'INSERT OR IGNORE INTO message_places (doc, message_id, session_id, seq) VALUES (?, ?, ?, ?)',
  );
  const oldest = database.prepare('SELECT min(doc) AS doc FROM message_places');
  const insertWords = database.prepare('INSERT INTO message_words (rowid, place, text) VALUES (?, ?, ?)');

  /** Only what people and agents wrote is searched. */
  const index = (doc: number, { session_id, agent_id, role, content }: Indexed) => {
    if (role !== 'user' && role !== 'assistant') return;
    const text = toSearchable(content);
    if (text.trim() === '') return;
    insertWords.run(doc, `${placeOf.session(session_id)} ${placeOf.agent(agent_id)}`, toWords(text));
  };

  return {
    add(row) {
      const place = insertPlace.get(row.id, row.session_id, row.seq);
      index(Number(place?.doc), row);
    },
    addOlder(rows) {
      const before = oldest.get()?.doc;
      let doc = (before === null || before === undefined ? 0 : Number(before)) - rows.length;
      for (const row of rows) {
        if (insertPlaceAt.run(doc, row.id, row.session_id, row.seq).changes > 0) index(doc, row);
        doc++;
      }
    },
  };
}
