import { z } from 'zod';
import { CommandEntry, scopeOfMessage } from './commands.ts';
import { agentId, attachments, count, idempotencyKey, runId, sessionKey, thinking, timestampMs } from './fields.ts';
import { HistoryDelta, HistoryPage, historyFields } from './history.ts';
import { mutation, query, router } from './method.ts';
import { ModelRow } from './models.ts';
import { QueueMode } from './queue.ts';
import { SessionResolution } from './session-answers.ts';

/** Characters of a note that is put into a transcript. */
const maxNoteChars = 1_000_000;

export const chat = router({
  /** Sends a message; the session is created when it does not exist. The reply arrives as `chat` and `agent` events. */
  send: mutation({
    summary: 'Send a message to a conversation.',
    scope: 'operator.write',
    input: z.strictObject({
      sessionKey,
      /** May be empty when there are attachments. */
      message: z.string(),
      /** Becomes the run's id. One space of keys for all sessions. */
      idempotencyKey,
      agentId: agentId.optional(),
      /** Refuses the message when the session has another id by now. */
      sessionId: z.string().min(1).optional(),
      thinking: thinking.optional(),
      attachments: attachments.optional(),
      /** Milliseconds the run may take; 0 or absent is the configured limit. */
      timeoutMs: count.optional(),
      /** Refused: there are no goals here. */
      intent: z.looseObject({}).optional(),
      fastMode: z.union([z.boolean(), z.literal('auto')]).optional(),
      fastAutoOnSeconds: z.number().int().min(1).optional(),
      /** What this message does when the conversation is at work; the session's or the configured mode when absent. */
      queueMode: QueueMode.optional(),
      /** Delivery to a chat network; refused while no channel is connected. */
      deliver: z.boolean().optional(),
      originatingChannel: z.string().max(512).optional(),
      originatingTo: z.string().max(512).optional(),
      originatingAccountId: z.string().max(512).optional(),
      originatingThreadId: z.string().max(512).optional(),
      replyToId: z.string().max(512).optional(),
      /** Refused unless empty: tools are those of the agent. */
      toolBindings: z.looseObject({}).optional(),
      systemInputProvenance: z.looseObject({}).optional(),
      systemProvenanceReceipt: z.string().max(100_000).optional(),
      /** Sends a message that begins with a slash to the agent as it is. */
      suppressCommandInterpretation: z.boolean().optional(),
      /** Refuses the message when this row has gone from the transcript; null: when there is any. `steer` does not look. */
      expectedLeafEntryId: z.string().min(1).max(256).nullish(),
      /** Refused: this gateway has given none. */
      expectedSessionRoutingContract: z.string().min(1).max(4096).optional(),
      /** Refuse the message when the session is set to something else; null: to nothing. */
      expectedPermissionMode: z.enum(['read-only', 'guarded', 'workspace', 'full']).nullish(),
      expectedToolOverrides: z.looseObject({}).nullish(),
    }),
    output: z.object({
      runId: z.string(),
      status: z.enum(['started', 'in_flight', 'ok', 'error', 'timeout']),
      summary: z.string().optional(),
      stopReason: z.string().optional(),
      endedAt: timestampMs.optional(),
    }),
    elevates: ({ message, suppressCommandInterpretation }) =>
      suppressCommandInterpretation ? undefined : scopeOfMessage(message),
    inert: [
      'fastMode',
      'fastAutoOnSeconds',
      'deliver',
      'originatingChannel',
      'originatingTo',
      'originatingAccountId',
      'originatingThreadId',
      'replyToId',
      'systemInputProvenance',
      'systemProvenanceReceipt',
    ],
    cli: { positionals: ['sessionKey', 'message'], long: ['message'] },
  }),

  /** Adds a note to a transcript as if the agent had said it; no run starts, and the next model reads it. */
  inject: mutation({
    summary: 'Add a note to a conversation, without a run.',
    scope: 'operator.admin',
    input: z.strictObject({
      sessionKey,
      message: z.string().min(1).max(maxNoteChars),
      /** Stands before the text, in brackets. */
      label: z.string().max(100).optional(),
      agentId: agentId.optional(),
    }),
    output: z.object({ ok: z.literal(true), messageId: z.string() }),
    cli: { positionals: ['sessionKey', 'message'], long: ['message'] },
  }),

  /** Tells what a chat window offers: models and commands. */
  metadata: query({
    summary: 'List the models and commands of a chat.',
    scope: 'operator.read',
    input: z.strictObject({ agentId: agentId.optional(), sessionKey: sessionKey.optional() }).prefault({}),
    output: z.object({
      models: z.array(ModelRow),
      commands: z.array(CommandEntry),
      /** Several agents on one task; not offered by this gateway. */
      swarmEnabled: z.boolean(),
      /** Whose account at the provider pays: always the one of the configuration. */
      accountSelection: z.object({ kind: z.literal('automatic'), label: z.string() }),
    }),
    cli: { hidden: true },
  }),

  /** Reads a transcript, the newest page first; with `cursor`, only what is new. */
  history: query({
    summary: 'Read the messages of a conversation.',
    scope: 'operator.read',
    input: z.strictObject({ sessionKey, ...historyFields }),
    output: z.union([HistoryDelta, HistoryPage]),
    cli: { positionals: ['sessionKey'] },
  }),

  /**
   * Opens a chat window: the history of a session, by its key or, for a short link, by the beginning of its id. By a short
   * link the connection also follows sessions from then on, as by `sessions.subscribe`.
   */
  startup: query({
    summary: 'Read what a chat window shows first.',
    scope: 'operator.read',
    input: z.looseObject({
      sessionKey: sessionKey.optional(),
      /** Instead of `sessionKey`: the beginning of a session's id, or of the last part of its key. */
      shortId: z.string().min(1).max(512).optional(),
      /** Decides between several that `shortId` fits. */
      slugHint: z.string().min(1).max(512).optional(),
      ...historyFields,
    }),
    output: z.union([
      HistoryDelta,
      HistoryPage,
      // A short link that fits no session, or several.
      z.object({ resolution: SessionResolution }),
    ]),
    inert: ['pendingBefore'],
    cli: { hidden: true },
  }),

  /** Aborts the run of a conversation, or one run of it; the text so far is kept. */
  abort: mutation({
    summary: 'Abort what a conversation is doing.',
    scope: 'operator.write',
    input: z.strictObject({
      sessionKey,
      agentId: agentId.optional(),
      runId: runId.optional(),
      preserveSideRuns: z.boolean().optional(),
    }),
    output: z.object({ ok: z.literal(true), aborted: z.boolean(), runIds: z.array(z.string()) }),
    inert: ['preserveSideRuns'],
    cli: { positionals: ['sessionKey'] },
  }),
});
