import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { SessionRow } from './session-row.ts';
import { shape } from './shape.ts';
import { Usage } from './usage.ts';

/** One piece of a message. */
export type ContentPart =
  | TextPart
  | { type: 'thinking'; thinking: string }
  | { type: 'image'; mimeType: string; data: string }
  | { type: 'toolCall'; id: string; name: string; arguments: Record<string, unknown> };

export interface TextPart {
  type: 'text';
  /** Of a file, its name in brackets. */
  text: string;
  /** The file that the text stands for. */
  file?: AttachedFile | undefined;
}

/** A file that came with a message. */
export interface AttachedFile {
  name: string;
  /** For example `application/pdf`. */
  mimeType: string;
  /** What models read of it; left out where people read. */
  content?: string | undefined;
}

const AttachedFile = shape<AttachedFile>()(
  z.object({ name: z.string(), mimeType: z.string(), content: z.string().optional() }),
);

export const TextPart = shape<TextPart>()(
  z.object({ type: z.literal('text'), text: z.string(), file: AttachedFile.optional() }),
);

export const ContentPart = shape<ContentPart>()(
  z.union([
    TextPart,
    z.object({ type: z.literal('thinking'), thinking: z.string() }),
    z.object({ type: z.literal('image'), mimeType: z.string(), data: z.string() }),
    z.object({
      type: z.literal('toolCall'),
      id: z.string(),
      name: z.string(),
      arguments: z.record(z.string(), z.unknown()),
    }),
  ]),
);

/** One row of a transcript. */
export interface ChatMessage {
  role: 'user' | 'assistant' | 'system' | 'toolResult';
  content: ContentPart[];
  /** Milliseconds since the epoch. */
  timestamp: number;
  /** `<runId>:user` on a user's message. */
  idempotencyKey?: string | undefined;
  /** On an assistant's message: what wrote it. */
  provider?: string | undefined;
  model?: string | undefined;
  api?: string | undefined;
  usage?: Usage | undefined;
  /** `stop`, `length`, `toolUse`, `aborted`, `error`. */
  stopReason?: string | undefined;
  /** On an assistant's message that ended in a failure. */
  errorMessage?: string | undefined;
  /** On a tool's result. */
  toolCallId?: string | undefined;
  toolName?: string | undefined;
  isError?: boolean | undefined;
  /** Where the row stands in its transcript. */
  __openclaw: {
    /** Unique, stable. */
    id: string;
    /** Position in the transcript, from 1. */
    seq: number;
    runId?: string | undefined;
    /** As on the row. */
    idempotencyKey?: string | undefined;
    /** The same as `seq`. */
    transcriptPosition: number;
    recordTimestampMs: number;
    /** `reset` on the marker row that a reset leaves. */
    kind?: string | undefined;
    /** True when texts were cut or left out to keep the answer small. */
    truncated?: boolean | undefined;
    /** Why, when the row as a whole was too large. */
    reason?: 'oversized' | undefined;
  };
}

export const ChatMessage = shape<ChatMessage>()(
  z.object({
    role: z.enum(['user', 'assistant', 'system', 'toolResult']),
    content: z.array(ContentPart),
    timestamp: timestampMs,
    idempotencyKey: z.string().optional(),
    provider: z.string().optional(),
    model: z.string().optional(),
    api: z.string().optional(),
    usage: Usage.optional(),
    stopReason: z.string().optional(),
    errorMessage: z.string().optional(),
    toolCallId: z.string().optional(),
    toolName: z.string().optional(),
    isError: z.boolean().optional(),
    __openclaw: z.object({
      id: z.string(),
      seq: count,
      runId: z.string().optional(),
      idempotencyKey: z.string().optional(),
      transcriptPosition: count,
      recordTimestampMs: timestampMs,
      kind: z.string().optional(),
      truncated: z.boolean().optional(),
      reason: z.literal('oversized').optional(),
    }),
  }),
);

/** A row was added to a transcript. Sent after `sessions.messages.subscribe`. */
export interface SessionMessage {
  sessionKey: string;
  agentId: string;
  message: ChatMessage;
  messageId: string;
  /** From 1. */
  messageSeq: number;
  session?: SessionRow | undefined;
  ancestorSessions?: SessionRow[] | undefined;
}

export const SessionMessage = shape<SessionMessage>()(
  z.object({
    sessionKey: z.string(),
    agentId: z.string(),
    message: ChatMessage,
    messageId: z.string(),
    messageSeq: count,
    session: SessionRow.optional(),
    ancestorSessions: z.array(SessionRow).optional(),
  }),
);
