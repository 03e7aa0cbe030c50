import { z } from 'zod';
import { RunEvent } from './agent.ts';
import { CommandEntry, scopeOfMessage } from './commands.ts';
import { agentId, attachments, count, idempotencyKey, runId, sessionKey, thinking, timestampMs } from './fields.ts';
import { ChatMessage, SessionMessage, TextPart } from './message.ts';
import { mutation, query, router } from './method.ts';
import { ModelRow } from './models.ts';
import { InputReceipt, PendingInputs } from './pending.ts';
import { QueueMode } from './queue.ts';
import { SessionDefaults, SessionResolution, SessionRow } from './sessions.ts';
import { shape } from './shape.ts';
import { Usage } from './usage.ts';

export { ChatMessage, ContentPart } from './message.ts';

/** A message while it is being written, as `chat` events carry it. */
export interface MessageSnapshot {
  role: 'assistant';
  content: TextPart[];
  timestamp: number;
}

const MessageSnapshot = shape<MessageSnapshot>()(
  z.object({ role: z.literal('assistant'), content: z.array(TextPart), timestamp: timestampMs }),
);

/** What every `chat` event says. */
export interface ChatEventOrigin {
  runId: string;
  sessionKey: string;
  agentId: string;
  /** The run's sequence number, the one of its `agent` events. */
  seq: number;
  /** On the end of a run whose message was steered into another run or collected with it: that run, which has the reply. */
  answeredBy?: string | undefined;
}

/** The payload of the `chat` event: one reply, from its first words to its end. Exactly one of the last three ends a run. */
export type ChatEvent = ChatEventOrigin &
  (
    | { state: 'status'; phase: 'preparing_workspace' | 'preparing_context' | 'starting_model' }
    | {
        state: 'delta';
        /** What is new. */
        deltaText: string;
        /** The text so far. */
        message: MessageSnapshot;
        /** True when `message` replaces what was said before instead of continuing it. */
        replace?: boolean | undefined;
      }
    | { state: 'final'; stopReason: string; message?: MessageSnapshot | undefined; usage?: Usage | undefined }
    | { state: 'aborted'; stopReason: string; message?: MessageSnapshot | undefined; errorMessage?: string | undefined }
    | {
        state: 'error';
        errorMessage: string;
        /** The text so far. */
        message?: MessageSnapshot | undefined;
        errorKind?: 'refusal' | 'timeout' | 'rate_limit' | 'context_length' | 'unknown' | undefined;
        errorDetail?:
          | {
              provider?: string | undefined;
              model?: string | undefined;
              failoverReason?: string | undefined;
              httpStatus?: number | undefined;
              providerErrorType?: string | undefined;
              providerErrorMessagePreview?: string | undefined;
            }
          | undefined;
      }
  );

const base = {
  runId: z.string(),
  sessionKey: z.string(),
  agentId: z.string(),
  seq: count,
  answeredBy: z.string().optional(),
};

export const ChatEvent: z.ZodType<ChatEvent, ChatEvent> = z.discriminatedUnion('state', [
  z.object({
    ...base,
    state: z.literal('status'),
    phase: z.enum(['preparing_workspace', 'preparing_context', 'starting_model']),
  }),
  z.object({
    ...base,
    state: z.literal('delta'),
    deltaText: z.string(),
    message: MessageSnapshot,
    replace: z.boolean().optional(),
  }),
  z.object({
    ...base,
    state: z.literal('final'),
    stopReason: z.string(),
    message: MessageSnapshot.optional(),
    usage: Usage.optional(),
  }),
  z.object({
    ...base,
    state: z.literal('aborted'),
    stopReason: z.string(),
    message: MessageSnapshot.optional(),
    errorMessage: z.string().optional(),
  }),
  z.object({
    ...base,
    state: z.literal('error'),
    errorMessage: z.string(),
    message: MessageSnapshot.optional(),
    errorKind: z.enum(['refusal', 'timeout', 'rate_limit', 'context_length', 'unknown']).optional(),
    errorDetail: z
      .object({
        provider: z.string().optional(),
        model: z.string().optional(),
        failoverReason: z.string().optional(),
        httpStatus: z.number().int().optional(),
        providerErrorType: z.string().optional(),
        providerErrorMessagePreview: z.string().optional(),
      })
      .optional(),
  }),
]);

