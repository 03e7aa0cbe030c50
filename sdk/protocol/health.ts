import { z } from 'zod';
import { ConfigReloadState } from './config-reload.ts';
import { count, timestampMs } from './fields.ts';
import { LastRestart } from './gateway.ts';
import { query } from './method.ts';
import { once } from './once.ts';
import { shape } from './shape.ts';

/** How busy the gateway's event loop has been since the last look. */
export interface EventLoopHealth {
  /** True when a reason below holds. */
  degraded: boolean;
  reasons: ('event_loop_delay' | 'event_loop_utilization' | 'cpu')[];
  /** Length of the window looked at, milliseconds. */
  intervalMs: number;
  /** 99th percentile of the delay of timers, milliseconds. */
  delayP99Ms: number;
  delayMaxMs: number;
  /** Share of the window in which the loop was busy, 0 to 1. */
  utilization: number;
  /** CPU time used over wall time; 1 is one core. */
  cpuCoreRatio: number;
}

const EventLoopHealth = shape<EventLoopHealth>()(
  z.object({
    degraded: z.boolean(),
    reasons: z.array(z.enum(['event_loop_delay', 'event_loop_utilization', 'cpu'])),
    intervalMs: z.number(),
    delayP99Ms: z.number(),
    delayMaxMs: z.number(),
    utilization: z.number(),
    cpuCoreRatio: z.number(),
  }),
);

/** Sessions of one store, counted, with the newest few. */
export interface SessionCounts {
  /** Where they are kept. */
  path: string;
  count: number;
  recent: {
    key: string;
    /** Milliseconds since the epoch. */
    updatedAt: number | null;
    /** Milliseconds since the last change. */
    age: number | null;
  }[];
}

const SessionCounts = shape<SessionCounts>()(
  z.object({
    path: z.string(),
    count,
    recent: z.array(z.object({ key: z.string(), updatedAt: timestampMs.nullable(), age: count.nullable() })),
  }),
);

/** One agent in the health snapshot. */
export interface AgentHealth {
  agentId: string;
  name?: string | undefined;
  isDefault: boolean;
  heartbeat: {
    enabled: boolean;
    every: string;
    everyMs: number | null;
    prompt: string;
    target: string;
    ackMaxChars: number;
  };
  sessions: SessionCounts;
}

const AgentHealth = shape<AgentHealth>()(
  z.object({
    agentId: z.string(),
    name: z.string().optional(),
    isDefault: z.boolean(),
    heartbeat: z.object({
      enabled: z.boolean(),
      every: z.string(),
      everyMs: count.nullable(),
      prompt: z.string(),
      target: z.string(),
      ackMaxChars: count,
    }),
    sessions: SessionCounts,
  }),
);

/** A secret of the configuration that could not be read when it was last tried. */
export interface DegradedSecretRow {
  /** Who needs it: the gateway's own authentication, one model provider. */
  owner: string;
  /** Key of the configuration. */
  path: string;
  /** `cold`: its owner is without it. `stale`: the value of an earlier time is in use. */
  state: 'cold' | 'stale';
  /** For people; tells nothing of the secret. */
  reason: string;
}

const DegradedSecretRow = shape<DegradedSecretRow>()(
  z.object({ owner: z.string(), path: z.string(), state: z.enum(['cold', 'stale']), reason: z.string() }),
);

/** Whether the gateway is well, and what it holds. Also the payload of the `health` event. */
export interface HealthSnapshot {
  ok: true;
  /** When it was taken, milliseconds since the epoch. */
  ts: number;
  /** How long taking it took, milliseconds. */
  durationMs: number;
  eventLoop: EventLoopHealth;
  plugins: { loaded: string[]; errors: never[] };
  channels: Record<string, unknown>;
  channelOrder: string[];
  channelLabels: Record<string, string>;
  /** 0 while no agent has a heartbeat. */
  heartbeatSeconds: number;
  defaultAgentId: string;
  agents: AgentHealth[];
  sessions: SessionCounts;
  /** Owners of secrets that could not be read; absent when all could. */
  degradedSecretOwners?: string[] | undefined;
  configReload: ConfigReloadState;
  /** How this process was restarted last; absent when it was not. */
  lastRestart?: LastRestart | undefined;
}

