import type { ChatMessage } from '../../sdk/protocol/chat.ts';
import type { SessionRow } from '../../sdk/protocol/sessions.ts';

/** Which sessions a list shows. */
export interface SessionFilter {
  limit: number;
  offset: number;
  agentId?: string | undefined;
  label?: string | undefined;
  search?: string | undefined;
  /** Milliseconds since the epoch. */
  updatedSince?: number | undefined;
  archived: boolean | 'all';
  derivedTitles: boolean;
  lastMessages: boolean;
}

/** What may be changed by hand; null takes a value away, undefined leaves it. */
export interface SessionChange {
  label?: string | null | undefined;
  displayName?: string | null | undefined;
  category?: string | null | undefined;
  /** Model reference. */
  model?: string | null | undefined;
  thinkingLevel?: string | null | undefined;
  archived?: boolean | undefined;
  pinned?: boolean | undefined;
}

/** Conditions under which a change still applies. */
export interface Expected {
  sessionId?: string | undefined;
  lifecycleRevision?: string | undefined;
  updatedAt?: number | undefined;
}

/**
 * Conversations by key. Writes are visible to reads at once; `durable()` resolves when they are on disk.
 * Every change publishes `sessions.changed`, every new row of a transcript `session.message`.
 */
export interface SessionStore {
  /** Where the sessions are kept. */
  readonly path: string;
  find(key: string, include?: { derivedTitle?: boolean; lastMessage?: boolean }): SessionRow | undefined;
  list(filter: SessionFilter): { rows: SessionRow[]; total: number };
  count(agentId?: string): number;
  /** Finds by session id, by the beginning of one, or by label. */
  lookUp(by: { sessionId?: string; shortId?: string; label?: string; agentId?: string }): SessionRow | undefined;
  /** The session with that key, made when it is not there. */
  ensure(
    key: string,
    options?: { transient?: boolean; change?: SessionChange; reason?: string },
  ): { row: SessionRow; created: boolean };
  /** @throws GatewayError INVALID_REQUEST: no such session, label in use, or `details.reason: 'session-changed'`. */
  patch(key: string, change: SessionChange, expected?: Expected): SessionRow;
  reset(key: string, reason: string, expected?: Expected): SessionRow;
  delete(key: string, expected?: Expected): boolean;
  /** Messages since the last reset, oldest first, of the page that ends `offset` rows before the newest. */
  history(key: string, page: { limit: number; offset: number }): { messages: ChatMessage[]; total: number };
  /** Messages after a position of the transcript; undefined when the position is of another transcript. */
  historyAfter(key: string, cursor: string): { messages: ChatMessage[]; cursor: string } | undefined;
  /** Opaque; marks the newest row of the transcript. */
  cursor(key: string): string;
  durable(): Promise<void>;
}
