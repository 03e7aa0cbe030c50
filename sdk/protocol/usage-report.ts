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

const totals = {
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

const UsageFreshness = shape<UsageFreshness>()(
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

const ModelUsage = shape<ModelUsage>()(
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

const DailyModelUsage = shape<DailyModelUsage>()(
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

const messages = { total: count, user: count, assistant: count, toolCalls: count, toolResults: count, errors: count };
const UsageMessages = shape<UsageMessages>()(z.object(messages));

/** How often tools were called. */
export interface ToolUsage {
  totalCalls: number;
  uniqueTools: number;
  /** Most called first. */
  tools: { name: string; count: number }[];
}

const ToolUsage = shape<ToolUsage>()(
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
const Latency = shape<Latency>()(z.object(latency));
const DailyLatency = shape<Latency & { date: string }>()(z.object({ ...latency, date: z.string() }));

/** A quarter of an hour of a UTC day, 0 to 95. */
interface Quarter {
  date: string;
  quarterIndex: number;
}

const quarter = { date: z.string(), quarterIndex: count };

/** What one conversation has taken. */
export interface SessionUsage extends UsageTotals {
  sessionId: string;
  /** Milliseconds since the epoch. */
  firstActivity?: number | undefined;
  lastActivity?: number | undefined;
  durationMs?: number | undefined;
  /** Days on which something happened. */
  activityDates: string[];
  dailyBreakdown: (UsageDay & { tokens: number; cost: number })[];
  dailyMessageCounts: (UsageMessages & { date: string })[];
  utcQuarterHourMessageCounts: (UsageMessages & Quarter)[];
  utcQuarterHourTokenUsage: (Quarter &
    Pick<UsageTotals, 'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'totalTokens' | 'totalCost'>)[];
  dailyLatency?: (Latency & { date: string })[] | undefined;
  dailyModelUsage?: DailyModelUsage[] | undefined;
  messageCounts: UsageMessages;
  toolUsage?: ToolUsage | undefined;
  modelUsage?: ModelUsage[] | undefined;
  latency?: Latency | undefined;
}

export const SessionUsage = shape<SessionUsage>()(
  z.object({
    ...totals,
    sessionId: z.string(),
    firstActivity: timestampMs.optional(),
    lastActivity: timestampMs.optional(),
    durationMs: count.optional(),
    activityDates: z.array(z.string()),
    dailyBreakdown: z.array(z.object({ ...totals, date: z.string(), tokens: count, cost: z.number() })),
    dailyMessageCounts: z.array(z.object({ ...messages, date: z.string() })),
    utcQuarterHourMessageCounts: z.array(z.object({ ...messages, ...quarter })),
    utcQuarterHourTokenUsage: z.array(
      z.object({
        ...quarter,
        input: count,
        output: count,
        cacheRead: count,
        cacheWrite: count,
        totalTokens: count,
        totalCost: z.number(),
      }),
    ),
    dailyLatency: z.array(DailyLatency).optional(),
    dailyModelUsage: z.array(DailyModelUsage).optional(),
    messageCounts: UsageMessages,
    toolUsage: ToolUsage.optional(),
    modelUsage: z.array(ModelUsage).optional(),
    latency: Latency.optional(),
  }),
);

/** One conversation in a report of usage. */
export interface SessionUsageRow {
  key: string;
  label?: string | undefined;
  sessionId: string;
  /** `family` joins the conversations that had this key one after the other. */
  scope: 'instance' | 'family';
  sessionFamilyKey?: string | undefined;
  currentSessionId?: string | undefined;
  includedSessionIds?: string[] | undefined;
  historicalInstanceCount?: number | undefined;
  updatedAt: number;
  agentId: string;
  creatorKey: string;
  /** Model in effect; absent when the session has been deleted. */
  modelProvider?: string | undefined;
  model?: string | undefined;
  usage: SessionUsage;
  /** False: the parts of a prompt are not weighed one by one here. */
  hasContextWeight: boolean;
  contextWeight?: null | undefined;
}

export const SessionUsageRow = shape<SessionUsageRow>()(
  z.object({
    key: z.string(),
    label: z.string().optional(),
    sessionId: z.string(),
    scope: z.enum(['instance', 'family']),
    sessionFamilyKey: z.string().optional(),
    currentSessionId: z.string().optional(),
    includedSessionIds: z.array(z.string()).optional(),
    historicalInstanceCount: count.optional(),
    updatedAt: timestampMs,
    agentId: z.string(),
    creatorKey: z.string(),
    modelProvider: z.string().optional(),
    model: z.string().optional(),
    usage: SessionUsage,
    hasContextWeight: z.boolean(),
    contextWeight: z.null().optional(),
  }),
);

/** Sums over all conversations of a report, also those that its list leaves out. */
export interface UsageAggregates {
  sessionCount: number;
  longestSessionDurationMs?: number | undefined;
  messages: UsageMessages;
  tools: ToolUsage;
  /** Most expensive first, here and below. */
  byModel: ModelUsage[];
  byProvider: ModelUsage[];
  byAgent: { agentId: string; totals: UsageTotals }[];
  /** Empty: there are no channels here. */
  byChannel: { channel: string; totals: UsageTotals }[];
  byCreator: { key: string; totals: UsageTotals; sessionCount: number; daily: UsageDay[]; sessionActivity: never[] }[];
  costDaily: UsageDay[];
  latency?: Latency | undefined;
  dailyLatency: (Latency & { date: string })[];
  modelDaily: DailyModelUsage[];
  daily: { date: string; tokens: number; cost: number; messages: number; toolCalls: number; errors: number }[];
}

const UsageAggregates = shape<UsageAggregates>()(
  z.object({
    sessionCount: count,
    longestSessionDurationMs: count.optional(),
    messages: UsageMessages,
    tools: ToolUsage,
    byModel: z.array(ModelUsage),
    byProvider: z.array(ModelUsage),
    byAgent: z.array(z.object({ agentId: z.string(), totals: UsageTotals })),
    byChannel: z.array(z.object({ channel: z.string(), totals: UsageTotals })),
    byCreator: z.array(
      z.object({
        key: z.string(),
        totals: UsageTotals,
        sessionCount: count,
        daily: z.array(UsageDay),
        sessionActivity: z.array(z.never()),
      }),
    ),
    costDaily: z.array(UsageDay),
    latency: Latency.optional(),
    dailyLatency: z.array(DailyLatency),
    modelDaily: z.array(DailyModelUsage),
    daily: z.array(
      z.object({
        date: z.string(),
        tokens: count,
        cost: z.number(),
        messages: count,
        toolCalls: count,
        errors: count,
      }),
    ),
  }),
);

/** What conversations have taken over some days, one by one and together. */
export interface SessionsUsage {
  updatedAt: number;
  startDate: string;
  endDate: string;
  /** The ones that something happened in last come first. */
  sessions: SessionUsageRow[];
  totals: UsageTotals;
  aggregates: UsageAggregates;
  /** Who started conversations: nobody is told apart here. */
  creatorOptions: { key: string }[];
  cacheStatus: UsageFreshness;
}

export const SessionsUsage = shape<SessionsUsage>()(
  z.object({
    updatedAt: timestampMs,
    startDate: z.string(),
    endDate: z.string(),
    sessions: z.array(SessionUsageRow),
    totals: UsageTotals,
    aggregates: UsageAggregates,
    creatorOptions: z.array(z.object({ key: z.string() })),
    cacheStatus: UsageFreshness,
  }),
);

/** What a provider has told of its limits. */
export interface ProviderLimits {
  provider: string;
  displayName: string;
  /** One for each limit that its newest answer named. */
  windows: {
    label: string;
    usedPercent: number;
    /** When it is whole again, milliseconds since the epoch. */
    resetAt?: number | undefined;
  }[];
}

export const ProviderLimits = shape<ProviderLimits>()(
  z.object({
    provider: z.string(),
    displayName: z.string(),
    windows: z.array(z.object({ label: z.string(), usedPercent: z.number(), resetAt: timestampMs.optional() })),
  }),
);
