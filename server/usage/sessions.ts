import type { SessionUsageRow } from '../../sdk/protocol/usage-report.ts';
import type { Database } from '../database/database.ts';
import type { Period } from './calendar.ts';
import { sessionScope } from './ledger.ts';
import type { UsageReportOptions } from './report.ts';
import { join, type UsageReader, type UsageRows } from './rows.ts';
import { toSessionUsage } from './session-usage.ts';

/** `family` joins the conversations that had the same key one after the other. */
export type Grouping = 'instance' | 'family';

/** Conversations that models were asked in during a period, newest first, and how many there are in all. */
export type UsageSessions = (
  filter: { key?: string | undefined; agentId?: string | undefined; groupBy: Grouping; limit: number },
  period: Period,
) => { sessions: ListedSession[]; count: number; longestMs: number };

type ListedSession = Omit<SessionUsageRow, 'creatorKey' | 'hasContextWeight' | 'contextWeight'> & { rows: UsageRows };

/** Conversations that had one key, of which a family shows the newest; more are left out. */
const maxInstances = 100;

export function createUsageSessions(
  database: Database,
  reader: UsageReader,
  findSession: UsageReportOptions['findSession'],
): UsageSessions {
  const instancesOf = database.prepare(
    `SELECT * FROM usage_sessions WHERE session_key = ? ORDER BY last_at DESC LIMIT ${maxInstances}`,
  );

  const toSession = (newest: StoredUsageSession, instances: readonly StoredUsageSession[], period: Period) => {
    const { session_id: sessionId, session_key: key, agent_id: agentId } = newest;
    const now = findSession(key);
    const label = now?.displayName ?? now?.label;
    const rows = join(instances.map(({ session_id }) => reader.byQuarter(sessionScope(session_id), period)));
    const first = Math.max(period.startMs, Math.min(...instances.map(({ first_at }) => first_at)));
    const last = Math.min(period.endMs, newest.last_at);
    return {
      key,
      ...(label !== undefined && { label }),
      sessionId,
      updatedAt: newest.last_at,
      agentId,
      ...(now?.sessionId === sessionId && { modelProvider: now.modelProvider, model: now.model }),
      usage: toSessionUsage(sessionId, rows, { first, last: Math.max(first, last) }),
      rows,
    };
  };

  const toFamily = (newest: StoredUsageSession, period: Period) => {
    const instances = instancesOf.all(newest.session_key) as unknown as StoredUsageSession[];
    const ids = instances.map(({ session_id }) => session_id);
    return {
      ...toSession(newest, instances, period),
      scope: 'family' as const,
      sessionFamilyKey: newest.session_key,
      currentSessionId: newest.session_id,
      includedSessionIds: ids,
      historicalInstanceCount: ids.length,
    };
  };

  return ({ key, agentId, groupBy, limit }, period) => {
    const { where, values } = toCondition({ key, agentId }, period);
    const from =
      groupBy === 'family'
        ? `FROM (SELECT *, max(last_at) FROM usage_sessions ${where} GROUP BY session_key)`
        : `FROM usage_sessions ${where}`;
    const found = database.prepare(`SELECT * ${from} ORDER BY last_at DESC, session_id LIMIT ?`);
    // The newest conversation has the key now; the earlier ones are its family.
    const most = key !== undefined && groupBy === 'instance' ? 1 : limit;
    const newest = found.all(...values, most) as unknown as StoredUsageSession[];
    const sums = database.prepare(`SELECT count(*) AS n, max(last_at - first_at) AS longest ${from}`).get(...values);
    return {
      sessions: newest.map((row) =>
        groupBy === 'family' ? toFamily(row, period) : { ...toSession(row, [row], period), scope: 'instance' as const },
      ),
      count: key === undefined ? Number(sums?.n ?? 0) : newest.length,
      longestMs: Number(sums?.longest ?? 0),
    };
  };
}

interface StoredUsageSession {
  session_id: string;
  session_key: string;
  agent_id: string;
  first_at: number;
  last_at: number;
}

function toCondition(
  { key, agentId }: { key: string | undefined; agentId: string | undefined },
  { startMs, endMs }: Period,
): { where: string; values: (string | number)[] } {
  const conditions = ['last_at >= ?', 'first_at <= ?'];
  const values: (string | number)[] = [startMs, endMs];
  const require = (condition: string, value: string) => {
    conditions.push(condition);
    values.push(value);
  };
  if (key !== undefined) require('session_key = ?', key);
  if (agentId !== undefined) require('agent_id = ?', agentId);
  return { where: `WHERE ${conditions.join(' AND ')}`, values };
}
