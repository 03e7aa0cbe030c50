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
/** Refuses the call when the session's `lifecycleRevision` is another by now: it was reset meanwhile. */
export const expectedLifecycleRevision = z.string().min(1).optional();
const name = z.string().min(1).max(512);
const level = z.string().min(1).max(64);
const profileId = z.string().min(1).max(256);

/** What `sessions.list` can be asked. */
export const listMembers = {
  /** Rows of a page; more than 1000 are answered by page, `limitApplied` says so. */
  limit: z.number().int().min(1).default(100),
  /** Rows to leave out before the page; `nextOffset` of an earlier answer. */
  offset: count.default(0),
  /** Only sessions that changed within this many minutes; sorted by activity, that were active. */
  activeMinutes: z.number().int().min(1).optional(),
  agentId: agentId.optional(),
  label: label.optional(),
  /** Words to look for in key, label and display name. */
  search: z.string().max(512).optional(),
  /** `true` for archived sessions only, `all` for both. */
  archived: z.union([z.boolean(), z.literal('all')]).default(false),
  /** Adds `derivedTitle`, made of the first words of the conversation. */
  includeDerivedTitles: z.boolean().default(false),
  /** Adds `lastMessagePreview`. */
  includeLastMessage: z.boolean().default(false),
  /** `updatedAt`, pinned sessions first; `lastInteractionAt`, the newest message of a person; `activity`, of anybody. */
  sortBy: z.enum(['updatedAt', 'lastInteractionAt', 'activity']).default('updatedAt'),
  /** Only sessions in which a run is queued or working. */
  activeOnly: z.boolean().default(false),
  /** Only sessions that a person has written to. */
  requireLastInteraction: z.boolean().default(false),
  /** Only sessions of agents that the configuration names now. */
  configuredAgentsOnly: z.boolean().default(false),
  /** Only sessions that clients open like this. */
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
  /** Name for display; need not be unique. */
  displayName: z.string().min(1).max(500).optional(),
  /** Heading under which clients show it. */
  category: label.optional(),
  /** `<provider>/<model>`, or a model id of a configured provider. */
  model: z.string().min(1).max(512).optional(),
  /** How much its model thinks: `off`, `minimal`, `low`, `medium`, `high`, or a level that only its provider knows. */
  thinkingLevel: level.optional(),
  /** Kept for clients; nothing here depends on it. */
  fastMode: fastMode.optional(),
  /** With `read-only` the session has no tools that change something. */
  permissionMode: PermissionMode.optional(),
  /** Kept for clients; nothing here depends on it. */
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
  /** How many sessions are above it. */
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
  /** Emoji or name, for clients to show. */
  icon: z.string().max(64).nullish(),
  /** For clients to show. */
  color: z.string().max(64).nullish(),
  /** Heading under which clients show it. */
  category: label.nullish(),
  /** How clients open it. */
  boardFace: boardFace.optional(),
  /** What it is about right now, for people. */
  statusNote: z.string().max(120).nullish(),
  /** A mark that asks people to look. */
  attention: Attention.nullish(),
  /** Minutes after which `statusNote` and `attention` go away by themselves. */
  ttlMinutes: z.number().int().min(1).max(120).optional(),
  /** Needs `expectedSessionId`. Archiving ends what works in the session. */
  archived: z.boolean().optional(),
  /** Keeps it at the top of lists. */
  pinned: z.boolean().optional(),
  /** Marks it for people, or takes the mark away. */
  unread: z.boolean().optional(),
  /** `<provider>/<model>`, or a model id of a configured provider. */
  model: z.string().min(1).max(512).nullish(),
  /** How much its model thinks: `off`, `minimal`, `low`, `medium`, `high`, or a level that only its provider knows. */
  thinkingLevel: level.nullish(),
  /** Kept for clients; nothing here depends on it. */
  fastMode: fastMode.nullish(),
};

/** What needs `operator.admin`. */
const privileged = {
  contextWindow: z.string().min(1).nullish(),
  /** Kept for clients; nothing here depends on it. */
  toolOverrides: ToolOverrides.nullish(),
  /** Kept for clients; nothing here depends on it. */
  verboseLevel: level.nullish(),
  /** Kept for clients; nothing here depends on it. */
  traceLevel: level.nullish(),
  /** Kept for clients; nothing here depends on it. */
  reasoningLevel: level.nullish(),
  /** Kept for clients; nothing here depends on it. */
  responseUsage: responseUsage.nullish(),
  /** Kept for clients; nothing here depends on it. */
  elevatedLevel: level.nullish(),
  execHost: z.string().min(1).nullish(),
  execSecurity: z.string().min(1).nullish(),
  execAsk: z.string().min(1).nullish(),
  execNode: z.string().min(1).nullish(),
  /** With `read-only` the session has no tools that change something. */
  permissionMode: PermissionMode.nullish(),
  /** Kept for clients; nothing here depends on it. */
  completionOwnerSessionKey: sessionKey.nullish(),
  /** Kept for clients; nothing here depends on it. */
  inheritedToolPolicyVersion: z.literal(1).nullish(),
  /** The session has no other tools than these, by name or group, of those that the configuration leaves it. */
  inheritedToolAllow: z.array(name).max(1000).nullish(),
  /** Tools, by name or group, that the session does not have. */
  inheritedToolDeny: z.array(name).max(1000).nullish(),
  /** Kept for clients; nothing here depends on it. */
  sendPolicy: sendPolicy.nullish(),
  /** Kept for clients; nothing here depends on it. */
  groupActivation: groupActivation.nullish(),
};

/** What `sessions.patch` can be asked. */
export const patchMembers = {
  key: sessionKey,
  agentId: agentId.optional(),
  /** What a message does that comes while the session is at work; null: as configured. */
  queueMode: QueueMode.nullish(),
  /** Messages that may wait in it; null: as configured. */
  queueCap: z.number().int().min(1).max(64).nullish(),
  /** What a full line does; null: as configured. */
  queueDrop: QueueDrop.nullish(),
  /** Milliseconds without a further message before collected ones are answered; null: as configured. */
  queueDebounceMs: z.number().int().min(0).max(60_000).nullish(),
  expectedSessionId,
  expectedLifecycleRevision,
  /** Refuse the change when the session has something else by now; null: when it has any. */
  expectedPermissionMode: PermissionMode.nullish(),
  /** The same for the tools that are on or off. */
  expectedToolOverrides: ToolOverrides.nullish(),
  /** The same for the time at which it was marked unread. */
  expectedMarkedUnreadAt: z.number().nonnegative().nullish(),
  ...organised,
  ...privileged,
};

/** Members of `patchMembers` that are refused. */
export const inertInPatch = ['contextWindow', 'execHost', 'execSecurity', 'execAsk', 'execNode'] as const;

/** True when a change touches what only an administrator may. */
export const isPrivileged = (change: object): boolean =>
  Object.entries(change).some(([member, value]) => Object.hasOwn(privileged, member) && value !== undefined);
