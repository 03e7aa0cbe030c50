import { z } from 'zod';
import { scopeOfMessage } from './commands.ts';
import { agentId, attachments, count, idempotencyKey, label, sessionKey, thinking, timestampMs } from './fields.ts';
import { mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

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
  pinned?: boolean | undefined;
  /** State of the newest run; absent before the first. */
  status?: 'queued' | 'running' | 'done' | 'failed' | 'killed' | 'timeout' | undefined;
  /** True while a run is queued or working. */
  hasActiveRun: boolean;
  lastRunId?: string | undefined;
  lastRunError?: string | undefined;
  /** Tokens read in all, over the session's life. */
  inputTokens: number;
  /** Tokens written in all. */
  outputTokens: number;
  totalTokens: number;
  /** Provider of the model in effect. */
  modelProvider: string;
  /** Model in effect, without its provider. */
  model: string;
  /** `user` when the session overrides its agent's model. */
  modelOverrideSource?: 'user' | undefined;
  thinkingLevel?: string | undefined;
  /** Number of messages since the last reset. */
  messageCount: number;
}

export const SessionRow = shape<SessionRow>()(
  z.object({
    key: z.string(),
    sessionId: z.string(),
    kind: z.enum(['direct', 'group', 'global', 'unknown']),
    agentId: z.string(),
    isMain: z.boolean(),
    label: z.string().optional(),
    displayName: z.string().optional(),
    category: z.string().optional(),
    derivedTitle: z.string().optional(),
    lastMessagePreview: z.string().optional(),
    createdAt: timestampMs,
    updatedAt: timestampMs,
    lifecycleRevision: z.string(),
    archived: z.boolean().optional(),
    pinned: z.boolean().optional(),
    status: z.enum(['queued', 'running', 'done', 'failed', 'killed', 'timeout']).optional(),
    hasActiveRun: z.boolean(),
    lastRunId: z.string().optional(),
    lastRunError: z.string().optional(),
    inputTokens: count,
    outputTokens: count,
    totalTokens: count,
    modelProvider: z.string(),
    model: z.string(),
    modelOverrideSource: z.literal('user').optional(),
    thinkingLevel: z.string().optional(),
    messageCount: count,
  }),
);

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
  owners: never[];
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
    defaults: SessionDefaults,
    sessions: z.array(SessionRow),
  }),
);

/** What a session that was just created or changed runs with. */
export interface ResolvedModel {
  modelProvider: string;
  model: string;
}
const ResolvedModel = shape<ResolvedModel>()(z.object({ modelProvider: z.string(), model: z.string() }));

const key = sessionKey;
/** Refuses the call when the session has another id by now: it was deleted and made anew. */
const expectedSessionId = z.string().min(1).optional();
const expectedLifecycleRevision = z.string().min(1).optional();
const SendAnswer = z.object({ runId: z.string(), status: z.enum(['started', 'in_flight', 'ok', 'error', 'timeout']) });

