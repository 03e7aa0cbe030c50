import { z } from 'zod';
import { count } from './fields.ts';
import { shape } from './shape.ts';

/** Tokens one model call or one run has cost, as the provider reported them. */
export interface Usage {
  /** Tokens read, cached ones included. */
  input: number;
  /** Tokens written, reasoning included. */
  output: number;
  /** Of `input`, read from the provider's cache. */
  cacheRead?: number | undefined;
  /** Of `input`, newly put into the provider's cache. */
  cacheWrite?: number | undefined;
  /** Of `output`, spent on reasoning. */
  reasoning?: number | undefined;
  /** `input` plus `output`. */
  total: number;
}

export const Usage = shape<Usage>()(
  z.object({
    input: count,
    output: count,
    cacheRead: count.optional(),
    cacheWrite: count.optional(),
    reasoning: count.optional(),
    total: count,
  }),
);
