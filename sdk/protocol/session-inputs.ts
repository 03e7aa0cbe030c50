import { z } from 'zod';
import { agentId, attachments, count, idempotencyKey, label, sessionKey } from './fields.ts';
import { QueueDrop, QueueMode } from './queue.ts';
import {
  Attention,
  boardFace,
  fastMode,
  groupActivation,
  PermissionMode,
  responseUsage,
  sendPolicy,
  ToolOverrides,
} from './session-row.ts';

/** Refuses the call when the session has another id by now: it was deleted and made anew. */
export const expectedSessionId = z.string().min(1).optional();
export const expectedLifecycleRevision = z.string().min(1).optional();
const name = z.string().min(1).max(512);
const level = z.string().min(1).max(64);
const profileId = z.string().min(1).max(256);

/** What `sessions.list` can be asked. */
export const listMembers = {
  /** Rows of a page; more than 1000 are answered by page, `limitApplied` says so. */
  limit: z.number().int().min(1).default(100),
  offset: count.default(0),
  /** Only sessions that changed within this many minutes; sorted by activity, that were active. */
  activeMinutes: z.number().int().min(1).optional(),
  agentId: agentId.optional(),
  label: label.optional(),
  /** Words to look for in key, label and display name. */
  search: z.string().max(512).optional(),
  /** `true` for archived sessions only, `all` for both. */
  archived: z.union([z.boolean(), z.literal('all')]).default(false),
  includeDerivedTitles: z.boolean().default(false),
  includeLastMessage: z.boolean().default(false),
  /** `updatedAt`, pinned sessions first; `lastInteractionAt`, the newest message of a person; `activity`, of anybody. */
  sortBy: z.enum(['updatedAt', 'lastInteractionAt', 'activity']).default('updatedAt'),
  /** Only sessions in which a run is queued or working. */
  activeOnly: z.boolean().default(false),
  /** Only sessions that a person has written to. */
  requireLastInteraction: z.boolean().default(false),
  /** Only sessions of agents that the configuration names now. */
  configuredAgentsOnly: z.boolean().default(false),
  boardFace: boardFace.optional(),
  /** Only sessions that this one's agent made. */
  spawnedBy: sessionKey.optional(),
  includeActivitySummary: z.boolean().default(false),
  includePeople: z.boolean().default(false),
  /** Sessions have no creators and owners here: naming one finds none. */
  creatorId: profileId.optional(),
  ownerId: profileId.optional(),
  involvingProfileId: profileId.optional(),
  involvingMe: z.boolean().default(false),
  ownerFirst: z.boolean().optional(),
  includeGlobal: z.boolean().optional(),
  includeUnknown: z.boolean().optional(),
};

/** Members of `listMembers` that change nothing: there are no owners, and no sessions without a conversation. */
export const inertInLists = ['ownerFirst', 'includeGlobal', 'includeUnknown'] as const;

/** What `sessions.create` can be asked. */
export const createMembers = {
  /** A bare key becomes `agent:<agentId>:<key>`; without one, `agent:<agentId>:dashboard:<uuid>`. */
  key: sessionKey.optional(),
  agentId: agentId.optional(),
  /** Unique among live sessions. */
  label: label.optional(),
  displayName: z.string().min(1).max(500).optional(),
  category: label.optional(),
  /** `<provider>/<model>`, or a model id of a configured provider. */
  model: z.string().min(1).max(512).optional(),
  thinkingLevel: level.optional(),
  fastMode: fastMode.optional(),
  permissionMode: PermissionMode.optional(),
  toolOverrides: ToolOverrides.optional(),
  /** The first message; starts a run. */
  message: z.string().optional(),
  /** The same, when there is no `message`. */
  task: z.string().optional(),
  attachments: attachments.optional(),
  /** Replays: the same key again answers with the session that it made. Also the run's id. */
  idempotencyKey: idempotencyKey.optional(),
  /** The session that the new one hangs under; must exist. */
  parentSessionKey: sessionKey.optional(),
  /** Begins with a copy of the parent's conversation, up to its last answer. */
  fork: z.boolean().optional(),
  /** The same as `fork`. */
  forkFrom: z.literal('last-completed').optional(),
  spawnDepth: z.number().int().min(1).max(100).optional(),
  emitCommandHooks: z.boolean().optional(),
  /** Says that the child takes over from its parent; needs both and `emitCommandHooks`. Not for forks. */
  succeedsParent: z.boolean().optional(),
  visibility: z.enum(['shared', 'read-only', 'suggest', 'draft']).optional(),
  contextWindow: z.string().min(1).optional(),
  incognito: z.boolean().optional(),
  catalogId: z.string().min(1).optional(),
  projectId: z.string().min(1).optional(),
  projectGitUrl: z.string().min(1).max(2048).optional(),
  worktree: z.boolean().optional(),
  worktreeBaseRef: z.string().min(1).optional(),
  worktreeName: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .optional(),
  execNode: z.string().min(1).optional(),
  cwd: z.string().min(1).optional(),
};

