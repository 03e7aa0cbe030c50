import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { ContentPart } from './message.ts';
import { shape } from './shape.ts';

/** An accepted message that is not in the transcript yet. */
export interface PendingInput {
  id: string;
  runId: string;
  /** The row as it will stand in the transcript, without its place there. */
  message: { role: 'user'; content: ContentPart[]; timestamp: number; idempotencyKey: string };
  acceptedAt: number;
  /** `cancelled`: withdrawn before its turn came; listed until the next message of the session has its turn. */
  state: 'queued' | 'cancelled' | 'interrupted';
}

/** The newest of a session's waiting messages, oldest first; at most 20. */
export interface PendingInputs {
  items: PendingInput[];
  /** Over all pages. */
  total: number;
  /** Give it back as `pendingBefore` to read older ones. */
  nextBefore?: number | undefined;
}

/** Where a message that was accepted is now. */
export type InputReceipt =
  | { runId: string; state: 'pending' }
  /** In the transcript, as the row of this id. */
  | { runId: string; state: 'consumed'; consumedByEventId: string };

export const PendingInputs = shape<PendingInputs>()(
  z.object({
    items: z.array(
      z.object({
        id: z.string(),
        runId: z.string(),
        message: z.object({
          role: z.literal('user'),
          content: z.array(ContentPart),
          timestamp: timestampMs,
          idempotencyKey: z.string(),
        }),
        acceptedAt: timestampMs,
        state: z.enum(['queued', 'cancelled', 'interrupted']),
      }),
    ),
    total: count,
    nextBefore: z.number().int().min(1).optional(),
  }),
);

export const InputReceipt = shape<InputReceipt>()(
  z.union([
    z.object({ runId: z.string(), state: z.literal('pending') }),
    z.object({ runId: z.string(), state: z.literal('consumed'), consumedByEventId: z.string() }),
  ]),
);
