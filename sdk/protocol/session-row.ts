import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { once } from './once.ts';
import { QueueDrop, QueueMode } from './queue.ts';
import { shape } from './shape.ts';

/** Which servers, skills and tools a session has on or off, against its agent's own. */
export interface ToolOverrides {
  mcpServers?: Record<string, boolean> | undefined;
  mcpToolsDeny?: Record<string, string[]> | undefined;
  skills?: Record<string, boolean> | undefined;
  webSearch?: boolean | undefined;
}

export const ToolOverrides = shape<ToolOverrides>()(
  z.strictObject({
    mcpServers: z.record(z.string(), z.boolean()).optional(),
    mcpToolsDeny: z.record(z.string(), z.array(z.string().min(1))).optional(),
    skills: z.record(z.string(), z.boolean()).optional(),
    webSearch: z.boolean().optional(),
  }),
);

export type PermissionMode = 'read-only' | 'guarded' | 'workspace' | 'full';
export const PermissionMode = z.enum(['read-only', 'guarded', 'workspace', 'full']);
export type Attention = 'hand' | 'key' | 'alert' | 'flag' | 'lock' | 'hourglass';
export const Attention = z.enum(['hand', 'key', 'alert', 'flag', 'lock', 'hourglass']);
/** What made a session. */
export type CreatedVia = 'operator' | 'spawn' | 'channel' | 'cron' | 'talk' | 'run' | 'plugin' | 'internal';
const CreatedVia = z.enum(['operator', 'spawn', 'channel', 'cron', 'talk', 'run', 'plugin', 'internal']);
export const boardFace = z.enum(['chat', 'dashboard']);
export const fastMode = z.union([z.boolean(), z.literal('auto')]);
export const responseUsage = z.enum(['off', 'tokens', 'full', 'on']);
export const sendPolicy = z.enum(['allow', 'deny']);
export const groupActivation = z.enum(['mention', 'always']);

