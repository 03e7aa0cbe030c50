import type { UsageMessages, UsageTotals } from '../../sdk/protocol/usage-sums.ts';
import type { ModelCost } from '../config/provider-config.ts';
import type { Database } from '../database/database.ts';
import { addDays, type Period } from './calendar.ts';
import { type PriceState, quarterSeconds } from './ledger.ts';
import { isFlat, toCost } from './price.ts';
import type { LatencyStep } from './sums.ts';

/** What a scope has taken in a period, in rows of one day; or, for a session, of a quarter of an hour. */
export interface UsageRows {
  tokens: TokenRow[];
  activity: ActivityRow[];
  tools: { tool: string; calls: number }[];
  latency: (LatencyStep & Slot)[];
}

/** A stretch of time that a row is about. */
interface Slot {
  date: string;
  /** Its beginning, seconds since the epoch. */
  slot: number;
}

export interface TokenRow extends Slot {
  provider: string;
  model: string;
  calls: number;
  totals: UsageTotals;
}

export interface ActivityRow extends Slot {
  messages: UsageMessages;
}

/** Reads the sums of the ledger. Every read follows an index, and its length depends on the time that it covers alone. */
export interface UsageReader {
  /** By days of the calendar. */
  byDay(scope: string, period: Period): UsageRows;
  /** By quarters of an hour, as sessions are kept. */
  byQuarter(scope: string, period: Period): UsageRows;
  /** Names of the agents that have ever asked a model. */
  agents(): string[];
}

interface Range {
  scope: string;
  unit: number;
  from: number;
  to: number;
  /** Rows are joined that lie in the same stretch of so many seconds from `from` on. */
  step: number;
  dateOf(slot: number): string;
}

export function createUsageReader(
  database: Database,
  priceOf: (provider: string, model: string) => ModelCost | undefined,
): UsageReader {
  const where = 'WHERE scope = ?2 AND unit = ?3 AND slot >= ?1 AND slot < ?4';
  const at = '?1 + ((slot - ?1) / ?5) * ?5 AS at';
  const tokens = database.prepare(
    `SELECT ${at}, provider, model, state, sum(calls) AS calls, sum(input) AS input, sum(output) AS output,
     sum(cache_read) AS cacheRead, sum(cache_write) AS cacheWrite, sum(input_cost) AS inputCost, sum(output_cost) AS outputCost,
     sum(cache_read_cost) AS cacheReadCost, sum(cache_write_cost) AS cacheWriteCost
     FROM usage_tokens ${where} GROUP BY at, provider, model, state ORDER BY at`,
  );
  const activity = database.prepare(
    `SELECT ${at}, sum(user_rows) AS user, sum(assistant_rows) AS assistant, sum(tool_calls) AS toolCalls,
     sum(tool_results) AS toolResults, sum(errors) AS errors FROM usage_activity ${where} GROUP BY at ORDER BY at`,
  );
  const tools = database.prepare(`SELECT tool, sum(calls) AS calls FROM usage_tools ${where} GROUP BY tool`);
  const latency = database.prepare(
    `SELECT ${at}, step, sum(runs) AS runs, sum(sum_ms) AS sumMs, min(min_ms) AS minMs, max(max_ms) AS maxMs
     FROM usage_latency ${where} GROUP BY at, step ORDER BY at`,
  );
  const oldest = database.prepare('SELECT min(slot) AS slot FROM usage_activity WHERE scope = ? AND unit = ?');
  const nextAgent = database.prepare(
    `SELECT min(scope) AS scope FROM usage_activity WHERE scope > ? AND scope < 'agent;'`,
  );

  const read = ({ scope, unit, from, to, step, dateOf }: Range): UsageRows => {
    const range = [from, scope, unit, to, step] as const;
    const place = (row: { at: number }): Slot => ({ date: dateOf(row.at), slot: row.at });
    return {
      tokens: (tokens.all(...range) as unknown as StoredTokens[]).map((row) => {
        const { provider, model, calls } = row;
        return { ...place(row), provider, model, calls, totals: toTotals(row, priceOf(provider, model)) };
      }),
      activity: (activity.all(...range) as unknown as StoredActivity[]).map(({ at, ...counts }) => ({
        ...place({ at }),
        messages: { total: counts.user + counts.assistant, ...counts },
      })),
      tools: tools.all(from, scope, unit, to) as unknown as UsageRows['tools'],
      latency: (latency.all(...range) as unknown as (LatencyStep & { at: number })[]).map((row) => ({
        ...row,
        ...place(row),
      })),
    };
  };

  return {
    byDay(scope, period) {
      const first = oldest.get(scope, period.unit)?.slot;
      if (typeof first !== 'number') return join([]);
      const parts = period.stretches(first * 1000).map(({ start, end, dayLength, firstDate }) =>
        read({
          scope,
          unit: period.unit,
          from: start,
          to: end,
          step: dayLength,
          dateOf: (slot) => addDays(firstDate, Math.floor((slot - start) / dayLength)),
        }),
      );
      return join(parts);
    },
    byQuarter(scope, { startMs, endMs, dateOf }) {
      const [from, to] = [startMs, endMs + 1].map((ms) => Math.floor(ms / 1000)) as [number, number];
      const unit = quarterSeconds;
      return read({ scope, unit, from, to, step: unit, dateOf: (slot) => dateOf(slot * 1000) });
    },
    agents() {
      const found: string[] = [];
      let scope = 'agent:';
      for (;;) {
        const next = nextAgent.get(scope)?.scope;
        if (typeof next !== 'string') return found;
        scope = next;
        found.push(scope.slice('agent:'.length));
      }
    },
  };
}

interface StoredTokens {
  at: number;
  provider: string;
  model: string;
  state: PriceState;
  calls: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  inputCost: number;
  outputCost: number;
  cacheReadCost: number;
  cacheWriteCost: number;
}

type StoredActivity = { at: number } & Omit<UsageMessages, 'total'>;

/** Calls that had no price when they were made have today's, where that does not depend on each one's size. */
function toTotals(row: StoredTokens, price: ModelCost | undefined): UsageTotals {
  const { input, output, cacheRead, cacheWrite } = row;
  const { inputCost, outputCost, cacheReadCost, cacheWriteCost } = row;
  const tokens = { input, output, cacheRead, cacheWrite, totalTokens: input + output + cacheRead + cacheWrite };
  if (row.state === 'priced') {
    const totalCost = inputCost + outputCost + cacheReadCost + cacheWriteCost;
    return { ...tokens, totalCost, inputCost, outputCost, cacheReadCost, cacheWriteCost, missingCostEntries: 0 };
  }
  const late = row.state === 'unpriced' && isFlat(price);
  const cost = late ? toCost({ ...tokens, total: tokens.totalTokens }, price) : undefined;
  return {
    ...tokens,
    totalCost: cost?.total ?? 0,
    inputCost: cost?.input ?? 0,
    outputCost: cost?.output ?? 0,
    cacheReadCost: cost?.cacheRead ?? 0,
    cacheWriteCost: cost?.cacheWrite ?? 0,
    missingCostEntries: cost ? 0 : row.calls,
    ...(!cost && { missingCostByModel: { [`${row.provider}/${row.model}`]: row.calls } }),
  };
}

/** Rows of several scopes or stretches as one. */
export function join(parts: readonly UsageRows[]): UsageRows {
  return {
    tokens: parts.flatMap((part) => part.tokens),
    activity: parts.flatMap((part) => part.activity),
    tools: parts.flatMap((part) => part.tools),
    latency: parts.flatMap((part) => part.latency),
  };
}
