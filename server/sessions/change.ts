import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { StoredSession } from './row.ts';

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
  /** Milliseconds since the epoch. */
  updatedAt?: number | undefined;
}

const columnOf = {
  label: 'label',
  displayName: 'display_name',
  category: 'category',
  model: 'model',
  thinkingLevel: 'thinking',
  archived: 'archived',
  pinned: 'pinned',
} as const satisfies Record<keyof SessionChange, keyof StoredSession>;

/** The columns that a change sets, with their values. */
export function toAssignments(change: SessionChange): { columns: string[]; values: (string | number | null)[] } {
  const set = (Object.keys(columnOf) as (keyof SessionChange)[]).filter((member) => change[member] !== undefined);
  return {
    columns: set.map((member) => columnOf[member]),
    values: set.map((member) => {
      const value = change[member];
      return typeof value === 'boolean' ? Number(value) : (value ?? null);
    }),
  };
}

/** @throws GatewayError INVALID_REQUEST with `details.reason: 'session-changed'` when a condition does not hold. */
export function requireExpected(row: StoredSession, expected: Expected = {}): void {
  const holds =
    (expected.sessionId ?? row.session_id) === row.session_id &&
    (expected.lifecycleRevision ?? String(row.revision)) === String(row.revision) &&
    (expected.updatedAt ?? row.updated_at) === row.updated_at;
  if (holds) return;
  throw new GatewayError(
    'INVALID_REQUEST',
    `session ${row.key} has changed since it was read: read it again, then retry`,
    {
      details: { reason: 'session-changed', key: row.key, sessionId: row.session_id },
    },
  );
}
