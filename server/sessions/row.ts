import type { PermissionMode, SessionRow, ToolOverrides } from '../../sdk/protocol/session-row.ts';

/** A row of the table `sessions`. */
export interface StoredSession {
  key: string;
  session_id: string;
  agent_id: string;
  label: string | null;
  display_name: string | null;
  category: string | null;
  board_face: NonNullable<SessionRow['boardFace']> | null;
  model: string | null;
  thinking: string | null;
  /** JSON of {@link SessionSettings}. */
  settings: string | null;
  created_at: number;
  updated_at: number;
  archived_at: number | null;
  pinned_at: number | null;
  last_interaction_at: number | null;
  last_activity_at: number | null;
  last_read_at: number | null;
  marked_unread_at: number | null;
  created_via: NonNullable<SessionRow['createdVia']> | null;
  parent_key: string | null;
  spawned_by: string | null;
  spawn_depth: number | null;
  /** JSON of `SessionRow.forkSource`. */
  fork_source: string | null;
  revision: number;
  archived: number;
  pinned: number;
  transient: number;
  status: NonNullable<SessionRow['status']> | null;
  last_run_id: string | null;
  last_run_error: string | null;
  input_tokens: number;
  output_tokens: number;
  /** US dollars since the last reset; null when some of it is not known. */
  cost_usd: number | null;
  context_tokens: number | null;
  context_fresh: number;
  compactions: number;
  /** Position of the row that marks the newest compaction; 0 without one. */
  compacted_seq: number;
  /** Rows before this position were cut off. */
  first_seq: number;
  last_seq: number;
  reset_seq: number;
  /** 1 when somebody who talks in it brought along what was said before. */
  told_history: number;
  first_words: string | null;
  last_words: string | null;
}

/** What few sessions have; named as in their row. */
export interface SessionSettings {
  icon?: string | undefined;
  color?: string | undefined;
  statusNote?: string | undefined;
  attention?: SessionRow['attention'];
  /** Milliseconds since the epoch. */
  statusExpiresAt?: number | undefined;
  fastMode?: boolean | 'auto' | undefined;
  toolOverrides?: ToolOverrides | undefined;
  permissionMode?: PermissionMode | undefined;
  verboseLevel?: string | undefined;
  traceLevel?: string | undefined;
  reasoningLevel?: string | undefined;
  elevatedLevel?: string | undefined;
  responseUsage?: SessionRow['responseUsage'];
  sendPolicy?: SessionRow['sendPolicy'];
  groupActivation?: SessionRow['groupActivation'];
  queueMode?: SessionRow['queueMode'];
  queueCap?: number | undefined;
  queueDrop?: SessionRow['queueDrop'];
  queueDebounceMs?: number | undefined;
  completionOwnerSessionKey?: string | undefined;
  inheritedToolPolicyVersion?: 1 | undefined;
  inheritedToolAllow?: string[] | undefined;
  inheritedToolDeny?: string[] | undefined;
}

/** Which model a session of an agent uses; `override` is the session's own choice. */
export type ModelOf = (
  agentId: string,
  override: string | null,
) => {
  provider: string;
  model: string;
  /** Tokens it can read; undefined when nobody said. */
  contextTokens?: number | undefined;
};

/** What a row shows besides its own columns. */
export interface Surroundings {
  mainKey: string;
  using: ReturnType<ModelOf>;
  settings: SessionSettings;
  /** Keys of the sessions that hang under it. */
  children: readonly string[];
}

