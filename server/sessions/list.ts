import type { StatementSync } from 'node:sqlite';
import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { Database } from '../database/database.ts';
import type { Decorations, Rows } from './rows.ts';

/** Which sessions a list shows, and in which order; transient ones never. */
export interface SessionFilter extends Decorations {
  limit: number;
  offset: number;
  /** `updatedAt` by default: pinned ones first, then the newest change. */
  sortBy?: 'updatedAt' | 'lastInteractionAt' | 'activity' | undefined;
  agentId?: string | undefined;
  /** Only sessions of these agents. */
  agentIds?: readonly string[] | undefined;
  label?: string | undefined;
  /** Looked for in key, label and display name. */
  search?: string | undefined;
  /** Milliseconds since the epoch; of activity when sorted by that, of changes otherwise. */
  updatedSince?: number | undefined;
  archived: boolean | 'all';
  /** Only those in which a run is queued or working. */
  activeOnly?: boolean | undefined;
  /** Only those that a person has written to. */
  hasInteraction?: boolean | undefined;
  boardFace?: 'chat' | 'dashboard' | undefined;
  spawnedBy?: string | undefined;
}

/** A question to the table of sessions. */
export interface ListQuery {
  page: string;
  count: string;
  values: (string | number)[];
  /** True when nothing but sessions that come, go or are archived changes the count. */
  isStable: boolean;
}

/** A function that lists sessions. */
export function createSessionList(database: Database, rows: Rows) {
  const statements = new Map<string, StatementSync>();
  const totals = new Map<string, number>();
  let { rollbacks } = database;
  database.watch({ name: 'sessions', key: 'key', columns: ['archived', 'transient', 'board_face'] }, () =>
    totals.clear(),
  );

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= maxStatements) statements.clear();
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };

  const count = ({ count: sql, values, isStable }: ListQuery): number => {
    if (database.rollbacks !== rollbacks) totals.clear();
    rollbacks = database.rollbacks;
    const name = isStable ? `${sql}\n${values.join('\n')}` : '';
    const known = totals.get(name);
    if (known !== undefined) return known;
    const total = Number(prepare(sql).get(...values)?.n);
    if (isStable && totals.size < maxStatements) totals.set(name, total);
    return total;
  };

  return (filter: SessionFilter): { rows: SessionRow[]; total: number } => {
    const query = toListQuery(filter);
    const keys = prepare(query.page).all(...query.values, filter.limit, filter.offset) as { key: string }[];
    const total = keys.length < filter.limit && filter.offset === 0 ? keys.length : count(query);
    return { rows: keys.flatMap(({ key }) => rows.show(key, filter) ?? []), total };
  };
}

/** Statements and counts that are remembered: forms of the filter, not their values. */
const maxStatements = 256;

const orders = {
  updatedAt: 'pinned DESC, updated_at DESC, key',
  lastInteractionAt: 'last_interaction_at DESC, key',
  activity: 'activity_at DESC, key',
} as const;

/** The SQL of a list: every order has an index that gives its rows in turn. */
export function toListQuery(filter: SessionFilter): ListQuery {
  const { sortBy = 'updatedAt', archived, agentId } = filter;
  const conditions = ['transient = 0'];
  const values: (string | number)[] = [];
  const require = (condition: string, ...parameters: (string | number)[]) => {
    conditions.push(condition);
    values.push(...parameters);
  };
  if (archived !== 'all') require('archived = ?', Number(archived));
  if (agentId !== undefined) require('agent_id = ?', agentId);
  if (filter.boardFace === 'chat') require("coalesce(board_face, 'chat') = 'chat'");
  if (filter.boardFace === 'dashboard') require("board_face = 'dashboard'");
  const plain = conditions.length;
  if (filter.agentIds) require('agent_id IN (SELECT value FROM json_each(?))', JSON.stringify(filter.agentIds));
  if (filter.label !== undefined) require('label = ?', filter.label);
  if (filter.activeOnly) require("status IN ('queued', 'running')");
  if (filter.hasInteraction) require('last_interaction_at IS NOT NULL');
  if (filter.spawnedBy !== undefined) require('spawned_by = ?', filter.spawnedBy);
  if (filter.updatedSince !== undefined)
    require(`${sortBy === 'activity' ? 'activity_at' : 'updated_at'} >= ?`, filter.updatedSince);
  if (filter.search) require('instr(names, ?) > 0', filter.search.toLowerCase());
  const index = toIndex(filter);
  const from = `FROM sessions ${index ? `INDEXED BY ${index}` : ''} WHERE ${conditions.join(' AND ')}`;
  return {
    page: `SELECT key ${from} ORDER BY ${orders[sortBy]} LIMIT ? OFFSET ?`,
    count: `SELECT count(*) AS n ${from}`,
    values,
    isStable: conditions.length === plain,
  };
}

/** The index that a list walks along; undefined where a filter leaves so few rows that SQLite may choose. */
function toIndex({ sortBy = 'updatedAt', archived, agentId, ...filter }: SessionFilter): string | undefined {
  if (filter.spawnedBy !== undefined) return 'sessions_spawned';
  if (filter.activeOnly) return 'sessions_at_work';
  if (filter.boardFace === 'dashboard') return 'sessions_of_face';
  if (filter.label !== undefined) return undefined;
  if (sortBy === 'lastInteractionAt') return 'sessions_by_interaction';
  if (sortBy === 'activity') return 'sessions_by_activity';
  if (archived === 'all') return 'sessions_listed_all';
  return agentId === undefined ? 'sessions_listed' : 'sessions_listed_of_agent';
}