// One snapshot is told to all who ask within a second.
export const HealthSnapshot = once(
  shape<HealthSnapshot>()(
    z.object({
      ok: z.literal(true),
      ts: timestampMs,
      durationMs: count,
      eventLoop: EventLoopHealth,
      plugins: z.object({ loaded: z.array(z.string()), errors: z.array(z.never()) }),
      channels: z.record(z.string(), z.unknown()),
      channelOrder: z.array(z.string()),
      channelLabels: z.record(z.string(), z.string()),
      heartbeatSeconds: count,
      defaultAgentId: z.string(),
      agents: z.array(AgentHealth),
      sessions: SessionCounts,
      degradedSecretOwners: z.array(z.string()).optional(),
      configReload: ConfigReloadState,
      lastRestart: LastRestart.optional(),
    }),
  ),
);

/** What a model reference was resolved to, and why that one. */
export interface ModelChoice {
  /** `<provider>/<model>`. */
  model: string;
  /** Where the choice comes from, for people: a config key, an environment variable, a local server. */
  reason: string;
}

/** What an operator looks at first: version, load, models, sessions. */
export interface StatusSummary {
  runtimeVersion: string;
  pid: number;
  uptimeMs: number;
  heartbeat: { defaultAgentId: string; agents: { agentId: string; enabled: boolean; every: string }[] };
  channelSummary: string[];
  /** The newest of `system-event`; for admins only, like every `path`. */
  queuedSystemEvents: string[];
  sessions: {
    paths: string[];
    count: number;
    defaults: { model: string | null; contextTokens: number | null };
    recent: SessionCounts['recent'];
    byAgent: { agentId: string; path?: string | undefined; count: number; recent: SessionCounts['recent'] }[];
  };
  /** Runs that are working now, and runs that wait for their session or for a free place. */
  runs: { active: number; queued: number };
  /** Model of each agent. */
  models: ({ agentId: string } & ModelChoice)[];
  degradedSecretOwners: string[];
  /** The secrets themselves; absent when all could be read. */
  degradedSecrets?: DegradedSecretRow[] | undefined;
  degradedPlugins: string[];
  configReload?: ConfigReloadState | undefined;
  lastRestart?: LastRestart | undefined;
  eventLoop: EventLoopHealth;
  /** Bytes. */
  processMemory: { rss: number; heapUsed: number; heapTotal: number; external: number };
}

const recent = z.array(z.object({ key: z.string(), updatedAt: timestampMs.nullable(), age: count.nullable() }));

export const StatusSummary = shape<StatusSummary>()(
  z.object({
    runtimeVersion: z.string(),
    pid: count,
    uptimeMs: count,
    heartbeat: z.object({
      defaultAgentId: z.string(),
      agents: z.array(z.object({ agentId: z.string(), enabled: z.boolean(), every: z.string() })),
    }),
    channelSummary: z.array(z.string()),
    queuedSystemEvents: z.array(z.string()),
    sessions: z.object({
      paths: z.array(z.string()),
      count,
      defaults: z.object({ model: z.string().nullable(), contextTokens: count.nullable() }),
      recent,
      byAgent: z.array(z.object({ agentId: z.string(), path: z.string().optional(), count, recent })),
    }),
    runs: z.object({ active: count, queued: count }),
    models: z.array(z.object({ agentId: z.string(), model: z.string(), reason: z.string() })),
    degradedSecretOwners: z.array(z.string()),
    degradedSecrets: z.array(DegradedSecretRow).optional(),
    degradedPlugins: z.array(z.string()),
    configReload: ConfigReloadState.optional(),
    lastRestart: LastRestart.optional(),
    eventLoop: EventLoopHealth,
    processMemory: z.object({ rss: count, heapUsed: count, heapTotal: count, external: count }),
  }),
);

/** Takes a health snapshot. Answered for every authenticated caller, also one without scopes. */
export const health = query({
  summary: 'Show whether the gateway is well.',
  scope: null,
  input: z
    .looseObject({
      /** Take a snapshot now; otherwise it may be a second old. */
      probe: z.boolean().optional(),
    })
    .prefault({}),
  output: HealthSnapshot,
});

/** Sums up what the gateway is doing. */
export const status = query({
  summary: 'Show version, load, models and sessions of the gateway.',
  scope: 'operator.read',
  input: z.looseObject({}).prefault({}),
  output: StatusSummary,
});
