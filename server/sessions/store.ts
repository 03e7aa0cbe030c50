import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { SearchPage, SessionPreview } from '../../sdk/protocol/session-answers.ts';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';
import type { Log } from '../log/log.ts';
import type { Expected, SessionChange } from './change.ts';
import type { Compacted } from './compactions.ts';
import type { LookBack, Page, PageRequest, Recent } from './history.ts';
import type { SessionFilter } from './list.ts';
import type { Clue } from './look-up.ts';
import type { Making } from './make.ts';
import type { Cause, toMessagePayload } from './notices.ts';
import type { Decorations } from './rows.ts';
import type { Question } from './search.ts';
import type { NewMessage } from './transcript.ts';

/**
 * Conversations by canonical key. Writes are visible to reads at once; `durable()` resolves when they are on disk, and only
 * then are they published, as `sessions.changed` and `session.message`.
 */
export interface SessionStore {
  /** Where the sessions are kept. */
  readonly path: string;
  /** The row is shared with others: it is not to be changed. */
  find(key: string, add?: Decorations): SessionRow | undefined;
  list(filter: SessionFilter): { rows: SessionRow[]; total: number };
  count(agentId?: string): number;
  /** The sessions that a key, an id, the beginning of one or a label fits, at most ten. */
  lookUp(clue: Clue): SessionRow[];
  /** The session that was made with that idempotency key. */
  findMade(creationKey: string): SessionRow | undefined;
  /**
   * The session with that key, made when it is not there. A transient one that is used again lives a day from now on; asked
   * for as one that is not transient, it is kept.
   * @throws GatewayError INVALID_REQUEST: label in use, or no such parent.
   */
  ensure(key: string, options?: Making): { row: SessionRow; created: boolean };
  /** @throws GatewayError INVALID_REQUEST: no such session, label in use, or `details.reason: 'session-changed'`. */
  patch(key: string, change: SessionChange, expected?: Expected): SessionRow;
  /** Starts a fresh transcript with a marker row. @throws as `patch`. */
  reset(key: string, reason: string, expected?: Expected): SessionRow;
  /** The row of a session that may be deleted; undefined when there is none. @throws as `patch`, and for the main one. */
  findDeletable(key: string, expected?: Expected): SessionRow | undefined;
  /** False when there is no such session. @throws GatewayError INVALID_REQUEST as `findDeletable`. */
  delete(key: string, expected?: Expected): boolean;
  /** The same, but keeps the transcript as a file. @returns its path; undefined when there is no such session. */
  deleteArchived(key: string, expected?: Expected): Promise<string | undefined>;
  /** The summary that models read in place of the older part; undefined when there is none since the last reset. */
  compacted(key: string): Compacted | undefined;
  /**
   * Puts a summary in place of the older part, for models: people see all rows, and one more that marks it.
   * @throws as `patch`.
   */
  compact(key: string, compacted: Compacted, expected?: Expected): ChatMessage;
  /** Cuts off all but the newest rows, for good. Resolves when they are gone. @returns how many rows there are then. */
  truncate(key: string, rows: number): Promise<{ isCut: boolean; kept: number }>;
  /** As `deleteArchived`, also for the main conversation: that of an agent which is no more. */
  retire(key: string): Promise<string | undefined>;
  /**
   * Lets the conversation go on from an earlier message, behind a row that marks it: as after a reset, what is before the
   * marker stays, but is neither shown nor read unless it is asked for. The rows it goes on from stand behind the marker, too.
   * @throws GatewayError INVALID_REQUEST: no such session.
   */
  rewind(key: string, how: Rewinding): void;
  /** Position of the newest row of a run, of any time; undefined when it has none that is kept. */
  lastOf(key: string, runId: string): number | undefined;
  /** The rows of a run, of any time, oldest first, at most 200. */
  ofRun(key: string, runId: string): ChatMessage[];
  /** True when those who talk in the session bring along what was said before. */
  isToldHistory(key: string): boolean;
  /** Remembers that they do. */
  noteToldHistory(key: string): void;
  /** Adds a row to the transcript. */
  append(key: string, message: NewMessage): ChatMessage;
  /** Notes the state of the session's newest run. */
  track(key: string, run: RunState): void;
  /** Tells those who follow sessions that something happened in this one, once all writes so far are on disk. */
  announce(key: string, cause: Cause): void;
  /** The page of the transcript since the last reset that ends `offset` rows before the newest, oldest first, uncut. */
  history(key: string, page: { limit: number; offset: number }): { messages: ChatMessage[]; total: number };
  /** The newest rows since the last reset as far back as is wanted, uncut, read while others have their turn. */
  lookBack(key: string, how: LookBack): Promise<Recent>;
  /** A page for clients: long texts are cut, and no more is read than an answer may hold. */
  page(key: string, request: PageRequest): Page;
  /** What came after a cursor, as `session.message` told it; undefined when it is garbage, of another transcript, or too far behind. */
  historyAfter(key: string, cursor: string): ReturnType<typeof toMessagePayload>[] | undefined;
  /** Opaque; marks the newest row of the transcript. Empty for an unknown session. */
  cursor(key: string): string;
  /** The newest words of a session. At most 50 of 2000 characters. */
  preview(key: string, size: { limit: number; maxChars: number }): SessionPreview;
  /** Looks for words in messages, in all sessions or in those with some keys. */
  search(question: Omit<Question, 'sessionIds'> & { sessionKeys?: readonly string[] | undefined }): Promise<SearchPage>;
  durable(): Promise<void>;
  /**
   * Deletes transient conversations with their runs, a bounded number at a time: those older than a day, and the oldest when
   * there are too many. @returns how many.
   */
  prune(): number;
  /** Begins what is done beside everything else: to index messages, and to remove those of sessions that were deleted. */
  startUpkeep(log: Log): void;
  close(): void;
}

/** How a conversation goes on from an earlier message. */
export interface Rewinding {
  /** Position of that message; 0 for none: another conversation begins. */
  through: number;
  /** What the row says that marks it. */
  text: string;
}

/** State of a session's newest run. */
export interface RunState {
  runId: string;
  status: NonNullable<SessionRow['status']>;
  error?: string | undefined;
  /** Tokens and costs to add to the session's. */
  usage?: Usage | undefined;
  /** Tokens that the conversation fills of the model's window now; undefined when nothing new is known. */
  contextTokens?: number | undefined;
  /** `start`, `end`: told as the phase of `sessions.changed`. */
  phase?: string | undefined;
  /** `send`: told as the reason of `sessions.changed`. */
  reason?: string | undefined;
}
