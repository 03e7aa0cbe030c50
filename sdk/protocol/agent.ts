import { z } from 'zod';
import { scopeOfMessage } from './commands.ts';
import { agentId, attachments, count, idempotencyKey, label, sessionKey, thinking, timestampMs } from './fields.ts';
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

export const RunEvent = shape<RunEvent>()(
  z.object({
    runId: z.string(),
    seq: count,
    stream: z.string(),
    ts: timestampMs,
    data: z.record(z.string(), z.unknown()),
    sessionKey: z.string(),
    agentId: z.string(),
    sessionId: z.string().optional(),
    isHeartbeat: z.boolean().optional(),
  }),
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
}

export const RunOutcome = shape<RunOutcome>()(
  z.object({
    runId: z.string(),
    status: z.enum(['ok', 'error', 'timeout']),
    startedAt: timestampMs.optional(),
    endedAt: timestampMs.optional(),
    error: z.string().optional(),
    stopReason: z.string().optional(),
  }),
);

/** Members of the published `agent` input that this gateway accepts so that every client may send them. */
const accepted = {
  replyTo: z.string().optional(),
  replyChannel: z.string().optional(),
  accountId: z.string().optional(),
  replyAccountId: z.string().optional(),
  threadId: z.string().optional(),
  groupId: z.string().optional(),
  groupChannel: z.string().optional(),
  groupSpace: z.string().optional(),
  bestEffortDeliver: z.boolean().optional(),
  lane: z.string().optional(),
  cwd: z.string().min(1).optional(),
  cleanupBundleMcpOnRunEnd: z.boolean().optional(),
  modelRun: z.boolean().optional(),
  promptMode: z.enum(['full', 'minimal', 'none']).optional(),
  bootstrapContextMode: z.enum(['full', 'lightweight']).optional(),
  bootstrapContextRunKind: z.enum(['default', 'heartbeat', 'cron']).optional(),
  acpTurnSource: z.literal('manual_spawn').optional(),
  inputProvenance: z.looseObject({}).optional(),
  suppressPromptPersistence: z.boolean().optional(),
  sessionEffects: z.enum(['visible', 'internal']).optional(),
  sourceReplyDeliveryMode: z.enum(['automatic', 'message_tool_only']).optional(),
  disableMessageTool: z.boolean().optional(),
  forceRestartSafeTools: z.boolean().optional(),
  forceCodeModeTools: z.boolean().optional(),
  voiceWakeTrigger: z.string().optional(),
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
    provider: z.string().optional(),
    model: z.string().optional(),
    thinking: thinking.optional(),
    attachments: attachments.optional(),
    /** Seconds the run may take; 0 or absent is the configured limit. */
    timeout: count.optional(),
    extraSystemPrompt: z.string().max(100_000).optional(),
    /** Name for a session that this call creates. */
    label: label.optional(),
    /** Delivery to a chat network; refused while no channel is connected. */
    deliver: z.boolean().optional(),
    to: z.string().optional(),
    channel: z.string().optional(),
    ...accepted,
  }),
  output: z.object({
    runId: z.string(),
    sessionKey: z.string().optional(),
    agentId: z.string().optional(),
    status: z.enum(['accepted', 'in_flight', 'ok', 'error']),
    acceptedAt: timestampMs.optional(),
    summary: z.string().optional(),
    result: z.unknown().optional(),
  }),
  inert: ['deliver', 'to', 'channel', ...(Object.keys(accepted) as (keyof typeof accepted)[])],
  cli: { hidden: true },
});

/** Waits for the end of a run. An unknown run waits out `timeoutMs`, then answers `timeout`. */
export const agentWait = query({
  summary: 'Wait for a run to end.',
  scope: 'operator.write',
  input: z.strictObject({
    runId: z.string().min(1),
    /** Milliseconds; default 30 000, at most 10 minutes. */
    timeoutMs: z.number().int().min(0).max(600_000).default(30_000),
  }),
  output: RunOutcome,
  cli: { positionals: ['runId'] },
});
