import type { ChatMessage } from '../../sdk/protocol/message.ts';
import { toShownContent, toText } from '../../sdk/protocol/text.ts';
import { nextTurn } from '../database/turns.ts';
import { oldestOf, parseCursor, type StoredSession } from './row.ts';
import { type RowSize, type Transcript, takeWithin } from './transcript.ts';

/** Which part of a transcript is read. */
export interface PageRequest {
  limit: number;
  /** Rows to leave out at the newer end. */
  offset: number;
  /** Characters of a text; longer ones are cut. */
  maxChars: number;
  /** Reads around this message. */
  messageId?: string | undefined;
}

/** Part of a transcript, oldest row first. */
export interface Page {
  messages: ChatMessage[];
  /** Rows since the last reset. */
  total: number;
  /** `offset` of the next older page; undefined when there is none. */
  nextOffset: number | undefined;
}

/** How far back somebody looks. */
export interface LookBack {
  /** Position of the oldest row. */
  from: number;
  maxRows: number;
  /** Asked with each row, newest first: true for one behind which no more are wanted. */
  isEnough(row: ChatMessage): boolean;
}

/** The newest rows of a conversation, oldest first. */
export interface Recent {
  messages: ChatMessage[];
  /** True when older ones were left out. */
  isCut: boolean;
}

/** Of one answer, as rows are stored. */
const maxPageBytes = 4 * 1024 * 1024;
/** From this size on a row is answered by the beginnings of its texts only. */
const maxRowBytes = 2 * 1024 * 1024;
/** Of what a model is given to read. */
const maxRecentBytes = 16 * 1024 * 1024;
/** Of it, what is read in one turn of the event loop. */
const sliceRows = 50;
const sliceBytes = 128 * 1024;
/** Rows, and their size, that a client may be behind before it is asked to read the history anew. */
const maxDeltaRows = 200;
const maxDeltaBytes = 1024 * 1024;
/** Rows that are looked through for a preview. */
const previewRows = 400;

/** Functions that read transcripts by the page: what they cost depends on the page, not on the transcript. */
export function createHistory(transcript: Transcript) {
  const readRow = (sessionId: string, { seq, bytes }: RowSize, maxChars: number): ChatMessage[] => {
    if (bytes <= maxRowBytes) return transcript.read(sessionId, seq, seq).map((row) => cut(row, maxChars));
    const beginning = transcript.readBeginning(sessionId, seq, maxChars);
    return beginning ? [mark(beginning, { truncated: true, reason: 'oversized' })] : [];
  };

  /** The newest of some rows that fit into one answer, oldest first. */
  const readFitting = (session: StoredSession, span: { from: number; to: number }, maxChars: number) => {
    const sizes = transcript.sizes(session.session_id, span.from, span.to);
    const taken = takeWithin(sizes, maxPageBytes, Math.min(maxRowBytes, maxChars * 8));
    return taken.reverse().flatMap((size) => readRow(session.session_id, size, maxChars));
  };

  const around = (session: StoredSession, { limit, messageId = '', maxChars }: PageRequest): Page => {
    const oldest = oldestOf(session);
    const total = session.last_seq - oldest + 1;
    const at = transcript.locate(session.session_id, messageId);
    if (at === undefined || at < session.first_seq) return { messages: [], total, nextOffset: undefined };
    const wanted = {
      from: Math.max(session.first_seq, at - Math.floor((limit - 1) / 2)),
      to: at + Math.ceil((limit - 1) / 2),
    };
    const span = within(wanted, transcript.sizes(session.session_id, wanted.from, wanted.to), at);
    const older = readFitting(session, { from: span.from, to: at }, maxChars);
    const newer = transcript.sizes(session.session_id, at + 1, span.to).reverse();
    const fitting = takeWithin(newer, maxPageBytes / 2, maxRowBytes);
    const messages = [...older, ...fitting.flatMap((size) => readRow(session.session_id, size, maxChars))];
    const first = messages[0]?.__openclaw.seq ?? at;
    return { messages, total, nextOffset: first > oldest && at >= oldest ? session.last_seq - first + 1 : undefined };
  };

  return {
    page(session: StoredSession, request: PageRequest): Page {
      if (request.messageId !== undefined) return around(session, request);
      const { limit, offset, maxChars } = request;
      const oldest = oldestOf(session);
      const total = session.last_seq - oldest + 1;
      const to = session.last_seq - offset;
      const messages = readFitting(session, { from: Math.max(oldest, to - limit + 1), to }, maxChars);
      const shown = offset + messages.length;
      return { messages, total, nextOffset: messages.length > 0 && shown < total ? shown : undefined };
    },

    /** The newest rows whole, as far as they are not too many to work with. */
    recent(session: StoredSession, { limit, offset }: { limit: number; offset: number }): ChatMessage[] {
      const to = session.last_seq - offset;
      const sizes = transcript.sizes(session.session_id, Math.max(oldestOf(session), to - limit + 1), to);
      const oldest = takeWithin(sizes, maxRecentBytes, maxRecentBytes).at(-1);
      return oldest ? transcript.read(session.session_id, oldest.seq, to) : [];
    },

    /** The same as far back as is wanted, a slice at a time. Rows that come meanwhile are not among them. */
    async lookBack(session: StoredSession, { from, maxRows, isEnough }: LookBack): Promise<Recent> {
      const { session_id: id, last_seq: newest } = session;
      const oldest = Math.max(oldestOf(session), from);
      const first = Math.max(oldest, newest - maxRows + 1);
      const newestFirst: ChatMessage[] = [];
      let room = maxRecentBytes;
      for (let to = newest; to >= first; ) {
        if (to < newest) await nextTurn();
        const slice = takeSlice(transcript.sizes(id, Math.max(first, to - sliceRows + 1), to), room);
        const rows = slice.length > 0 ? transcript.read(id, slice.at(-1)?.seq ?? to, to).reverse() : [];
        const end = rows.findIndex(isEnough);
        newestFirst.push(...(end < 0 ? rows : rows.slice(0, end + 1)));
        to = (newestFirst.at(-1)?.__openclaw.seq ?? to + 1) - 1;
        // Without a row there is no room left, or the session was deleted meanwhile.
        if (end >= 0 || rows.length === 0) break;
        room -= slice.reduce((sum, { bytes }) => sum + bytes, 0);
      }
      const isCut = (newestFirst.at(-1)?.__openclaw.seq ?? newest + 1) > oldest;
      return { messages: newestFirst.reverse(), isCut };
    },

    /** What came after a cursor; undefined when it is garbage, of another transcript, or too far behind. */
    after(session: StoredSession, text: string): ChatMessage[] | undefined {
      const cursor = parseCursor(text);
      if (!cursor || cursor.sessionId !== session.session_id || cursor.revision !== session.revision) return undefined;
      // What a compaction, a cut or a rewind has changed, rows that came later do not tell.
      if (cursor.seq < Math.max(session.compacted_seq, session.reset_seq, session.first_seq - 1)) return undefined;
      if (cursor.seq > session.last_seq || session.last_seq - cursor.seq > maxDeltaRows) return undefined;
      const sizes = transcript.sizes(session.session_id, cursor.seq + 1, session.last_seq);
      if (sizes.reduce((sum, { bytes }) => sum + bytes, 0) > maxDeltaBytes) return undefined;
      return transcript.read(session.session_id, cursor.seq + 1, session.last_seq);
    },

    /** The newest words of people and agents, oldest first. */
    preview(session: StoredSession, { limit, maxChars }: { limit: number; maxChars: number }) {
      const oldest = Math.max(session.reset_seq + 1, session.first_seq, session.last_seq - previewRows + 1);
      const items: { role: 'user' | 'assistant'; text: string }[] = [];
      for (const { seq, role } of transcript.sizes(session.session_id, oldest, session.last_seq)) {
        if (items.length === limit) break;
        if (role !== 'user' && role !== 'assistant') continue;
        const row = transcript.readBeginning(session.session_id, seq, maxChars * 2);
        const text = row ? firstWords(toText(row), maxChars) : '';
        if (text !== '') items.push({ role, text });
      }
      return items.reverse();
    },
  };
}

