import { z } from 'zod';
import { nothing } from './fields.ts';
import { query, router } from './method.ts';
import { shape } from './shape.ts';

/** One fault or remark in the configuration file. */
export interface ConfigIssue {
  /** Key path, for example `gateway.port`; empty for the file as a whole. */
  path: string;
  /** What is wrong, what was expected, and the nearest known key. */
  message: string;
}

/** The configuration as the gateway reads it. Secret values read `__OPENCLAW_REDACTED__`. */
export interface ConfigSnapshot {
  /** Absolute path of the file. */
  path: string;
  exists: boolean;
  valid: boolean;
  /** The file's own text; null when it holds a secret that had to be hidden. */
  raw: string | null;
  /** The file parsed, before `${VAR}` substitution. */
  parsed: unknown;
  /** What the gateway runs with, substituted, without defaults. */
  config: unknown;
  /** Changes whenever the file does. */
  hash: string | null;
  /** Hash of the configuration in effect. */
  appliedConfigHash: string | null;
  issues: ConfigIssue[];
  warnings: ConfigIssue[];
}

const ConfigIssue = shape<ConfigIssue>()(z.object({ path: z.string(), message: z.string() }));

export const ConfigSnapshot = shape<ConfigSnapshot>()(
  z.object({
    path: z.string(),
    exists: z.boolean(),
    valid: z.boolean(),
    raw: z.string().nullable(),
    parsed: z.unknown(),
    config: z.unknown(),
    hash: z.string().nullable(),
    appliedConfigHash: z.string().nullable(),
    issues: z.array(ConfigIssue),
    warnings: z.array(ConfigIssue),
  }),
);

export const config = router({
  /** Reads the configuration, secrets hidden. */
  get: query({
    summary: 'Show the configuration, secrets hidden.',
    scope: 'operator.read',
    input: nothing,
    output: ConfigSnapshot,
  }),
});
