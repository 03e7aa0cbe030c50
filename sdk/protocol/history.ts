import { z } from 'zod';
import { RunEvent } from './agent.ts';
import { agentId, count, timestampMs } from './fields.ts';
import { ChatMessage, SessionMessage } from './message.ts';
import { InputReceipt, PendingInputs } from './pending.ts';
import { SessionResolution } from './session-answers.ts';
import { SessionDefaults, SessionRow } from './session-row.ts';
import { shape } from './shape.ts';

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

/** How `chat.history` and `chat.startup` are asked for a page. */
export const historyFields = {
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