/** One conversation, as a list shows it. */
export interface SessionRow {
  /** Canonical key, `agent:<agentId>:<rest>`. */
  key: string;
  /** Stable while the key lives; a deleted and recreated session has another. */
  sessionId: string;
  kind: 'direct' | 'group' | 'global' | 'unknown';
  agentId: string;
  /** True for the agent's main conversation. */
  isMain: boolean;
  /** Name given by a person; unique among live sessions. */
  label?: string | undefined;
  /** Name for display, not unique. */
  displayName?: string | undefined;
  category?: string | undefined;
  icon?: string | undefined;
  color?: string | undefined;
  /** How clients open it; `chat` when absent. */
  boardFace?: 'chat' | 'dashboard' | undefined;
  /** What it is about right now, for people. */
  statusNote?: string | undefined;
  /** A mark that asks people to look. */
  attention?: Attention | undefined;
  /** When `statusNote` and `attention` go away by themselves, milliseconds since the epoch. */
  statusExpiresAt?: number | undefined;
  /** First words of the first message; with `includeDerivedTitles`. */
  derivedTitle?: string | undefined;
  /** First words of the newest message; with `includeLastMessage`. */
  lastMessagePreview?: string | undefined;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Last change, milliseconds since the epoch. */
  updatedAt: number;
  /** Grows with every reset. */
  lifecycleRevision: string;
  archived?: boolean | undefined;
  archivedAt?: number | undefined;
  pinned?: boolean | undefined;
  pinnedAt?: number | undefined;
  /** True when somebody marked it so, or when an agent was at work in it after it was last read. */
  unread?: boolean | undefined;
  lastReadAt?: number | undefined;
  markedUnreadAt?: number | undefined;
  /** End of the newest run. */
  lastActivityAt?: number | undefined;
  /** Newest message of a person. */
  lastInteractionAt?: number | undefined;
  /** State of the newest run; absent before the first. */
  status?: 'queued' | 'running' | 'done' | 'failed' | 'killed' | 'timeout' | undefined;
  /** True while a run is queued or working. */
  hasActiveRun: boolean;
  lastRunId?: string | undefined;
  lastRunError?: string | undefined;
  /** Tokens read anew since the last reset, cached ones left out. */
  inputTokens: number;
  /** Tokens written since the last reset. */
  outputTokens: number;
  /** Tokens that the conversation fills of the model's window, as of its newest call; 0 when that is not known. */
  totalTokens: number;
  /** True when `totalTokens` is what the provider counted; false when it is not known, or estimated. */
  totalTokensFresh: boolean;
  /** US dollars since the last reset, by the prices of the configuration; absent when some of it has no price. */
  estimatedCostUsd?: number | undefined;
  /** Provider of the model in effect. */
  modelProvider: string;
  /** Model in effect, without its provider. */
  model: string;
  /** `user` when the session overrides its agent's model. */
  modelOverrideSource?: 'user' | undefined;
  thinkingLevel?: string | undefined;
  /** Number of messages since the last reset. */
  messageCount: number;
  /** How often the older part was put into a summary since the last reset. */
  compactionCount: number;
  /** Tokens that the model in effect can read; absent when its provider does not say. */
  contextTokens?: number | undefined;
  fastMode?: boolean | 'auto' | undefined;
  /** Which tools this session has beyond or below those of its agent. */
  toolOverrides?: ToolOverrides | undefined;
  permissionMode?: PermissionMode | undefined;
  verboseLevel?: string | undefined;
  traceLevel?: string | undefined;
  reasoningLevel?: string | undefined;
  elevatedLevel?: string | undefined;
  /** What a reply says of its cost. */
  responseUsage?: 'off' | 'tokens' | 'full' | 'on' | undefined;
  sendPolicy?: 'allow' | 'deny' | undefined;
  groupActivation?: 'mention' | 'always' | undefined;
  /** What a message does that comes while the session is at work, where the session overrides the configuration. */
  queueMode?: QueueMode | undefined;
  queueCap?: number | undefined;
  queueDrop?: QueueDrop | undefined;
  queueDebounceMs?: number | undefined;
  completionOwnerSessionKey?: string | undefined;
  inheritedToolPolicyVersion?: 1 | undefined;
  inheritedToolAllow?: string[] | undefined;
  inheritedToolDeny?: string[] | undefined;
  /** The session that it hangs under in lists. */
  parentSessionKey?: string | undefined;
  /** The session whose agent made it. */
  spawnedBy?: string | undefined;
  spawnDepth?: number | undefined;
  /** Keys of sessions that hang under this one, at most 50. */
  childSessions?: string[] | undefined;
  forkedFromParent?: boolean | undefined;
  /** Where its transcript was copied from. */
  forkSource?: { sessionKey: string; sessionId: string; entryId?: string | undefined } | undefined;
  createdVia?: CreatedVia | undefined;
  /** Every caller of the gateway sees every session. */
  visibility: 'shared';
  /** With `includeActivitySummary`. No model writes summaries by itself here. */
  activitySummary?: { state: 'unavailable'; canEnsure: false } | undefined;
}

