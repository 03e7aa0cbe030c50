import type { GatewayError } from '../../sdk/protocol/errors.ts';
import type { PermissionMode, ToolOverrides } from '../../sdk/protocol/session-row.ts';
import { sessionChanged } from './faults.ts';
import { parseSettings, type SessionSettings, type StoredSession } from './row.ts';
import { isAs } from './same.ts';

/** What may be changed by hand; null takes a value away, undefined leaves it. */
export type SessionChange = {
  [Member in Exclude<keyof SessionSettings, 'statusExpiresAt'>]?: SessionSettings[Member] | null | undefined;
} & {
  label?: string | null | undefined;
  displayName?: string | null | undefined;
  category?: string | null | undefined;
  boardFace?: 'chat' | 'dashboard' | undefined;
  /** Model reference. */
  model?: string | null | undefined;
  thinkingLevel?: string | null | undefined;
  archived?: boolean | undefined;
  pinned?: boolean | undefined;
  /** True marks it unread, false read. */
  unread?: boolean | undefined;
  /** Minutes after which `statusNote` and `attention` go away. */
  ttlMinutes?: number | undefined;
};

/** Conditions under which a change still applies. */
export interface Expected {
  sessionId?: string | undefined;
  lifecycleRevision?: string | undefined;
  /** Milliseconds since the epoch. */
  updatedAt?: number | undefined;
  /** Null: not marked. */
  markedUnreadAt?: number | null | undefined;
  /** Null: none. */
  permissionMode?: PermissionMode | null | undefined;
  /** Null: none. */
  toolOverrides?: ToolOverrides | null | undefined;
}

type Columns = Partial<Record<keyof StoredSession | 'names', string | number | null>>;

/** The columns that a change sets, with their values. */
export function toColumns(row: StoredSession, change: SessionChange, now: number): Columns {
  const columns: Columns = {
    ...(change.label !== undefined && { label: change.label }),
    ...(change.displayName !== undefined && { display_name: change.displayName }),
    ...(change.category !== undefined && { category: change.category }),
    ...(change.boardFace !== undefined && { board_face: change.boardFace }),
    ...(change.model !== undefined && { model: change.model }),
    ...(change.thinkingLevel !== undefined && { thinking: change.thinkingLevel }),
    ...(change.archived !== undefined && toFlag('archived', row, change.archived, now)),
    ...(change.pinned !== undefined && toFlag('pinned', row, change.pinned, now)),
    ...(change.unread === true && { marked_unread_at: now }),
    ...(change.unread === false && { marked_unread_at: null, last_read_at: now }),
    ...toSettings(row, change, now),
  };
  if (change.label === undefined && change.displayName === undefined) return columns;
  const { label = row.label, display_name = row.display_name } = columns;
  return { ...columns, names: toNames(row.key, String(label ?? ''), String(display_name ?? '')) };
}

/** What the filter of lists looks through. */
export function toNames(key: string, label = '', displayName = ''): string {
  return `${key}\n${label}\n${displayName}`.toLowerCase();
}

/** @throws GatewayError INVALID_REQUEST with `details.reason: 'session-changed'` when a condition does not hold. */
export function requireExpected(row: StoredSession, expected: Expected = {}): void {
  const settings = parseSettings(row, Date.now());
  const holds =
    (expected.sessionId ?? row.session_id) === row.session_id &&
    (expected.lifecycleRevision ?? String(row.revision)) === String(row.revision) &&
    (expected.updatedAt ?? row.updated_at) === row.updated_at &&
    isAs(expected.markedUnreadAt, row.marked_unread_at) &&
    isAs(expected.permissionMode, settings.permissionMode) &&
    isAs(expected.toolOverrides, settings.toolOverrides);
  if (!holds) throw hasChanged(row);
}

/** The refusal of a change of something that is not as it was read any more. */
export function hasChanged({ key, session_id: sessionId }: StoredSession): GatewayError {
  return sessionChanged(key, { reason: 'session-changed', sessionId });
}

// --- internal ---

function toFlag(name: 'archived' | 'pinned', row: StoredSession, value: boolean, now: number): Columns {
  const since = row[`${name}_at`];
  return { [name]: Number(value), [`${name}_at`]: value ? (since ?? now) : null };
}

const settingNames = [
  'icon',
  'color',
  'statusNote',
  'attention',
  'fastMode',
  'toolOverrides',
  'permissionMode',
  'verboseLevel',
  'traceLevel',
  'reasoningLevel',
  'elevatedLevel',
  'responseUsage',
  'sendPolicy',
  'groupActivation',
  'queueMode',
  'queueCap',
  'queueDrop',
  'queueDebounceMs',
  'completionOwnerSessionKey',
  'inheritedToolPolicyVersion',
  'inheritedToolAllow',
  'inheritedToolDeny',
] as const satisfies (keyof SessionSettings)[];

function toSettings(row: StoredSession, change: SessionChange, now: number): Columns {
  const set = settingNames.filter((name) => change[name] !== undefined);
  if (set.length === 0 && change.ttlMinutes === undefined) return {};
  const before = parseSettings(row, now);
  const after: Record<string, unknown> = { ...before };
  for (const name of set) after[name] = change[name] ?? undefined;
  // A new note lives as long as it says, or until it is taken away.
  const isNew = Boolean(change.statusNote || change.attention);
  const expiresAt = change.ttlMinutes === undefined ? undefined : now + change.ttlMinutes * 60_000;
  if (isNew || expiresAt !== undefined) after.statusExpiresAt = expiresAt;
  if (!after.statusNote && !after.attention) after.statusExpiresAt = undefined;
  const text = JSON.stringify(after);
  return { settings: text === '{}' ? null : text };
}
