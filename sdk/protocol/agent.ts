import { z } from 'zod';
import { scopeOfMessage } from './commands.ts';
import {
  agentId,
  attachments,
  count,
  idempotencyKey,
  label,
  runId,
  sessionKey,
  thinking,
  timestampMs,
} from './fields.ts';
import { mutation, query } from './method.ts';
import { shape } from './shape.ts';

/** The payload of the `agent` event, and one entry of a run's event log. */
export interface RunEvent {
  runId: string;
  /** Within the run, from 1, strictly increasing; holes where text was joined. */
  seq: number;
  /** `lifecycle`, `assistant`, `tool`, `item`, `usage`, ... (docs/protocol.md, "Runs"). */
  stream: string;
  /** Milliseconds since the epoch. */
  ts: number;
  data: Record<string, unknown>;
  sessionKey: string;
  agentId: string;
  sessionId?: string | undefined;
  isHeartbeat?: boolean | undefined;
}

/** The members of a run's event, for what carries them besides its own. */
export const runEventMembers = {
  runId: z.string(),
  seq: count,
  stream: z.string(),
  ts: timestampMs,
  data: z.record(z.string(), z.unknown()),
  sessionKey: z.string(),
  agentId: z.string(),
  sessionId: z.string().optional(),
  isHeartbeat: z.boolean().optional(),
};

export const RunEvent = shape<RunEvent>()(z.object(runEventMembers));

/** A model as a receipt names it. */
export interface ModelRef {
  provider: string;
  model: string;
}

/** What an ended run was asked to use, and what it used. */
export interface TerminalReceipt {
  runId: string;
  sessionId: string;
  /** Names the last message of the run. */
  turnId: string;
  /** The model that was tried first. */
  requested: ModelRef;
  /** The model that was used last. */
  effective: ModelRef & { responseModel: string };
  /** Tools that answered without an error, each once. */
  successfulToolNames: string[];
  /** True when a fallback answered. */
  rerouted: boolean;
  terminalDisposition: 'visible' | 'not-visible';
}

const modelRef = z.object({ provider: z.string(), model: z.string() });

export const TerminalReceipt = shape<TerminalReceipt>()(
  z.object({
    runId: z.string(),
    sessionId: z.string(),
    turnId: z.string(),
    requested: modelRef,
    effective: modelRef.extend({ responseModel: z.string() }),
    successfulToolNames: z.array(z.string()),
    rerouted: z.boolean(),
    terminalDisposition: z.enum(['visible', 'not-visible']),
  }),
);

/** The reply that a run ended with. */
export type TerminalReply = { disposition: 'visible'; text: string } | { disposition: 'empty' };

export const TerminalReply = shape<TerminalReply>()(
  z.union([
    z.object({ disposition: z.literal('visible'), text: z.string() }),
    z.object({ disposition: z.literal('empty') }),
  ]),
);

/** How a run ended. */
export interface RunOutcome {
  runId: string;
  /** `timeout` also when the run is unknown or still working after `timeoutMs`. */
  status: 'ok' | 'error' | 'timeout';
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  error?: string | undefined;
  /** `rpc` after an abort. */
  stopReason?: string | undefined;
  /** `working` after a reply, `blocked` after a failure, `abandoned` when the run was cut off. */
  livenessState?: 'working' | 'blocked' | 'abandoned' | undefined;
  terminalReply?: TerminalReply | undefined;
  terminalReceipt?: TerminalReceipt | undefined;
  /** The run whose reply answers this one's message, too: it was steered into it or collected with it. */
  answeredBy?: string | undefined;
}

export const RunOutcome = shape<RunOutcome>()(
  z.object({
    runId: z.string(),
    status: z.enum(['ok', 'error', 'timeout']),
    startedAt: timestampMs.optional(),
    endedAt: timestampMs.optional(),
    error: z.string().optional(),
    stopReason: z.string().optional(),
    livenessState: z.enum(['working', 'blocked', 'abandoned']).optional(),
    terminalReply: TerminalReply.optional(),
    terminalReceipt: TerminalReceipt.optional(),
    answeredBy: z.string().optional(),
  }),
);

/** A name or id in a published input; nothing here depends on it. */
const word = z.string().max(512);

/** Members of the published `agent` input that change nothing here: no chat network, one line for each session, no bundles. */
const inert = {
  to: word.optional(),
  channel: word.optional(),
  replyTo: word.optional(),
  replyChannel: word.optional(),
  accountId: word.optional(),
  replyAccountId: word.optional(),
  threadId: word.optional(),
  groupId: word.optional(),
  groupChannel: word.optional(),
  groupSpace: word.optional(),
  bestEffortDeliver: z.boolean().optional(),
  lane: word.optional(),
  cleanupBundleMcpOnRunEnd: z.boolean().optional(),
  bootstrapContextRunKind: z.enum(['default', 'heartbeat', 'cron']).optional(),
  acpTurnSource: z.literal('manual_spawn').optional(),
  inputProvenance: z.looseObject({}).optional(),
  disableMessageTool: z.boolean().optional(),
  forceRestartSafeTools: z.boolean().optional(),
  voiceWakeTrigger: word.optional(),
};

