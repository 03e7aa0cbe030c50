import { z } from 'zod';
import { count } from './fields.ts';
import { query, router } from './method.ts';

export const logs = router({
  /** Reads the gateway's log file from a byte offset on; without `cursor`, its end. */
  tail: query({
    summary: "Read the end of the gateway's log, or what came after a cursor.",
    scope: 'operator.read',
    input: z
      .strictObject({
        /** Byte offset of an earlier answer. One beyond the file (rotation) gives `reset: true` and starts again. */
        cursor: count.optional(),
        limit: z.number().int().min(1).max(5000).default(500),
        maxBytes: z.number().int().min(1).max(1_000_000).default(250_000),
      })
      .prefault({}),
    output: z.object({
      file: z.string(),
      cursor: count,
      size: count,
      lines: z.array(z.string()),
      truncated: z.boolean().optional(),
      reset: z.boolean().optional(),
      skippedBytes: count.optional(),
    }),
  }),
});
