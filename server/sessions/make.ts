import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { CreatedVia } from '../../sdk/protocol/session-row.ts';
import type { Database } from '../database/database.ts';
import { type SessionChange, toColumns, toNames } from './change.ts';
import { sessionNotFound } from './faults.ts';
import { createFork } from './fork.ts';
import { parseSessionKey } from './key.ts';
import { createOrderedId } from './ordered-id.ts';
import type { StoredSession } from './row.ts';
import type { Rows } from './rows.ts';

/** What a session is made with; without meaning for one that is there already, but for `transient`. */
export interface Making {
  /** In no list, and pruned after a day. */
  transient?: boolean | undefined;
  change?: SessionChange | undefined;
  createdVia?: CreatedVia | undefined;
  /** The idempotency key that makes it. */
  creationKey?: string | undefined;
  /** Key of the session it hangs under. */
  parentKey?: string | undefined;
  spawnedBy?: string | undefined;
  spawnDepth?: number | undefined;
  /** Key of the session whose conversation it begins with. */
  forkOf?: string | undefined;
}

/** Functions that make and change rows of sessions. */
export function createMaking({ database, rows }: { database: Database; rows: Rows }) {
  const byLabel = database.prepare('SELECT key FROM sessions WHERE label = ? AND archived = 0');
  const insert = database.prepare(
    `INSERT INTO sessions (key, session_id, agent_id, transient, created_at, updated_at, names, created_via,
     creation_key, parent_key, spawned_by, spawn_depth) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
  );
  // What was written while it was transient is in no index yet.
  const keep = database.prepare(
    `UPDATE sessions SET backlog_seq = iif(?1 = 0 AND transient = 1, last_seq, backlog_seq),
     transient = ?1, updated_at = ?2 WHERE key = ?3`,
  );
  const fork = createFork(database);

  const requireFreeLabel = (label: string, key: string) => {
    const holder = byLabel.get(label);
    if (!holder || holder.key === key) return;
    throw new GatewayError('INVALID_REQUEST', `label already in use: ${label} (by ${holder.key})`, {
      details: { code: 'LABEL_IN_USE', key: holder.key },
    });
  };

  /** Contract: called inside `database.write`. */
  const apply = (row: StoredSession, change: SessionChange): void => {
    const now = Date.now();
    const columns = Object.entries(toColumns(row, change, now));
    if (columns.length === 0) return;
    const isLive = change.archived === undefined ? row.archived === 0 : !change.archived;
    const label = change.label === undefined ? row.label : change.label;
    // One that comes back from the archive may find its label taken.
    if (label && isLive && (change.label !== undefined || change.archived === false)) requireFreeLabel(label, row.key);
    const set = columns.map(([column]) => `${column} = ?`).join(', ');
    const values = columns.map(([, value]) => value);
    database.prepare(`UPDATE sessions SET ${set}, updated_at = ? WHERE key = ?`).run(...values, now, row.key);
  };

  const make = (key: string, { transient, change, parentKey, forkOf, ...rest }: Making): void => {
    const { agentId } = parseSessionKey(key, { agentId: '', mainKey: '' });
    const parent = requireParent(rows, forkOf ?? parentKey);
    const now = Date.now();
    // Those in lists are told apart by the beginning of their id; that of the others, of which there are many, is the time.
    const sessionId = transient ? createOrderedId() : randomUUID();
    const via = rest.createdVia ?? 'run';
    const lineage = [parent?.key ?? null, rest.spawnedBy ?? null, rest.spawnDepth ?? null];
    const made = [now, now, toNames(key), via, rest.creationKey ?? null, ...lineage];
    rows.learn(insert.get(key, sessionId, agentId, Number(transient ?? false), ...made) as unknown as StoredSession);
    if (parent && forkOf !== undefined) fork(parent, key, sessionId);
    const row = change && rows.find(key);
    if (row) apply(row, change);
  };

  return {
    apply,
    /** @returns `isKept`: it was transient until now. */
    ensure(key: string, making: Making): { created: boolean; isKept: boolean } {
      const { transient = false } = making;
      const existing = rows.find(key);
      if (!existing) database.write(() => make(key, making));
      else if (existing.transient === 1) database.write(() => keep.run(Number(transient), Date.now(), key));
      return { created: !existing, isKept: existing?.transient === 1 && !transient };
    },
  };
}

function requireParent(rows: Rows, key: string | undefined): StoredSession | undefined {
  if (key === undefined) return undefined;
  const parent = rows.find(key);
  if (parent) return parent;
  throw sessionNotFound(key, 'parent session');
}
