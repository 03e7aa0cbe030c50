import type { Latency, ModelUsage, ToolUsage, UsageMessages, UsageTotals } from '../../sdk/protocol/usage-sums.ts';
import { fromLatencyStep } from './ledger.ts';

export function noTotals(): UsageTotals {
  return {
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
    totalTokens: 0,
    totalCost: 0,
    inputCost: 0,
    outputCost: 0,
    cacheReadCost: 0,
    cacheWriteCost: 0,
    missingCostEntries: 0,
  };
}

const summed = Object.keys(noTotals()) as Exclude<keyof UsageTotals, 'missingCostByModel'>[];

/** Adds to `target` and answers it. */
export function addTotals(target: UsageTotals, more: UsageTotals): UsageTotals {
  for (const member of summed) target[member] += more[member];
  for (const [model, calls] of Object.entries(more.missingCostByModel ?? {})) {
    target.missingCostByModel ??= {};
    target.missingCostByModel[model] = (target.missingCostByModel[model] ?? 0) + calls;
  }
  return target;
}

/** Sums by name, in the order in which the names came. */
export function sumBy<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  totalsOf: (row: Row) => UsageTotals,
): Map<string, UsageTotals> {
  const sums = new Map<string, UsageTotals>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = sums.get(name);
    if (sum) addTotals(sum, totalsOf(row));
    else sums.set(name, addTotals(noTotals(), totalsOf(row)));
  }
  return sums;
}

/** Most expensive first, then most tokens. */
export function byCost<Row extends { totals: UsageTotals }>(rows: readonly Row[]): Row[] {
  return rows.toSorted(
    (a, b) => b.totals.totalCost - a.totals.totalCost || b.totals.totalTokens - a.totals.totalTokens,
  );
}

/** Joins rows of the same model, or of the same provider when `whole`. */
export function toModelUsage(
  rows: readonly { provider: string; model: string; calls: number; totals: UsageTotals }[],
  whole = false,
): ModelUsage[] {
  const models = new Map<string, ModelUsage>();
  for (const { provider, model, calls, totals } of rows) {
    const name = JSON.stringify(whole ? [provider] : [provider, model]);
    const known = models.get(name) ?? { provider, ...(!whole && { model }), count: 0, totals: noTotals() };
    known.count += calls;
    addTotals(known.totals, totals);
    models.set(name, known);
  }
  return byCost([...models.values()]);
}

export function noMessageCounts(): UsageMessages {
  return { total: 0, user: 0, assistant: 0, toolCalls: 0, toolResults: 0, errors: 0 };
}

/** Adds to `target` and answers it. */
export function addMessages(target: UsageMessages, more: UsageMessages): UsageMessages {
  for (const member of Object.keys(target) as (keyof UsageMessages)[]) target[member] += more[member];
  return target;
}

export function toToolUsage(rows: readonly { tool: string; calls: number }[]): ToolUsage {
  const counts = new Map<string, number>();
  for (const { tool, calls } of rows) counts.set(tool, (counts.get(tool) ?? 0) + calls);
  const tools = [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  return { totalCalls: tools.reduce((sum, { count }) => sum + count, 0), uniqueTools: tools.length, tools };
}

/** Answers that took about as long as each other. */
export interface LatencyStep {
  step: number;
  runs: number;
  sumMs: number;
  minMs: number;
  maxMs: number;
}

/** Undefined when nothing was answered. */
export function toLatency(rows: readonly LatencyStep[]): Latency | undefined {
  const count = rows.reduce((sum, { runs }) => sum + runs, 0);
  if (count === 0) return undefined;
  const maxMs = Math.max(...rows.map((row) => row.maxMs));
  let below = 0;
  const at = rows
    .toSorted((a, b) => a.step - b.step)
    .find(({ runs }) => {
      below += runs;
      return below >= count * 0.95;
    });
  return {
    count,
    avgMs: rows.reduce((sum, { sumMs }) => sum + sumMs, 0) / count,
    minMs: Math.min(...rows.map((row) => row.minMs)),
    maxMs,
    p95Ms: at ? Math.min(maxMs, fromLatencyStep(at.step)) : maxMs,
  };
}
