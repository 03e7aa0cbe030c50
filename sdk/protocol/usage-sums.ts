import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { shape } from './shape.ts';

/** Tokens and what they cost, added up. Costs are US dollars by the prices of the configuration. */
export interface UsageTotals {
  /** Tokens read anew. */
  input: number;
  output: number;
  /** Tokens read from providers' caches. */
  cacheRead: number;
  cacheWrite: number;
  /** The four together. */
  totalTokens: number;
  totalCost: number;
  inputCost: number;
  outputCost: number;
  cacheReadCost: number;
  cacheWriteCost: number;
  /** Model calls whose cost is unknown: the model has no price, or the provider told no tokens. They are not in the costs. */
  missingCostEntries: number;
  /** The same by `<provider>/<model>`; absent when there are none. */
  missingCostByModel?: Record<string, number> | undefined;
}

export const totals = {
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite: count,
  totalTokens: count,
  totalCost: z.number(),
  inputCost: z.number(),
  outputCost: z.number(),
  cacheReadCost: z.number(),
  cacheWriteCost: z.number(),
  missingCostEntries: count,
  missingCostByModel: z.record(z.string(), count).optional(),
};

export const UsageTotals = shape<UsageTotals>()(z.object(totals));

/** The totals of one day, `YYYY-MM-DD`. */
export interface UsageDay extends UsageTotals {
  date: string;
}

export const UsageDay = shape<UsageDay>()(z.object({ ...totals, date: z.string() }));

/** How new an answer is: sums are kept as runs end, so it is always `fresh`, and there are no files behind it. */
export interface UsageFreshness {
  status: 'fresh';
  cachedFiles: number;
  pendingFiles: number;
  staleFiles: number;
  /** Milliseconds since the epoch. */
  refreshedAt: number;
}

export const UsageFreshness = shape<UsageFreshness>()(
  z.object({
    status: z.literal('fresh'),
    cachedFiles: count,
    pendingFiles: count,
    staleFiles: count,
    refreshedAt: timestampMs,
  }),
);

/** What models have taken over some days. */
export interface CostSummary {
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** Length of the range in days. */
  days: number;
  /** Days on which models were asked, oldest first. */
  daily: UsageDay[];
  totals: UsageTotals;
  cacheStatus: UsageFreshness;
}

export const CostSummary = shape<CostSummary>()(
  z.object({
    updatedAt: timestampMs,
    days: count,
    daily: z.array(UsageDay),
    totals: UsageTotals,
    cacheStatus: UsageFreshness,
  }),
);

/** What one model, or all models of one provider, have taken. */
export interface ModelUsage {
  provider: string;
  /** Absent on a row for the whole provider. */
  model?: string | undefined;
  /** Calls. */
  count: number;
  totals: UsageTotals;
}

export const ModelUsage = shape<ModelUsage>()(
  z.object({ provider: z.string(), model: z.string().optional(), count, totals: UsageTotals }),
);

/** One model on one day. */
export interface DailyModelUsage {
  date: string;
  provider: string;
  model: string;
  tokens: number;
  cost: number;
  /** Calls. */
  count: number;
}

export const DailyModelUsage = shape<DailyModelUsage>()(
  z.object({ date: z.string(), provider: z.string(), model: z.string(), tokens: count, cost: z.number(), count }),
);

/** Rows of transcripts, by kind. */
export interface UsageMessages {
  /** Those of users and assistants. */
  total: number;
  user: number;
  assistant: number;
  toolCalls: number;
  toolResults: number;
  /** Runs that did not end well. */
  errors: number;
}

export const messages = {
  total: count,
  user: count,
  assistant: count,
  toolCalls: count,
  toolResults: count,
  errors: count,
};
export const UsageMessages = shape<UsageMessages>()(z.object(messages));

/** How often tools were called. */
export interface ToolUsage {
  totalCalls: number;
  uniqueTools: number;
  /** Most called first. */
  tools: { name: string; count: number }[];
}

export const ToolUsage = shape<ToolUsage>()(
  z.object({ totalCalls: count, uniqueTools: count, tools: z.array(z.object({ name: z.string(), count })) }),
);

/** Milliseconds from a question to the end of its answer; `p95Ms` is right to a tenth. */
export interface Latency {
  /** Answers. */
  count: number;
  avgMs: number;
  minMs: number;
  maxMs: number;
  p95Ms: number;
}

const latency = { count, avgMs: z.number(), minMs: z.number(), maxMs: z.number(), p95Ms: z.number() };
export const Latency = shape<Latency>()(z.object(latency));
export const DailyLatency = shape<Latency & { date: string }>()(z.object({ ...latency, date: z.string() }));