/** The row as clients see it. */
export function toSessionRow(row: StoredSession, { mainKey, using, settings, children }: Surroundings): SessionRow {
  return {
    key: row.key,
    sessionId: row.session_id,
    kind: 'direct',
    agentId: row.agent_id,
    isMain: row.key === `agent:${row.agent_id}:${mainKey}`,
    ...toNames(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lifecycleRevision: String(row.revision),
    ...toMarks(row),
    ...(row.status !== null && { status: row.status }),
    hasActiveRun: row.status === 'running' || row.status === 'queued',
    ...(row.last_run_id !== null && { lastRunId: row.last_run_id }),
    ...(row.last_run_error !== null && { lastRunError: row.last_run_error }),
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    totalTokens: row.context_tokens ?? 0,
    totalTokensFresh: row.context_fresh === 1,
    ...(row.cost_usd !== null && row.context_tokens !== null && { estimatedCostUsd: row.cost_usd }),
    modelProvider: using.provider,
    model: using.model,
    ...(row.model !== null && { modelOverrideSource: 'user' as const }),
    ...(using.contextTokens !== undefined && { contextTokens: using.contextTokens }),
    ...(row.thinking !== null && { thinkingLevel: row.thinking }),
    messageCount: row.last_seq - Math.max(row.reset_seq, row.first_seq - 1),
    compactionCount: row.compactions,
    ...toLineage(row, children),
    visibility: 'shared',
    ...settings,
  };
}

/** What a session is set to; a note that has had its time is left out. */
export function parseSettings(row: Pick<StoredSession, 'settings'>, now: number): SessionSettings {
  if (row.settings === null) return {};
  const { statusNote, attention, statusExpiresAt, ...rest } = JSON.parse(row.settings) as SessionSettings;
  if (statusExpiresAt !== undefined && statusExpiresAt <= now) return rest;
  return {
    ...rest,
    ...(statusNote && { statusNote }),
    ...(attention && { attention }),
    ...(statusExpiresAt && { statusExpiresAt }),
  };
}

/** Position of the oldest row that is shown. */
export function oldestOf({ reset_seq, first_seq }: Pick<StoredSession, 'reset_seq' | 'first_seq'>): number {
  return Math.max(1, reset_seq, first_seq);
}

/** The position of the newest row, told apart from those of other transcripts. */
export function toCursor(row: Pick<StoredSession, 'session_id' | 'revision' | 'last_seq'>): string {
  return Buffer.from(JSON.stringify([row.session_id, row.revision, row.last_seq])).toString('base64url');
}

/** Reads a cursor; undefined when it is garbage. */
export function parseCursor(text: string): { sessionId: string; revision: number; seq: number } | undefined {
  try {
    const [sessionId, revision, seq] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (typeof sessionId !== 'string' || typeof revision !== 'number' || typeof seq !== 'number') return undefined;
    return { sessionId, revision, seq };
  } catch {
    return undefined; // a client's old or mangled cursor is answered with `reset`, not with an error
  }
}

// --- internal ---

function toNames(row: StoredSession) {
  return {
    ...(row.label !== null && { label: row.label }),
    ...(row.display_name !== null && { displayName: row.display_name }),
    ...(row.category !== null && { category: row.category }),
    ...(row.board_face !== null && { boardFace: row.board_face }),
  };
}

function toMarks(row: StoredSession) {
  const isUnread =
    row.marked_unread_at !== null || (row.last_read_at !== null && (row.last_activity_at ?? 0) > row.last_read_at);
  return {
    ...(row.archived === 1 && { archived: true, archivedAt: row.archived_at ?? row.updated_at }),
    ...(row.pinned === 1 && { pinned: true, pinnedAt: row.pinned_at ?? row.updated_at }),
    ...(isUnread && { unread: true }),
    ...(row.last_read_at !== null && { lastReadAt: row.last_read_at }),
    ...(row.marked_unread_at !== null && { markedUnreadAt: row.marked_unread_at }),
    ...(row.last_activity_at !== null && { lastActivityAt: row.last_activity_at }),
    ...(row.last_interaction_at !== null && { lastInteractionAt: row.last_interaction_at }),
  };
}

function toLineage(row: StoredSession, children: readonly string[]): Partial<SessionRow> {
  return {
    ...(row.parent_key !== null && { parentSessionKey: row.parent_key }),
    ...(row.spawned_by !== null && { spawnedBy: row.spawned_by }),
    ...(row.spawn_depth !== null && { spawnDepth: row.spawn_depth }),
    ...(children.length > 0 && { childSessions: [...children] }),
    ...(row.fork_source !== null && { forkedFromParent: true, forkSource: JSON.parse(row.fork_source) }),
    ...(row.created_via !== null && { createdVia: row.created_via }),
  };
}