/** Members of `createMembers` that are refused, or change nothing because no hooks run yet. */
export const inertInCreate = [
  'visibility',
  'contextWindow',
  'incognito',
  'catalogId',
  'projectId',
  'projectGitUrl',
  'worktree',
  'worktreeBaseRef',
  'worktreeName',
  'execNode',
  'cwd',
  'emitCommandHooks',
  'succeedsParent',
] as const;

/** What of a session can be changed with `operator.write`; null takes a value away. */
const organised = {
  label: label.nullish(),
  icon: z.string().max(64).nullish(),
  color: z.string().max(64).nullish(),
  category: label.nullish(),
  boardFace: boardFace.optional(),
  /** What it is about right now, for people. */
  statusNote: z.string().max(120).nullish(),
  /** A mark that asks people to look. */
  attention: Attention.nullish(),
  /** Minutes after which `statusNote` and `attention` go away by themselves. */
  ttlMinutes: z.number().int().min(1).max(120).optional(),
  /** Needs `expectedSessionId`. Archiving ends what works in the session. */
  archived: z.boolean().optional(),
  pinned: z.boolean().optional(),
  unread: z.boolean().optional(),
  /** `<provider>/<model>`, or a model id of a configured provider. */
  model: z.string().min(1).max(512).nullish(),
  thinkingLevel: level.nullish(),
  fastMode: fastMode.nullish(),
};

/** What needs `operator.admin`. */
const privileged = {
  contextWindow: z.string().min(1).nullish(),
  toolOverrides: ToolOverrides.nullish(),
  verboseLevel: level.nullish(),
  traceLevel: level.nullish(),
  reasoningLevel: level.nullish(),
  responseUsage: responseUsage.nullish(),
  elevatedLevel: level.nullish(),
  execHost: z.string().min(1).nullish(),
  execSecurity: z.string().min(1).nullish(),
  execAsk: z.string().min(1).nullish(),
  execNode: z.string().min(1).nullish(),
  permissionMode: PermissionMode.nullish(),
  completionOwnerSessionKey: sessionKey.nullish(),
  inheritedToolPolicyVersion: z.literal(1).nullish(),
  inheritedToolAllow: z.array(name).max(1000).nullish(),
  inheritedToolDeny: z.array(name).max(1000).nullish(),
  sendPolicy: sendPolicy.nullish(),
  groupActivation: groupActivation.nullish(),
};

/** What `sessions.patch` can be asked. */
export const patchMembers = {
  key: sessionKey,
  agentId: agentId.optional(),
  /** What a message does that comes while the session is at work; null: as configured. */
  queueMode: QueueMode.nullish(),
  queueCap: z.number().int().min(1).max(64).nullish(),
  queueDrop: QueueDrop.nullish(),
  /** Milliseconds. */
  queueDebounceMs: z.number().int().min(0).max(60_000).nullish(),
  expectedSessionId,
  expectedLifecycleRevision,
  expectedPermissionMode: PermissionMode.nullish(),
  expectedToolOverrides: ToolOverrides.nullish(),
  expectedMarkedUnreadAt: z.number().nonnegative().nullish(),
  ...organised,
  ...privileged,
};

/** Members of `patchMembers` that are refused. */
export const inertInPatch = ['contextWindow', 'execHost', 'execSecurity', 'execAsk', 'execNode'] as const;

/** True when a change touches what only an administrator may. */
export const isPrivileged = (change: object): boolean =>
  Object.entries(change).some(([member, value]) => Object.hasOwn(privileged, member) && value !== undefined);
