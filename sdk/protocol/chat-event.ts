import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { TextPart } from './message.ts';
import { shape } from './shape.ts';
import { Usage } from './usage.ts';

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

const origin = {
  runId: z.string(),
  sessionKey: z.string(),
  agentId: z.string(),
  seq: count,
  answeredBy: z.string().optional(),
};

export const ChatEvent: z.ZodType<ChatEvent, ChatEvent> = z.discriminatedUnion('state', [
  z.object({
    ...origin,
    state: z.literal('status'),
    phase: z.enum(['preparing_workspace', 'preparing_context', 'starting_model']),
  }),
  z.object({
    ...origin,
    state: z.literal('delta'),
    deltaText: z.string(),
    message: MessageSnapshot,
    replace: z.boolean().optional(),
  }),
  z.object({
    ...origin,
    state: z.literal('final'),
    stopReason: z.string(),
    message: MessageSnapshot.optional(),
    usage: Usage.optional(),
  }),
  z.object({
    ...origin,
    state: z.literal('aborted'),
    stopReason: z.string(),
    message: MessageSnapshot.optional(),
    errorMessage: z.string().optional(),
  }),
  z.object({
    ...origin,
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