/** The members of a row, for what carries them besides its own. */
export const sessionRowMembers = {
  key: z.string(),
  sessionId: z.string(),
  kind: z.enum(['direct', 'group', 'global', 'unknown']),
  agentId: z.string(),
  isMain: z.boolean(),
  label: z.string().optional(),
  displayName: z.string().optional(),
  category: z.string().optional(),
  icon: z.string().optional(),
  color: z.string().optional(),
  boardFace: boardFace.optional(),
  statusNote: z.string().optional(),
  attention: Attention.optional(),
  statusExpiresAt: timestampMs.optional(),
  derivedTitle: z.string().optional(),
  lastMessagePreview: z.string().optional(),
  createdAt: timestampMs,
  updatedAt: timestampMs,
  lifecycleRevision: z.string(),
  archived: z.boolean().optional(),
  archivedAt: timestampMs.optional(),
  pinned: z.boolean().optional(),
  pinnedAt: timestampMs.optional(),
  unread: z.boolean().optional(),
  lastReadAt: timestampMs.optional(),
  markedUnreadAt: timestampMs.optional(),
  lastActivityAt: timestampMs.optional(),
  lastInteractionAt: timestampMs.optional(),
  status: z.enum(['queued', 'running', 'done', 'failed', 'killed', 'timeout']).optional(),
  hasActiveRun: z.boolean(),
  lastRunId: z.string().optional(),
  lastRunError: z.string().optional(),
  inputTokens: count,
  outputTokens: count,
  totalTokens: count,
  totalTokensFresh: z.boolean(),
  estimatedCostUsd: z.number().optional(),
  modelProvider: z.string(),
  model: z.string(),
  modelOverrideSource: z.literal('user').optional(),
  thinkingLevel: z.string().optional(),
  messageCount: count,
  compactionCount: count,
  contextTokens: count.optional(),
  fastMode: fastMode.optional(),
  toolOverrides: ToolOverrides.optional(),
  permissionMode: PermissionMode.optional(),
  verboseLevel: z.string().optional(),
  traceLevel: z.string().optional(),
  reasoningLevel: z.string().optional(),
  elevatedLevel: z.string().optional(),
  responseUsage: responseUsage.optional(),
  sendPolicy: sendPolicy.optional(),
  groupActivation: groupActivation.optional(),
  queueMode: QueueMode.optional(),
  queueCap: count.optional(),
  queueDrop: QueueDrop.optional(),
  queueDebounceMs: count.optional(),
  completionOwnerSessionKey: z.string().optional(),
  inheritedToolPolicyVersion: z.literal(1).optional(),
  inheritedToolAllow: z.array(z.string()).optional(),
  inheritedToolDeny: z.array(z.string()).optional(),
  parentSessionKey: z.string().optional(),
  spawnedBy: z.string().optional(),
  spawnDepth: count.optional(),
  childSessions: z.array(z.string()).optional(),
  forkedFromParent: z.boolean().optional(),
  forkSource: z.object({ sessionKey: z.string(), sessionId: z.string(), entryId: z.string().optional() }).optional(),
  createdVia: CreatedVia.optional(),
  visibility: z.literal('shared'),
  activitySummary: z.object({ state: z.literal('unavailable'), canEnsure: z.literal(false) }).optional(),
};

export const SessionRow = once(shape<SessionRow>()(z.object(sessionRowMembers)));

/** Model and context size that a session has when it overrides nothing. */
export interface SessionDefaults {
  modelProvider: string | null;
  model: string | null;
  /** Tokens; null when the provider does not say. */
  contextTokens: number | null;
}

export const SessionDefaults = shape<SessionDefaults>()(
  z.object({ modelProvider: z.string().nullable(), model: z.string().nullable(), contextTokens: count.nullable() }),
);

/** A page of sessions. */
export interface SessionPage {
  /** When it was read, milliseconds since the epoch. */
  ts: number;
  /** Where the sessions are kept. */
  path: string;
  /** Rows on this page. */
  count: number;
  /** Rows that match, over all pages. */
  totalCount: number;
  limitApplied: number;
  offset: number;
  /** Where the next page begins; null on the last. */
  nextOffset: number | null;
  hasMore: boolean;
  /** Empty: sessions have no owners here, every caller is one. */
  owners: never[];
  /** With `includePeople`; empty for the same reason. */
  people?: never[] | undefined;
  defaults: SessionDefaults;
  sessions: SessionRow[];
}

export const SessionPage = shape<SessionPage>()(
  z.object({
    ts: timestampMs,
    path: z.string(),
    count,
    totalCount: count,
    limitApplied: count,
    offset: count,
    nextOffset: count.nullable(),
    hasMore: z.boolean(),
    owners: z.array(z.never()),
    people: z.array(z.never()).optional(),
    defaults: SessionDefaults,
    sessions: z.array(SessionRow),
  }),
);
