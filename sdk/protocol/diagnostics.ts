import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';

/** Something that says how stable the gateway is: facts and figures, never what people wrote. */
export interface StabilityRecord {
  /** From 1, without holes; the oldest go when there are too many. */
  seq: number;
  ts: number;
  /** `payload.large`, `event_loop.stall`, `memory.pressure`, `request.busy`, `gateway.restart`, ... */
  type: string;
  /** Where it happened, for example `gateway.ws.outbound_buffer`. */
  surface?: string | undefined;
  /** `closed`, `dropped`, `rejected`. */
  action?: string | undefined;
  /** One word for programs, for example `ws_send_buffer_close`. */
  reason?: string | undefined;
  bytes?: number | undefined;
  limitBytes?: number | undefined;
  /** How many of them this record stands for. */
  count?: number | undefined;
  durationMs?: number | undefined;
  /** Wire name of a method or an event. */
  name?: string | undefined;
  connection?: string | undefined;
}

export const StabilityRecord = shape<StabilityRecord>()(
  z.object({
    seq: count,
    ts: timestampMs,
    type: z.string(),
    surface: z.string().optional(),
    action: z.string().optional(),
    reason: z.string().optional(),
    bytes: count.optional(),
    limitBytes: count.optional(),
    count: count.optional(),
    durationMs: count.optional(),
    name: z.string().optional(),
    connection: z.string().optional(),
  }),
);

/** Notes one thing. Contract: does not throw and does not wait. */
export type RecordStability = (record: Omit<StabilityRecord, 'seq' | 'ts'>) => void;

/** What the records of one answer add up to. */
export interface StabilitySummary {
  /** How many of each type. */
  byType: Record<string, number>;
  /** Of the gateway's process now, bytes. */
  memory: { rssBytes: number; heapUsedBytes: number; heapTotalBytes: number; externalBytes: number };
  payloadLarge: { count: number; bySurface: Record<string, number> };
}

const counts = z.record(z.string(), count);

const StabilitySummary = shape<StabilitySummary>()(
  z.object({
    byType: counts,
    memory: z.object({ rssBytes: count, heapUsedBytes: count, heapTotalBytes: count, externalBytes: count }),
    payloadLarge: z.object({ count, bySurface: counts }),
  }),
);

export const diagnostics = router({
  /** Reads the newest records of the gateway's stability, oldest first. They live in memory, until the process ends. */
  stability: query({
    summary: 'List what has strained the gateway: large payloads, dropped events, stalls, memory.',
    scope: 'operator.read',
    input: z
      .looseObject({
        /** The newest so many of those that pass. */
        limit: z.number().int().min(1).max(1000).default(50),
        /** Only this type. */
        type: z.string().min(1).max(120).optional(),
        /** Only what came after this record. */
        sinceSeq: count.optional(),
      })
      .prefault({}),
    output: z.object({
      generatedAt: z.iso.datetime(),
      /** Records that are kept at most. */
      capacity: count,
      /** Records that are kept now. */
      count,
      /** Records that have gone since the start of the process. */
      dropped: count,
      /** Of the oldest record that is kept. */
      firstSeq: count.optional(),
      lastSeq: count.optional(),
      events: z.array(StabilityRecord),
      summary: StabilitySummary,
    }),
  }),
});
