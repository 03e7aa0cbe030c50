import type { SessionRow } from '../../sdk/protocol/sessions.ts';
import { toText } from '../../sdk/protocol/text.ts';
import type { Database } from '../database/database.ts';
import type { StoredSession } from './row.ts';
import type { Transcript } from './transcript.ts';

/** Which sessions a list shows; transient ones never. */
export interface SessionFilter extends Decorations {
  limit: number;
  offset: number;
  agentId?: string | undefined;
  label?: string | undefined;
  /** Looked for in key, label and display name. */
  search?: string | undefined;
  /** Milliseconds since the epoch. */
  updatedSince?: number | undefined;
  archived: boolean | 'all';
  /** Only those in which a run is queued or working. */
  activeOnly?: boolean | undefined;
}

/** What a row can show besides its own columns. */
export interface Decorations {
  /** The first words of the first message. */
  derivedTitle?: boolean | undefined;
  /** The first words of the newest message. */
  lastMessage?: boolean | undefined;
}

const titleChars = 80;
const previewChars = 160;

type Decorated = Pick<SessionRow, 'derivedTitle' | 'lastMessagePreview'>;

/** A function that reads the decorations of a row. */
export function createDecoration(transcript: Transcript) {
  return (row: StoredSession, add: Decorations): Decorated => ({
    ...(add.derivedTitle && titled(transcript, row)),
    ...(add.lastMessage && previewed(transcript, row)),
  });
}

/** A function that lists sessions, newest first. */
export function createSessionList(database: Database, toRow: (row: StoredSession, add: Decorations) => SessionRow) {
  return (filter: SessionFilter): { rows: SessionRow[]; total: number } => {
    const { where, values } = toCondition(filter);
    const total = database.prepare(`SELECT count(*) AS n FROM sessions WHERE ${where}`).get(...values);
    const page = database
      .prepare(`SELECT * FROM sessions WHERE ${where} ORDER BY updated_at DESC, key LIMIT ? OFFSET ?`)
      .all(...values, filter.limit, filter.offset) as unknown as StoredSession[];
    return { rows: page.map((row) => toRow(row, filter)), total: Number(total?.n) };
  };
}

function toCondition(filter: SessionFilter): { where: string; values: (string | number)[] } {
  const conditions = ['transient = 0'];
  const values: (string | number)[] = [];
  const require = (condition: string, ...parameters: (string | number)[]) => {
    conditions.push(condition);
    values.push(...parameters);
  };
  if (filter.archived !== 'all') require('archived = ?', Number(filter.archived));
  if (filter.agentId !== undefined) require('agent_id = ?', filter.agentId);
  if (filter.label !== undefined) require('label = ?', filter.label);
  if (filter.activeOnly) require("status IN ('queued', 'running')");
  if (filter.updatedSince !== undefined) require('updated_at >= ?', filter.updatedSince);
  if (filter.search) {
    const found = (column: string) => `instr(lower(coalesce(${column}, '')), ?) > 0`;
    const words = filter.search.toLowerCase();
    require(`(${['key', 'label', 'display_name'].map(found).join(' OR ')})`, words, words, words);
  }
  return { where: conditions.join(' AND '), values };
}

function titled(transcript: Transcript, row: StoredSession): Decorated {
  const message = transcript.first(row.session_id, 'user', row.reset_seq);
  return message ? { derivedTitle: firstWords(toText(message), titleChars) } : {};
}

function previewed(transcript: Transcript, row: StoredSession): Decorated {
  const [message] = transcript.read(row.session_id, row.last_seq, row.last_seq);
  return message ? { lastMessagePreview: firstWords(toText(message), previewChars) } : {};
}

function firstWords(text: string, chars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= chars ? line : `${line.slice(0, chars - 1).trimEnd()}…`;
}