/** Members of the published `agent` input that would change what is done in ways that this gateway does not have: refused. */
const refused = {
  /** Delivery to a chat network; refused while there is none. */
  deliver: z.boolean().optional(),
  /** Refused, but for `automatic`: replies are told as events. */
  sourceReplyDeliveryMode: z.enum(['automatic', 'message_tool_only']).optional(),
  /** Refused: tools work in the workspace of the agent. */
  cwd: z.string().min(1).max(4096).optional(),
  /** Refused, but for false: every accepted message is kept in its transcript. */
  suppressPromptPersistence: z.boolean().optional(),
  /** Refused, but for `visible`: every run shows in its session. */
  sessionEffects: z.enum(['visible', 'internal']).optional(),
  /** Refused, but for false: there are no such tools. */
  forceCodeModeTools: z.boolean().optional(),
  /** Refused, but for false: there are no swarms. */
  swarmCollector: z.boolean().optional(),
  /** Refused: there are no swarms. */
  swarmOutputSchema: z.looseObject({}).optional(),
  /** Refused: of the inside of another gateway. */
  internalEvents: z.array(z.looseObject({})).optional(),
  /** Refused: of the inside of another gateway. */
  internalRuntimeHandoffId: word.min(1).optional(),
  /** Refused, but for false: of the inside of another gateway. */
  internalExecutionIdentityRetry: z.boolean().optional(),
  /** Refused: of the inside of another gateway. */
  internalExecutionIdentityRecoveryAttempt: z.number().int().min(1).optional(),
};

/** Runs an agent on a message. Answers twice on the same id: at once when the message is safe on disk, again at the end. */
export const agent = mutation({
  summary: 'Send a message to an agent and start a run.',
  scope: 'operator.write',
  elevates: (input) => scopeOfMessage(input.message),
  input: z.strictObject({
    message: z.string(),
    /** Becomes the run's id; the same key again answers from the first run and starts nothing. */
    idempotencyKey,
    /** Which agent; the default one when absent and `sessionKey` names none. */
    agentId: agentId.optional(),
    /** Which conversation; the agent's main one when absent. */
    sessionKey: sessionKey.optional(),
    /** Which conversation, by its id, when there is no `sessionKey`. */
    sessionId: z.string().min(1).optional(),
    /** Refuses the message when the session has another id by now. */
    expectedExistingSessionId: z.string().min(1).optional(),
    /** Provider and model for this run only. */
    provider: z.string().max(256).optional(),
    model: z.string().max(512).optional(),
    thinking: thinking.optional(),
    attachments: attachments.optional(),
    /** Seconds the run may take; 0 or absent is the configured limit. */
    timeout: count.optional(),
    extraSystemPrompt: z.string().max(100_000).optional(),
    /** Name for a session that this call creates. */
    label: label.optional(),
    /** The same as `expectedExistingSessionId`. */
    execApprovalFollowupExpectedSessionId: z.string().min(1).optional(),
    /** What is said before the conversation: all, only who the agent is, or nothing but `extraSystemPrompt`. */
    promptMode: z.enum(['full', 'minimal', 'none']).optional(),
    /** `lightweight` leaves the files of the workspace out, like `promptMode: 'minimal'`. */
    bootstrapContextMode: z.enum(['full', 'lightweight']).optional(),
    /** Asks the model alone, without the gateway's tools. */
    modelRun: z.boolean().optional(),
    ...refused,
    ...inert,
  }),
  output: z.object({
    runId: z.string(),
    sessionKey: z.string().optional(),
    agentId: z.string().optional(),
    status: z.enum(['accepted', 'in_flight', 'ok', 'error']),
    acceptedAt: timestampMs.optional(),
    /** On `in_flight`: true while the message waits for its turn. */
    admissionPending: z.boolean().optional(),
    summary: z.string().optional(),
    result: z.unknown().optional(),
  }),
  inert: [...(Object.keys(inert) as (keyof typeof inert)[]), ...(Object.keys(refused) as (keyof typeof refused)[])],
  cli: { hidden: true },
});

/** Waits for the end of a run. An unknown run waits out `timeoutMs`, then answers `timeout`. */
export const agentWait = query({
  summary: 'Wait for a run to end.',
  scope: 'operator.write',
  input: z.strictObject({
    runId,
    /** Milliseconds; default 30 000. More than 24 days are as good as that. */
    timeoutMs: count.default(30_000),
  }),
  output: RunOutcome,
  cli: { positionals: ['runId'] },
});