export const sessions = router({
  /** Lists sessions, newest first. */
  list: query({
    summary: 'List sessions, newest first.',
    scope: 'operator.read',
    input: z
      .strictObject({
        limit: z.number().int().min(1).max(1000).default(100),
        offset: count.default(0),
        /** Only sessions that changed within this many minutes. */
        activeMinutes: z.number().int().min(1).optional(),
        agentId: agentId.optional(),
        label: label.optional(),
        /** Words to look for in key, label and display name. */
        search: z.string().max(512).optional(),
        archived: z.union([z.boolean(), z.literal('all')]).default(false),
        includeDerivedTitles: z.boolean().default(false),
        includeLastMessage: z.boolean().default(false),
        sortBy: z.enum(['updatedAt', 'lastInteractionAt', 'activity']).optional(),
        /** Only sessions in which a run is queued or working. */
        activeOnly: z.boolean().default(false),
        requireLastInteraction: z.boolean().optional(),
        includeGlobal: z.boolean().optional(),
        includeUnknown: z.boolean().optional(),
        configuredAgentsOnly: z.boolean().optional(),
        includeActivitySummary: z.boolean().optional(),
        boardFace: z.enum(['chat', 'dashboard']).optional(),
        creatorId: z.string().optional(),
        ownerId: z.string().optional(),
        ownerFirst: z.boolean().optional(),
        involvingMe: z.boolean().optional(),
        involvingProfileId: z.string().optional(),
        includePeople: z.boolean().optional(),
        spawnedBy: z.string().optional(),
      })
      .prefault({}),
    output: SessionPage,
    inert: [
      'sortBy',
      'requireLastInteraction',
      'includeGlobal',
      'includeUnknown',
      'configuredAgentsOnly',
      'includeActivitySummary',
      'boardFace',
      'creatorId',
      'ownerId',
      'ownerFirst',
      'involvingMe',
      'involvingProfileId',
      'includePeople',
      'spawnedBy',
    ],
  }),

  /** Creates a session, or adopts the one that has the key already; with `message` (or `task`) starts a run in it. */
  create: mutation({
    summary: 'Create a session, optionally with its first message.',
    scope: 'operator.write',
    elevates: ({ incognito, execNode, message, task }) =>
      incognito || execNode ? 'operator.admin' : scopeOfMessage(message ?? task ?? ''),
    input: z
      .strictObject({
        /** A bare key becomes `agent:<agentId>:<key>`; without one, `agent:<agentId>:dashboard:<uuid>`. */
        key: key.optional(),
        agentId: agentId.optional(),
        label: label.optional(),
        displayName: z.string().min(1).max(500).optional(),
        category: label.optional(),
        /** `<provider>/<model>`, or a model id of a configured provider. */
        model: z.string().min(1).optional(),
        thinkingLevel: z.string().min(1).optional(),
        message: z.string().optional(),
        task: z.string().optional(),
        attachments: attachments.optional(),
        idempotencyKey: idempotencyKey.optional(),
        /** Refused: every conversation is kept here. */
        incognito: z.boolean().optional(),
        /** Refused: there are no nodes here. */
        execNode: z.string().optional(),
        parentSessionKey: z.string().optional(),
        emitCommandHooks: z.boolean().optional(),
      })
      .prefault({}),
    output: z.object({
      ok: z.literal(true),
      key: z.string(),
      sessionId: z.string(),
      entry: SessionRow,
      resolved: ResolvedModel,
      runStarted: z.boolean(),
      runId: z.string().optional(),
    }),
    inert: ['incognito', 'execNode', 'parentSessionKey', 'emitCommandHooks'],
    cli: { positionals: ['key'] },
  }),

  /** Finds one session by key, id, label or the beginning of its id. */
  resolve: query({
    summary: 'Find a session by key, id, label or the beginning of its id.',
    scope: 'operator.read',
    input: z.strictObject({
      key: key.optional(),
      sessionId: z.string().min(1).optional(),
      label: label.optional(),
      shortId: z.string().min(1).optional(),
      slugHint: z.string().min(1).optional(),
      agentId: agentId.optional(),
      spawnedBy: z.string().optional(),
      includeGlobal: z.boolean().optional(),
      includeUnknown: z.boolean().optional(),
      /** Answers `{ok: false}` for a missing session instead of an error. */
      allowMissing: z.boolean().optional(),
    }),
    output: z.union([
      z.object({ ok: z.literal(true), key: z.string(), agentId: z.string(), displayName: z.string().optional() }),
      z.object({ ok: z.literal(false) }),
    ]),
    inert: ['slugHint', 'spawnedBy', 'includeGlobal', 'includeUnknown'],
    cli: { positionals: ['key'] },
  }),

  /** Describes one session; `session` is null when there is none. */
  describe: query({
    summary: 'Describe one session.',
    scope: 'operator.read',
    input: z.strictObject({
      key,
      includeDerivedTitles: z.boolean().default(false),
      includeLastMessage: z.boolean().default(false),
    }),
    output: z.object({ session: SessionRow.nullable() }),
    cli: { positionals: ['key'] },
  }),

  /** Changes name, model, thinking or archive state of a session; null takes an override away. */
  patch: mutation({
    summary: 'Change the name, model or thinking of a session.',
    scope: 'operator.write',
    input: z.strictObject({
      key,
      agentId: agentId.optional(),
      expectedSessionId,
      expectedLifecycleRevision,
      label: label.nullish(),
      category: label.nullish(),
      /** `<provider>/<model>`, or a model id of a configured provider. */
      model: z.string().min(1).nullish(),
      thinkingLevel: z.string().min(1).nullish(),
      /** Needs `expectedSessionId`. */
      archived: z.boolean().optional(),
      pinned: z.boolean().optional(),
    }),
    output: z.object({
      ok: z.literal(true),
      path: z.string(),
      key: z.string(),
      entry: SessionRow,
      resolved: ResolvedModel,
    }),
    cli: { positionals: ['key'] },
  }),

  /** Starts a fresh transcript; key, id and name stay. A run that works in the session is aborted first. */
  reset: mutation({
    summary: 'Start a fresh transcript; key and name stay.',
    scope: 'operator.admin',
    input: z.strictObject({
      key,
      agentId: agentId.optional(),
      reason: z.enum(['new', 'reset']).default('reset'),
      expectedSessionId,
    }),
    output: z.object({ ok: z.literal(true), key: z.string(), entry: SessionRow, resolved: ResolvedModel }),
    cli: { positionals: ['key'] },
  }),

  /** Deletes a session with its transcript; the main session cannot be deleted. A second call answers `deleted: false`. */
  delete: mutation({
    summary: 'Delete a session and its transcript.',
    scope: 'operator.admin',
    input: z.strictObject({
      key,
      agentId: agentId.optional(),
      /** `false` is refused: a transcript goes with its session. Archive it instead. */
      deleteTranscript: z.boolean().default(true),
      expectedSessionId,
      expectedLifecycleRevision,
      expectedSessionUpdatedAt: z.number().nonnegative().optional(),
      emitLifecycleHooks: z.boolean().optional(),
      archivedOnly: z.boolean().optional(),
    }),
    output: z.object({ ok: z.literal(true), key: z.string(), deleted: z.boolean(), archived: z.array(z.string()) }),
    inert: ['deleteTranscript', 'emitLifecycleHooks'],
    cli: { positionals: ['key'] },
  }),

  /** Sends a message to an existing session; the reply arrives as `chat` and `agent` events. */
  send: mutation({
    summary: 'Send a message to a session.',
    scope: 'operator.write',
    input: z.strictObject({
      key,
      message: z.string(),
      agentId: agentId.optional(),
      thinking: thinking.optional(),
      attachments: attachments.optional(),
      /** Milliseconds the run may take; 0 or absent is the configured limit. */
      timeoutMs: count.optional(),
      idempotencyKey: idempotencyKey.optional(),
    }),
    output: SendAnswer,
    elevates: ({ message }) => scopeOfMessage(message),
    cli: { positionals: ['key', 'message'] },
  }),

  /** Aborts the run that works in a session, or one run by id; the text so far is kept. */
  abort: mutation({
    summary: 'Abort what a session is doing.',
    scope: 'operator.write',
    input: z.strictObject({
      key: key.optional(),
      runId: z.string().min(1).optional(),
      agentId: agentId.optional(),
      /** Also drops the messages that wait behind the run. */
      clearQueued: z.boolean().default(false),
    }),
    output: z.object({
      ok: z.literal(true),
      abortedRunId: z.string().nullable(),
      status: z.enum(['aborted', 'no-active-run']),
    }),
    cli: { positionals: ['key'] },
  }),

  /** Turns on `sessions.changed` for this connection, until it closes. With list parameters, also answers a list. */
  subscribe: query({
    summary: 'Receive sessions.changed events on this connection.',
    scope: 'operator.read',
    input: z
      .looseObject({
        limit: z.number().int().min(1).max(1000).optional(),
        offset: count.optional(),
        agentId: agentId.optional(),
        includeDerivedTitles: z.boolean().optional(),
        includeLastMessage: z.boolean().optional(),
      })
      .prefault({}),
    output: z.object({ subscribed: z.literal(true), list: SessionPage.optional() }),
    cli: { hidden: true },
  }),

  /** Turns on `session.message` for one session on this connection. */
  'messages.subscribe': query({
    summary: 'Receive session.message events of one session on this connection.',
    scope: 'operator.read',
    input: z.strictObject({ key, agentId: agentId.optional(), includeApprovals: z.literal(true).optional() }),
    output: z.object({ subscribed: z.literal(true), key: z.string() }),
    cli: { hidden: true },
  }),

  /** Turns `session.message` off again; harmless when it was off. */
  'messages.unsubscribe': query({
    summary: 'Stop receiving session.message events of one session.',
    scope: 'operator.read',
    input: z.strictObject({ key, agentId: agentId.optional() }),
    output: z.object({ subscribed: z.literal(false), key: z.string() }),
    cli: { hidden: true },
  }),
});