/** A page of a transcript, oldest message first. */
export interface HistoryPage {
  sessionKey: string;
  /** Null when the session does not exist yet. */
  sessionId: string | null;
  messages: ChatMessage[];
  /** Messages that were accepted and are not in `messages` yet. */
  pendingInputs: PendingInputs;
  /** With `inputRunIds`: where those messages are now. */
  inputReceipts?: InputReceipt[] | undefined;
  /** Opaque; give it back as `cursor` to read only what is new. */
  deltaCursor: string;
  hasMore: boolean;
  /** Give it back as `offset` to page towards older messages. */
  nextOffset?: number | undefined;
  totalMessages: number;
  defaults: SessionDefaults;
  /** Null when the session does not exist yet. */
  sessionInfo: SessionRow | null;
  /** What is being written right now. */
  inFlightRun?: { runId: string; text: string; startedAt: number; events: RunEvent[] } | undefined;
  /** Of `chat.startup` by `shortId`: the session that was found. */
  resolution?: SessionResolution | undefined;
}

const inFlightRun = z
  .object({ runId: z.string(), text: z.string(), startedAt: timestampMs, events: z.array(RunEvent) })
  .optional();

export const HistoryPage = shape<HistoryPage>()(
  z.object({
    sessionKey: z.string(),
    sessionId: z.string().nullable(),
    messages: z.array(ChatMessage),
    pendingInputs: PendingInputs,
    inputReceipts: z.array(InputReceipt).optional(),
    deltaCursor: z.string(),
    hasMore: z.boolean(),
    nextOffset: count.optional(),
    totalMessages: count,
    defaults: SessionDefaults,
    sessionInfo: SessionRow.nullable(),
    inFlightRun,
    resolution: SessionResolution.optional(),
  }),
);

/** What came after a `cursor`; `reset` asks the client to read the history anew. */
export type HistoryDelta =
  | {
      kind: 'delta';
      /** As `session.message` told them, oldest first. */
      messages: SessionMessage[];
      deltaCursor: string;
      sessionInfo: SessionRow | null;
      inFlightRun?: HistoryPage['inFlightRun'];
      pendingInputs: PendingInputs;
      inputReceipts?: InputReceipt[] | undefined;
    }
  | { kind: 'reset' };

export const HistoryDelta = shape<HistoryDelta>()(
  z.union([
    z.object({
      kind: z.literal('delta'),
      messages: z.array(SessionMessage),
      deltaCursor: z.string(),
      sessionInfo: SessionRow.nullable(),
      inFlightRun,
      pendingInputs: PendingInputs,
      inputReceipts: z.array(InputReceipt).optional(),
    }),
    z.object({ kind: z.literal('reset') }),
  ]),
);

/** Characters of a note that is put into a transcript. */
const maxNoteChars = 1_000_000;

/** How `chat.history` and `chat.startup` are asked for a page. */
const historyFields = {
  agentId: agentId.optional(),
  /** A `deltaCursor` of an earlier answer; one that is not understood answers `{kind: 'reset'}`. */
  cursor: z.string().optional(),
  /** Messages; fewer come when they are large, see `nextOffset`. */
  limit: z.number().int().min(1).max(1000).default(200),
  /** Messages to leave out at the newer end. */
  offset: count.default(0),
  /** Longer texts are cut and marked. Characters; 500,000 by default. */
  maxChars: z.number().int().min(1).max(500_000).optional(),
  /** Reads around this message instead of the newest; one that is not there answers no messages. */
  messageId: z.string().min(1).max(512).optional(),
  /** Refuses when the session has another id. */
  sessionId: z.string().min(1).max(512).optional(),
  /** A `nextBefore` of an earlier answer: pages `pendingInputs` towards older ones. */
  pendingBefore: z.number().int().min(1).optional(),
  /** Runs whose messages the caller wants to find again: answered as `inputReceipts`. */
  inputRunIds: z.array(z.string().min(1).max(256)).max(50).optional(),
};

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