/** A text on one line, cut to so many characters. */
export function firstWords(text: string, chars: number): string {
  // Of a long text only the beginning is looked at: white space may shorten it, but not by this much.
  const line = text
    .slice(0, chars * 8)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= chars
    ? line
    : `${line
        .slice(0, chars - 1)
        .toWellFormed()
        .trimEnd()}…`;
}

// --- internal ---

/** Of some rows, newest first, those that are read together: at least one, unless there is no room for it. */
function takeSlice(sizes: readonly RowSize[], room: number): RowSize[] {
  const taken = takeWithin(sizes, Math.min(sliceBytes, room), maxRecentBytes);
  const [first] = sizes;
  return taken.length > 0 || !first || Math.min(first.bytes, maxRecentBytes) > room ? taken : [first];
}

/** Of a span around a row, what belongs to the same conversation: a reset begins another. */
function within({ from, to }: { from: number; to: number }, sizes: readonly RowSize[], at: number) {
  const resets = sizes.filter(({ role }) => role === 'system').map(({ seq }) => seq);
  const before = resets.find((seq) => seq <= at);
  const behind = resets.findLast((seq) => seq > at);
  return { from: Math.max(from, before ?? from), to: Math.min(to, (behind ?? to + 1) - 1) };
}

function cut(message: ChatMessage, maxChars: number): ChatMessage {
  const isLong = (text: string) => text.length > maxChars;
  const shorten = (text: string) => `${text.slice(0, maxChars).toWellFormed()}…`;
  let isCut = false;
  const content = toShownContent(message.content).map((part) => {
    if (part.type === 'text' && isLong(part.text)) {
      isCut = true;
      return { ...part, text: shorten(part.text) };
    }
    if (part.type !== 'thinking' || !isLong(part.thinking)) return part;
    isCut = true;
    return { ...part, thinking: shorten(part.thinking) };
  });
  return isCut ? mark({ ...message, content }, { truncated: true }) : { ...message, content };
}

/** Texts of a beginning end with an ellipsis as well; one without any text says that it is too large. */
function mark(message: ChatMessage, marks: Pick<ChatMessage['__openclaw'], 'truncated' | 'reason'>): ChatMessage {
  const content =
    message.content.length > 0
      ? message.content
      : [{ type: 'text' as const, text: '[chat.history omitted: message too large]' }];
  return { ...message, content, __openclaw: { ...message.__openclaw, ...marks } };
}
