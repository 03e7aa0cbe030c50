import type { SessionsUsage, UsageAggregates } from '../../sdk/protocol/usage-report.ts';
import type { CostSummary } from '../../sdk/protocol/usage-sums.ts';
import type { ModelCost } from '../config/provider-config.ts';
import type { Database } from '../database/database.ts';
import { type DateRequest, type Period, resolvePeriod } from './calendar.ts';
import { agentScope } from './ledger.ts';
import { createUsageReader, join, type UsageRows } from './rows.ts';
import { toDailyLatency, toDailyMessages, toDailyModels, toDays } from './session-usage.ts';
import { createUsageSessions, type Grouping, type UsageSessions } from './sessions.ts';
import {
  addMessages,
  addTotals,
  byCost,
  noMessageCounts,
  noTotals,
  toLatency,
  toModelUsage,
  toToolUsage,
} from './sums.ts';

/** What models have taken, added up for people. Days are those of the calendar that the caller names. */
export interface UsageReport {
  /** @param agentId one agent; undefined for all. @throws GatewayError INVALID_REQUEST for a range that there is not. */
  cost(request: DateRequest, agentId: string | undefined): CostSummary;
  /** @throws as `cost`. */
  sessions(request: SessionsRequest): SessionsUsage;
  /** True when the agent has ever asked a model, also when it has been deleted since. */
  knowsAgent(agentId: string): boolean;
}

export interface SessionsRequest extends DateRequest {
  /** Canonical; only this conversation. */
  key?: string | undefined;
  /** Only conversations of this agent. */
  agentId?: string | undefined;
  groupBy: Grouping;
  /** Conversations in the list; the sums are over all of them. */
  limit: number;
  /** Answers `contextWeight`, which is always null. */
  includeContextWeight?: boolean | undefined;
}

export interface UsageReportOptions {
  database: Database;
  priceOf(provider: string, model: string): ModelCost | undefined;
  /** The session as it is now; undefined when it has been deleted. */
  findSession(key: string):
    | {
        sessionId: string;
        displayName?: string | undefined;
        label?: string | undefined;
        modelProvider: string;
        model: string;
      }
    | undefined;
}

/** Nobody is told apart who starts conversations. */
const anybody = '["unknown"]';

export function createUsageReport({ database, priceOf, findSession }: UsageReportOptions): UsageReport {
  const reader = createUsageReader(database, priceOf);
  const list = createUsageSessions(database, reader, findSession);
  const readAgents = (agentIds: readonly string[], period: Period) =>
    agentIds.map((agentId) => ({ agentId, rows: reader.byDay(agentScope(agentId), period) }));

  return {
    cost(request, agentId) {
      const period = resolvePeriod(request);
      const agents = readAgents(agentId === undefined ? reader.agents() : [agentId], period);
      const { tokens } = join(agents.map(({ rows }) => rows));
      return {
        updatedAt: Date.now(),
        days: period.days,
        daily: toDays(tokens),
        totals: tokens.reduce((sum, { totals }) => addTotals(sum, totals), noTotals()),
        cacheStatus: fresh(),
      };
    },
    sessions(request) {
      const period = resolvePeriod(request);
      const { key, agentId, groupBy, limit } = request;
      const found = list({ key, agentId, groupBy, limit }, period);
      const agents =
        key !== undefined
          ? found.sessions.map((session) => ({ agentId: session.agentId, rows: session.rows }))
          : readAgents(agentId === undefined ? reader.agents() : [agentId], period);
      const aggregates = toAggregates(agents, found);
      return {
        updatedAt: Date.now(),
        startDate: period.startDate,
        endDate: period.endDate,
        sessions: found.sessions.map(({ rows: _, ...session }) => ({
          ...session,
          creatorKey: anybody,
          hasContextWeight: false,
          ...(request.includeContextWeight && { contextWeight: null }),
        })),
        totals: aggregates.byAgent.reduce((sum, { totals }) => addTotals(sum, totals), noTotals()),
        aggregates,
        creatorOptions: found.count > 0 ? [{ key: anybody }] : [],
        cacheStatus: fresh(),
      };
    },
    knowsAgent: (agentId) => reader.agents().includes(agentId),
  };
}

const fresh = (): CostSummary['cacheStatus'] => ({
  status: 'fresh',
  cachedFiles: 0,
  pendingFiles: 0,
  staleFiles: 0,
  refreshedAt: Date.now(),
});

function toAggregates(
  agents: readonly { agentId: string; rows: UsageRows }[],
  { count, longestMs }: ReturnType<UsageSessions>,
): UsageAggregates {
  const rows = join(agents.map((agent) => agent.rows));
  const costDaily = toDays(rows.tokens);
  const latency = toLatency(rows.latency);
  const totals = rows.tokens.reduce((sum, row) => addTotals(sum, row.totals), noTotals());
  return {
    sessionCount: count,
    ...(longestMs > 0 && { longestSessionDurationMs: longestMs }),
    messages: rows.activity.reduce((sum, { messages }) => addMessages(sum, messages), noMessageCounts()),
    tools: toToolUsage(rows.tools),
    byModel: toModelUsage(rows.tokens),
    byProvider: toModelUsage(rows.tokens, true),
    byAgent: toAgentTotals(agents),
    byChannel: [],
    byCreator: count > 0 ? [{ key: anybody, totals, sessionCount: count, daily: costDaily, sessionActivity: [] }] : [],
    costDaily,
    ...(latency && { latency }),
    dailyLatency: toDailyLatency(rows.latency),
    modelDaily: toDailyModels(rows.tokens),
    daily: toDailySums(rows),
  };
}

function toAgentTotals(agents: readonly { agentId: string; rows: UsageRows }[]): UsageAggregates['byAgent'] {
  const active = agents.filter(({ rows }) => rows.tokens.length > 0);
  return byCost(
    [...Map.groupBy(active, ({ agentId }) => agentId)].map(([agentId, own]) => ({
      agentId,
      totals: own.flatMap(({ rows }) => rows.tokens).reduce((sum, row) => addTotals(sum, row.totals), noTotals()),
    })),
  );
}

function toDailySums({ tokens, activity }: UsageRows): UsageAggregates['daily'] {
  const costs = new Map(toDays(tokens).map((day) => [day.date, day]));
  const messages = new Map(toDailyMessages(activity).map((day) => [day.date, day]));
  return [...new Set([...costs.keys(), ...messages.keys()])].sort().map((date) => ({
    date,
    tokens: costs.get(date)?.totalTokens ?? 0,
    cost: costs.get(date)?.totalCost ?? 0,
    messages: messages.get(date)?.total ?? 0,
    toolCalls: messages.get(date)?.toolCalls ?? 0,
    errors: messages.get(date)?.errors ?? 0,
  }));
}
