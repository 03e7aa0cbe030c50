import type { SessionUsage } from '../../sdk/protocol/usage-report.ts';
import type { DailyModelUsage, UsageDay, UsageMessages } from '../../sdk/protocol/usage-sums.ts';
import type { ActivityRow, TokenRow, UsageRows } from './rows.ts';
import {
  addMessages,
  addTotals,
  type LatencyStep,
  noMessageCounts,
  noTotals,
  sumBy,
  toLatency,
  toModelUsage,
  toToolUsage,
} from './sums.ts';

/** Rows of one conversation, or of all that had a key, as a report shows them. */
export function toSessionUsage(
  sessionId: string,
  rows: UsageRows,
  activeMs: { first: number; last: number },
): SessionUsage {
  const totals = noTotals();
  for (const row of rows.tokens) addTotals(totals, row.totals);
  const messageCounts = noMessageCounts();
  for (const row of rows.activity) addMessages(messageCounts, row.messages);
  const [dailyLatency, dailyModelUsage] = [toDailyLatency(rows.latency), toDailyModels(rows.tokens)];
  const latency = toLatency(rows.latency);
  return {
    ...totals,
    sessionId,
    firstActivity: activeMs.first,
    lastActivity: activeMs.last,
    durationMs: activeMs.last - activeMs.first,
    activityDates: [...new Set([...rows.tokens, ...rows.activity].map(({ date }) => date))].sort(),
    dailyBreakdown: toDays(rows.tokens).map((day) => ({ ...day, tokens: day.totalTokens, cost: day.totalCost })),
    dailyMessageCounts: toDailyMessages(rows.activity),
    utcQuarterHourMessageCounts: toQuarterMessages(rows.activity),
    utcQuarterHourTokenUsage: toQuarterTokens(rows.tokens),
    ...(dailyLatency.length > 0 && { dailyLatency }),
    ...(dailyModelUsage.length > 0 && { dailyModelUsage }),
    messageCounts,
    ...(rows.tools.length > 0 && { toolUsage: toToolUsage(rows.tools) }),
    ...(rows.tokens.length > 0 && { modelUsage: toModelUsage(rows.tokens) }),
    ...(latency && { latency }),
  };
}

/** Totals by day, oldest first. */
export function toDays(rows: readonly TokenRow[]): UsageDay[] {
  const days = sumBy(
    rows,
    ({ date }) => date,
    ({ totals }) => totals,
  );
  return [...days].map(([date, totals]) => ({ date, ...totals })).sort(byDate);
}

export function toDailyMessages(rows: readonly ActivityRow[]): (UsageMessages & { date: string })[] {
  const days = new Map<string, UsageMessages>();
  for (const { date, messages } of rows) days.set(date, addMessages(days.get(date) ?? noMessageCounts(), messages));
  return [...days].map(([date, messages]) => ({ date, ...messages })).sort(byDate);
}

export function toDailyLatency(rows: readonly (LatencyStep & { date: string })[]) {
  const days = Map.groupBy(rows, ({ date }) => date);
  return [...days]
    .flatMap(([date, steps]) => {
      const latency = toLatency(steps);
      return latency ? [{ date, ...latency }] : [];
    })
    .sort(byDate);
}

/** Oldest day first; of a day, the most expensive model first. */
export function toDailyModels(rows: readonly TokenRow[]): DailyModelUsage[] {
  const days = Map.groupBy(rows, ({ date, provider, model }) => JSON.stringify([date, provider, model]));
  return [...days.values()]
    .flatMap((same) => {
      const [first] = same;
      if (!first) return [];
      const { date, provider, model } = first;
      const sum = (of: (row: TokenRow) => number) => same.reduce((all, row) => all + of(row), 0);
      const [tokens, cost] = [sum(({ totals }) => totals.totalTokens), sum(({ totals }) => totals.totalCost)];
      return [{ date, provider, model, tokens, cost, count: sum(({ calls }) => calls) }];
    })
    .sort((a, b) => byDate(a, b) || b.cost - a.cost);
}

function toQuarterMessages(rows: readonly ActivityRow[]) {
  return [...Map.groupBy(rows, ({ slot }) => slot)].map(([slot, same]) => ({
    ...toQuarter(slot),
    ...same.reduce((sum, { messages }) => addMessages(sum, messages), noMessageCounts()),
  }));
}

function toQuarterTokens(rows: readonly TokenRow[]) {
  return [...Map.groupBy(rows, ({ slot }) => slot)].map(([slot, same]) => {
    const sum = same.reduce((all, { totals }) => addTotals(all, totals), noTotals());
    const { input, output, cacheRead, cacheWrite, totalTokens, totalCost } = sum;
    return { ...toQuarter(slot), input, output, cacheRead, cacheWrite, totalTokens, totalCost };
  });
}

function toQuarter(slot: number): { date: string; quarterIndex: number } {
  const at = new Date(slot * 1000);
  return {
    date: at.toISOString().slice(0, 10),
    quarterIndex: at.getUTCHours() * 4 + Math.floor(at.getUTCMinutes() / 15),
  };
}

const byDate = (a: { date: string }, b: { date: string }) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0);
