import { z } from 'zod';
import { timestampMs } from './fields.ts';
import { shape } from './shape.ts';

/** What a provider has told of its limits. */
export interface ProviderLimits {
  provider: string;
  displayName: string;
  /** One for each limit that its newest answer named. */
  windows: {
    label: string;
    usedPercent: number;
    /** When it is whole again, milliseconds since the epoch. */
    resetAt?: number | undefined;
  }[];
}

export const ProviderLimits = shape<ProviderLimits>()(
  z.object({
    provider: z.string(),
    displayName: z.string(),
    windows: z.array(z.object({ label: z.string(), usedPercent: z.number(), resetAt: timestampMs.optional() })),
  }),
);
