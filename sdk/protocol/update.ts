import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { LastRestart } from './gateway.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';

/** How a checkout of the sources stands to the branch it follows. */
export interface CheckoutStatus {
  status: 'current' | 'behind' | 'ahead' | 'diverged' | 'unavailable';
  currentSha?: string | undefined;
  /** Of the newest commit here, milliseconds since the epoch. */
  commitAtMs?: number | undefined;
  commitsBehind?: number | undefined;
  commitsAhead?: number | undefined;
  /** On `unavailable`. */
  reason?: 'fetch-failed' | 'no-upstream' | 'comparison-failed' | 'git-unavailable' | undefined;
}

/** How the gateway was installed. Nothing installs updates by itself. */
export interface UpdateSchedule {
  /** `dev` for a checkout of the sources, else `stable`. */
  channel: string;
  autoEnabled: boolean;
  install: {
    kind: 'package' | 'git' | 'unknown';
    /** Of a checkout, once it has been looked at. */
    git?: CheckoutStatus | undefined;
  };
}

export const UpdateSchedule = shape<UpdateSchedule>()(
  z.object({
    channel: z.string(),
    autoEnabled: z.boolean(),
    install: z.object({
      kind: z.enum(['package', 'git', 'unknown']),
      git: z
        .object({
          status: z.enum(['current', 'behind', 'ahead', 'diverged', 'unavailable']),
          currentSha: z.string().optional(),
          commitAtMs: timestampMs.optional(),
          commitsBehind: count.optional(),
          commitsAhead: count.optional(),
          reason: z.enum(['fetch-failed', 'no-upstream', 'comparison-failed', 'git-unavailable']).optional(),
        })
        .optional(),
    }),
  }),
);

/** A newer version that is there to be had. */
export interface UpdateAvailable {
  currentVersion: string;
  latestVersion: string;
  channel: string;
  currentSha?: string | undefined;
  upstreamRef?: string | undefined;
  upstreamSha?: string | undefined;
  commitsBehind?: number | undefined;
  /** The newest five. */
  commits?: { sha: string; subject: string }[] | undefined;
}

export const UpdateAvailable = shape<UpdateAvailable>()(
  z.object({
    currentVersion: z.string(),
    latestVersion: z.string(),
    channel: z.string(),
    currentSha: z.string().optional(),
    upstreamRef: z.string().optional(),
    upstreamSha: z.string().optional(),
    commitsBehind: count.optional(),
    commits: z.array(z.object({ sha: z.string(), subject: z.string() })).optional(),
  }),
);

export const update = router({
  /**
   * Shows whether the checkout that the gateway was started from is behind the branch it follows, and how the last restart went.
   * For a package there is nothing to compare: no registry is asked.
   */
  status: query({
    summary: 'Show how the gateway was installed, and whether there is a newer version.',
    scope: 'operator.admin',
    input: z
      .strictObject({
        /** Ask the remote repository first; otherwise what was fetched last counts. */
        refreshCheckout: z.boolean().optional(),
      })
      .prefault({}),
    output: z.object({
      /** How the last restart of this process went. */
      sentinel: LastRestart.nullable(),
      updateAvailable: UpdateAvailable.nullable(),
      effectiveChannel: z.enum(['stable', 'dev']),
      schedule: UpdateSchedule,
    }),
  }),
});
