import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { shape } from './shape.ts';
import {
  DailyLatency,
  DailyModelUsage,
  Latency,
  ModelUsage,
  messages,
  ToolUsage,
  totals,
  UsageDay,
  UsageFreshness,
  UsageMessages,
  UsageTotals,
} from './usage-sums.ts';

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
