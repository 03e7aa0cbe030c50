import { z } from 'zod';
import { agentId, count, timestampMs } from './fields.ts';
import { query, router } from './method.ts';
import { ProviderLimits } from './provider-limits.ts';
import { shape } from './shape.ts';
import { CostSummary } from './usage-sums.ts';

/** US dollars, by what they were spent on. */
export interface Cost {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  total: number;
}

export const Cost = shape<Cost>()(
  z.object({
    input: z.number(),
    output: z.number(),
    cacheRead: z.number(),
    cacheWrite: z.number(),
    total: z.number(),
  }),
);

/** Tokens that one model call or one run took, as the provider reported them. */
export interface Usage {
  /** Tokens read anew: those of the provider's cache are not among them. */
  input: number;
  /** Tokens written, reasoning included. */
  output: number;
  /** Tokens read from the provider's cache. */
  cacheRead?: number | undefined;
  /** Tokens read and put into the provider's cache. */
  cacheWrite?: number | undefined;
  /** Of `output`, spent on reasoning. */
  reasoning?: number | undefined;
  /** All of them together. */
  total: number;
  /** The same as `total`, under the name that rows of a transcript have for it. */
  totalTokens?: number | undefined;
  /** By the prices of the configuration; absent when the model has none. */
  cost?: Cost | undefined;
}

export const Usage = shape<Usage>()(
  z.object({
    input: count,
    output: count,
    cacheRead: count.optional(),
    cacheWrite: count.optional(),
    reasoning: count.optional(),
    total: count,
    totalTokens: count.optional(),
    cost: Cost.optional(),
  }),
);

/** Which days are meant, and whose; `usage.cost` and `sessions.usage` share it. */
export const dateRange = {
  /** First day, `YYYY-MM-DD`; together with `endDate`. */
  startDate: z.string().max(64).optional(),
  /** Last day, `YYYY-MM-DD`. */
  endDate: z.string().max(64).optional(),
  /** Days up to today, in place of dates. */
  range: z.enum(['7d', '30d', '90d', '1y', 'all']).optional(),
  /** Whose days: `utc` (default), those of the gateway's machine, or those of `timeZone` or `utcOffset`. */
  mode: z.enum(['utc', 'gateway', 'specific']).optional(),
  /** With `mode` `specific`: `UTC-12:00` to `UTC+14:00`. */
  utcOffset: z.string().max(64).optional(),
  /** With `mode` `specific`: an IANA zone such as `Europe/Vienna`; wins over `utcOffset`. */
  timeZone: z.string().min(1).max(128).optional(),
  /** Default: the default agent. */
  agentId: agentId.optional(),
  /** `all` agents together, in place of `agentId`. */
  agentScope: z.enum(['all']).optional(),
};

export const usage = router({
  /** Tells what providers have said of their limits in the headers of their newest answers; providers that say nothing are absent. */
  status: query({
    summary: "Show what is left of providers' limits.",
    scope: 'operator.read',
    input: z.looseObject({}).prefault({}),
    output: z.object({ updatedAt: timestampMs, providers: z.array(ProviderLimits) }),
  }),

  /** Adds up tokens and costs by day. Costs are those of the prices in `models.providers.<id>.models[].cost`. */
  cost: query({
    summary: 'Add up tokens and costs by day.',
    scope: 'operator.read',
    input: z
      .looseObject({
        /** Today and the days before it, in place of `range` and dates. Default 30. */
        days: z.number().optional(),
        ...dateRange,
      })
      .prefault({}),
    output: CostSummary,
  }),
});
