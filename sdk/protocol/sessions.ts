import { z } from 'zod';
import { scopeOfMessage } from './commands.ts';
import { agentId, attachments, count, idempotencyKey, label, sessionKey, thinking, timestampMs } from './fields.ts';
import { ChatMessage } from './message.ts';
import { mutation, query, router } from './method.ts';
import { Compaction, ResolvedModel, SearchPage, SessionPreview, SessionResolution } from './session-answers.ts';
import {
  createMembers,
  expectedLifecycleRevision,
  expectedSessionId,
  inertInCreate,
  inertInLists,
  inertInPatch,
  isPrivileged,
  listMembers,
  patchMembers,
} from './session-inputs.ts';
import { SessionPage, SessionRow } from './session-row.ts';
import { dateRange } from './usage.ts';
import { SessionsUsage } from './usage-report.ts';

const key = sessionKey;
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const SendAnswer = z.object({ runId: z.string(), status: z.enum(['started', 'in_flight', 'ok', 'error', 'timeout']) });

export const sessions = router({
  /** Lists sessions by page: pinned ones first, then the newest change, unless `sortBy` says otherwise. */
  list: query({
    summary: 'List sessions, pinned ones first, then the newest.',
    scope: 'operator.read',
    input: z.strictObject(listMembers).prefault({}),
    output: SessionPage,
    inert: inertInLists,
  }),

  /**
   * Looks for words in what people and agents wrote, in all sessions or some. All words must be in the message; what stands
   * in quotes must be in that order. The best hits come first.
   */
  search: query({
    summary: 'Search the messages of all sessions.',
    scope: 'operator.read',
    input: z.strictObject({
      /** Words, and phrases in quotes. */
      query: z.string().min(1).max(4096),
      /** Only sessions of this agent. */
      agentId: agentId.optional(),
      /** Only these sessions. */
      sessionKeys: z.array(key).max(200).optional(),
      /** Hits at most. */
      limit: z.number().int().min(1).max(25).default(10),
    }),
    output: SearchPage,
    cli: { positionals: ['query'] },
  }),

  /** The newest words of some sessions, oldest first. */
  preview: query({
    summary: 'Show the newest messages of some sessions.',
    scope: 'operator.read',
    input: z.strictObject({
      keys: z.array(key).max(500),
      /** Messages of each session. At most 50 are answered. */
      limit: z.number().int().min(1).default(12),
      /** Of each message. At most 2000 are answered. */
      maxChars: z.number().int().min(20).default(240),
    }),
    output: z.object({ ts: timestampMs, previews: z.array(SessionPreview) }),
    cli: { positionals: ['keys'] },
  }),

  /** The newest rows of a transcript, oldest first, as `chat.history` shows them. */
  get: query({
    summary: 'Read the newest messages of a session.',
    scope: 'operator.read',
    input: z.looseObject({
      key,
      agentId: agentId.optional(),
      limit: z.number().int().min(1).max(1000).default(200),
    }),
    output: z.object({ messages: z.array(ChatMessage) }),
    cli: { positionals: ['key'] },
  }),

  /**
   * Creates a session, or adopts the one that has the key already; with `message` (or `task`) starts a run in it. A run that
   * is refused leaves the session and is told in `runError`.
   */
  create: mutation({
    summary: 'Create a session, optionally with its first message.',
    scope: 'operator.write',
    elevates: ({ incognito, execNode, message, task }) =>
      incognito || execNode ? 'operator.admin' : scopeOfMessage(message ?? task ?? ''),
    input: z.strictObject(createMembers).prefault({}),
    output: z.object({
      ok: z.literal(true),
      key: z.string(),
      sessionId: z.string(),
      entry: SessionRow,
      resolved: ResolvedModel,
      runStarted: z.boolean(),
      runId: z.string().optional(),
      runError: z
        .object({
          code: z.string(),
          message: z.string(),
          details: z.unknown().optional(),
          retryable: z.boolean().optional(),
          retryAfterMs: count.optional(),
        })
        .optional(),
    }),
    inert: inertInCreate,
    cli: { positionals: ['key'], long: ['message'] },
  }),

  /** Finds one session by key, id, label or the beginning of its id; several that fit are told as `candidates`. */
  resolve: query({
    summary: 'Find a session by key, id, label or the beginning of its id.',
    scope: 'operator.read',
    input: z.strictObject({
      key: key.optional(),
      sessionId: z.string().min(1).max(512).optional(),
      label: label.optional(),
      /** Beginning of the id, or of the last part of the key. */
      shortId: z.string().min(1).max(512).optional(),
      /** Decides between several that `shortId` fits: their name in lower case with dashes. */
      slugHint: z.string().min(1).max(512).optional(),
      agentId: agentId.optional(),
      /** Only a session that this one's agent made. */
      spawnedBy: key.optional(),
      includeGlobal: z.boolean().optional(),
      includeUnknown: z.boolean().optional(),
      /** Answers `{ok: false}` for a missing session instead of an error. */
      allowMissing: z.boolean().default(false),
    }),
    output: SessionResolution,
    inert: ['includeGlobal', 'includeUnknown'],
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

  /** Changes name, model, state or settings of a session; null takes a value away. */
  patch: mutation({
    summary: 'Change the name, model or settings of a session.',
    scope: 'operator.write',
    elevates: (input) => (isPrivileged(input) ? 'operator.admin' : undefined),
    input: z.strictObject(patchMembers),
    output: z.object({
      ok: z.literal(true),
      path: z.string(),
      key: z.string(),
      entry: SessionRow,
      resolved: ResolvedModel,
    }),
    inert: inertInPatch,
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
      /** `false` keeps the transcript as a file of JSON lines, which `archived` names. */
      deleteTranscript: z.boolean().default(true),
      expectedSessionId,
      expectedLifecycleRevision,
      expectedSessionUpdatedAt: z.number().nonnegative().optional(),
      emitLifecycleHooks: z.boolean().optional(),
      /** Refuses a session that is not archived. */
      archivedOnly: z.boolean().default(false),
    }),
    output: z.object({ ok: z.literal(true), key: z.string(), deleted: z.boolean(), archived: z.array(z.string()) }),
    inert: ['emitLifecycleHooks'],
    cli: { positionals: ['key'] },
  }),

  /**
   * Puts the older part of a conversation into a summary, which the agent reads in its place; people see all messages still.
   * With `maxLines` cuts off all but the newest rows instead, for good. INVALID_REQUEST while a run works or waits in it.
   */
  compact: mutation({
    summary: 'Put the older part of a conversation into a summary.',
    scope: 'operator.admin',
    input: z.strictObject({
      key,
      agentId: agentId.optional(),
      /** Rows to keep; cuts off the others. */
      maxLines: z.number().int().min(1).optional(),
    }),
    output: z.object({
      /** False when the model gave no summary; everything is as it was then. */
      ok: z.boolean(),
      key: z.string(),
      compacted: z.boolean(),
      /** Why nothing was done. */
      reason: z.string().optional(),
      /** With `maxLines`: rows that are left. */
      kept: count.optional(),
      result: Compaction.optional(),
    }),
    cli: { positionals: ['key'] },
  }),

  /** Adds up tokens and costs by conversation, and over all of them by day, model, provider and agent. */
  usage: query({
    summary: 'Add up tokens and costs by conversation.',
    scope: 'operator.read',
    input: z
      .strictObject({
        /** Only this conversation. */
        key: key.optional(),
        ...dateRange,
        startDate: day.optional(),
        endDate: day.optional(),
        utcOffset: z
          .string()
          .regex(/^UTC[+-]\d{1,2}(?::[0-5]\d)?$/)
          .optional(),
        /** `family` joins the conversations that had a key one after the other. Default `instance`. */
        groupBy: z.enum(['instance', 'family']).optional(),
        /** The same as `groupBy` `family`. */
        includeHistorical: z.boolean().optional(),
        /** Conversations in the list, 500 at most; the sums are over all. Default 50. */
        limit: z.number().int().min(1).optional(),
        /** Answers `contextWeight` for each, which is always null. */
        includeContextWeight: z.boolean().optional(),
      })
      .prefault({}),
    output: SessionsUsage,
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
    cli: { positionals: ['key', 'message'], long: ['message'] },
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
    input: z.union([z.strictObject({ limit: z.never().optional() }), z.looseObject(listMembers)]).prefault({}),
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
