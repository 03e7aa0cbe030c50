import type { ProviderLimits } from '../../sdk/protocol/provider-limits.ts';
import type { SessionsUsage } from '../../sdk/protocol/usage-report.ts';
import type { CostSummary, UsageTotals } from '../../sdk/protocol/usage-sums.ts';
import { table } from './table.ts';
import { oneLine } from './text.ts';
import { ago, dollars, span } from './time.ts';
import type { Look } from './value.ts';

/** `usage.cost`: a line a day, and the sum. Contract: as the views. */
export function renderCost(payload: unknown, look: Look): string | undefined {
  const summary = payload as CostSummary;
  if (!Array.isArray(summary?.daily) || !summary.totals) return undefined;
  const period = summary.days === 1 ? '1 day' : `${summary.days} days`;
  if (summary.daily.length === 0) return `No model was asked in ${period}.\n`;
  const rows = [
    ...summary.daily.map((day) => [oneLine(day.date), ...toCells(day)]),
    [period, ...toCells(summary.totals)],
  ];
  return `${table([{ head: 'DAY' }, ...heads], rows, look)}${toRemark(summary.totals, look)}`;
}

/** `sessions.usage`: a line a conversation, then a line a model. */
export function renderSessionsUsage(payload: unknown, look: Look): string | undefined {
  const { sessions, aggregates, totals, startDate, endDate } = (payload ?? {}) as SessionsUsage;
  if (!Array.isArray(sessions) || !Array.isArray(aggregates?.byModel) || !totals) return undefined;
  const period = `${oneLine(startDate)} to ${oneLine(endDate)}`;
  if (totals.totalTokens === 0 && sessions.length === 0) return `No model was asked from ${period}.\n`;
  const bySession = sessions.map((row) => [
    oneLine(row.key),
    ...toCells(row.usage),
    String(row.usage.messageCounts.total),
    ago(row.updatedAt, look.now),
  ]);
  const byModel = aggregates.byModel.map((row) => [
    oneLine(`${row.provider}/${row.model}`),
    ...toCells(row.totals),
    String(row.count),
  ]);
  return [
    table([{ head: 'SESSION', elastic: true }, ...heads, { head: 'MESSAGES' }, { head: 'LAST' }], bySession, look),
    table(
      [{ head: 'MODEL', elastic: true }, ...heads, { head: 'CALLS' }],
      [...byModel, ['all', ...toCells(totals), String(aggregates.byModel.reduce((sum, { count }) => sum + count, 0))]],
      look,
    ),
  ]
    .join('\n')
    .concat(look.paint('dim', `${sessions.length} of ${aggregates.sessionCount} sessions, ${period}`), '\n')
    .concat(toRemark(totals, look));
}

/** `usage.status`: a line a limit. */
export function renderLimits(payload: unknown, look: Look): string | undefined {
  const providers = (payload as { providers?: ProviderLimits[] })?.providers;
  if (!Array.isArray(providers)) return undefined;
  if (providers.length === 0) return 'No provider has told of its limits since the gateway started.\n';
  const rows = providers.flatMap(({ displayName, windows }) =>
    windows.map(({ label, usedPercent, resetAt }) => [
      oneLine(displayName),
      oneLine(label),
      `${Math.round(100 - usedPercent)}%`,
      resetAt === undefined || resetAt <= look.now ? '-' : `in ${span(resetAt - look.now)}`,
    ]),
  );
  return table(
    [{ head: 'PROVIDER', elastic: true }, { head: 'LIMIT' }, { head: 'LEFT' }, { head: 'WHOLE' }],
    rows,
    look,
  );
}

// --- internal ---

const heads = ['INPUT', 'OUTPUT', 'CACHE READ', 'CACHE WRITE', 'TOKENS', 'COST'].map((head) => ({ head }));

function toCells(totals: UsageTotals): string[] {
  const { input, output, cacheRead, cacheWrite, totalTokens } = totals;
  return [...[input, output, cacheRead, cacheWrite, totalTokens].map(toCount), toDollars(totals)];
}

/** Thousands and millions, three digits of them. */
function toCount(tokens: number): string {
  if (tokens < 10_000) return String(tokens);
  const [value, unit] = tokens < 1_000_000 ? [tokens / 1000, 'k'] : [tokens / 1_000_000, 'M'];
  return `${value < 100 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** A sum that something is missing from says so. */
function toDollars({ totalCost, missingCostEntries }: UsageTotals): string {
  if (missingCostEntries > 0 && totalCost === 0) return '?';
  return `${dollars(totalCost)}${missingCostEntries > 0 ? '+?' : ''}`;
}

function toRemark({ missingCostEntries, missingCostByModel = {} }: UsageTotals, look: Look): string {
  if (missingCostEntries === 0) return '';
  const models = Object.entries(missingCostByModel)
    .sort(([, a], [, b]) => b - a)
    .map(([model, calls]) => `${model} (${calls})`);
  const text = `Without a known cost: calls of ${models.join(', ')}. Prices: models.providers.<id>.models[].cost`;
  return `${look.paint('yellow', oneLine(text))}\n`;
}
