import { z } from 'zod';
import { count, timestampMs } from './fields.ts';
import { shape } from './shape.ts';

/** One fault or remark in the configuration file. */
export interface ConfigIssue {
  /** Key path, for example `gateway.port`; empty for the file as a whole. */
  path: string;
  /** What is wrong, what was expected, and the nearest known key. */
  message: string;
  /** What kind of fault it is, for example `UNKNOWN_KEY`, `INVALID_VALUE`, `SYNTAX` or `INCLUDE_CIRCULAR`. */
  code?: string | undefined;
  /** The file where it is, absolute: the configuration file, or one that it includes. */
  file?: string | undefined;
  /** From 1. */
  line?: number | undefined;
  /** From 1. */
  column?: number | undefined;
  /** The known key or word that may have been meant. */
  nearest?: string | undefined;
}

/** The configuration as the gateway reads it. Secret values read `__OPENCLAW_REDACTED__`. */
export interface ConfigSnapshot {
  /** Absolute path of the file. */
  path: string;
  exists: boolean;
  valid: boolean;
  /** The file's own text; null when it holds a secret that had to be hidden. */
  raw: string | null;
  /** The file parsed, its included files in place, before `${VAR}` substitution. */
  parsed: unknown;
  /** What the file says, its references filled in, without defaults. */
  sourceConfig: unknown;
  /** The same. */
  resolved: unknown;
  /** The same. */
  config: unknown;
  /** What the gateway works with; differs from `config` while an edit by hand has not been taken. */
  runtimeConfig: unknown;
  /** Changes whenever the file does: the `baseHash` of writes. Null without a file. */
  hash: string | null;
  /** Changes whenever what the file says does. */
  configRevisionHash: string;
  /** The `configRevisionHash` that is in effect as a whole; another one means that a restart is due. */
  appliedConfigHash: string | null;
  issues: ConfigIssue[];
  warnings: ConfigIssue[];
  /** Keys of older files that this version refuses. */
  legacyIssues: ConfigIssue[];
  /** Files that the configuration includes. */
  includedPaths: string[];
  includeProvenance: unknown[];
}

/** What a write did, as those who asked are told after a restart too. */
export interface ConfigSentinel {
  /** True once it is kept with the revisions of the file. */
  persisted: boolean;
  payload: {
    kind: 'config-apply' | 'config-patch';
    status: 'ok';
    ts: number;
    /** What the caller noted. */
    message?: string | undefined;
    stats: {
      /** True when something that changed takes effect at the next start only. */
      requiresRestart: boolean;
    };
  };
}

/** A write of the configuration file. */
export interface ConfigWritten {
  ok: true;
  /** Absolute path of the file that was written: the configuration file, or one that it includes. */
  path: string;
  /** Hash of the file as it is now. */
  hash: string;
  /** The configuration as it is now, secrets hidden. */
  config: unknown;
  /** True when the file said so already, and nothing was written. */
  noop?: boolean | undefined;
  /** Keys of the configuration whose value is another one now. */
  changedPaths?: string[] | undefined;
  sentinel?: ConfigSentinel | undefined;
  /** The restart that was asked for with `restartDelayMs`; `ok: false` with the error when nobody can do it. */
  restart?: unknown;
}

/** One key that differs between two states of the configuration. */
export interface ConfigChange {
  path: string;
  change: 'added' | 'removed' | 'changed';
  /** Secrets read `__OPENCLAW_REDACTED__`. */
  before?: unknown;
  after?: unknown;
  /** What the change takes. */
  reloadKind: 'restart' | 'hot' | 'none';
}

/** What the files say now and an earlier state of them does not. */
export interface ConfigDifference {
  /** Absolute path of the file that was compared: the configuration file, or one that it includes. */
  path: string;
  /** What they are compared with: what is in effect, a kept revision, or, while no gateway runs, the last good start. */
  from: 'running' | 'revision' | 'last-good';
  revision?: number | undefined;
  changes: ConfigChange[];
}

/** One state of the configuration file that is kept. */
export interface ConfigRevision {
  id: number;
  /** When it was written, or found. */
  at: number;
  /** Who wrote it; `file` for an edit by hand that was found later. */
  by: string;
  note?: string | undefined;
  /** Keys that it changed; empty when that is not known. */
  changedPaths: string[];
  /** The included file that it is a state of, relative to the folder of the configuration file; absent for the latter. */
  file?: string | undefined;
}

const ConfigIssue = shape<ConfigIssue>()(
  z.object({
    path: z.string(),
    message: z.string(),
    code: z.string().optional(),
    file: z.string().optional(),
    line: count.optional(),
    column: count.optional(),
    nearest: z.string().optional(),
  }),
);

export const ConfigSnapshot = shape<ConfigSnapshot>()(
  z.object({
    path: z.string(),
    exists: z.boolean(),
    valid: z.boolean(),
    raw: z.string().nullable(),
    parsed: z.unknown(),
    sourceConfig: z.unknown(),
    resolved: z.unknown(),
    config: z.unknown(),
    runtimeConfig: z.unknown(),
    hash: z.string().nullable(),
    configRevisionHash: z.string(),
    appliedConfigHash: z.string().nullable(),
    issues: z.array(ConfigIssue),
    warnings: z.array(ConfigIssue),
    legacyIssues: z.array(ConfigIssue),
    includedPaths: z.array(z.string()),
    includeProvenance: z.array(z.unknown()),
  }),
);

const ConfigSentinel = shape<ConfigSentinel>()(
  z.object({
    persisted: z.boolean(),
    payload: z.object({
      kind: z.enum(['config-apply', 'config-patch']),
      status: z.literal('ok'),
      ts: timestampMs,
      message: z.string().optional(),
      stats: z.object({ requiresRestart: z.boolean() }),
    }),
  }),
);

export const ConfigWritten = shape<ConfigWritten>()(
  z.object({
    ok: z.literal(true),
    path: z.string(),
    hash: z.string(),
    config: z.unknown(),
    noop: z.boolean().optional(),
    changedPaths: z.array(z.string()).optional(),
    sentinel: ConfigSentinel.optional(),
    restart: z.unknown().optional(),
  }),
);

export const ConfigRevision = shape<ConfigRevision>()(
  z.object({
    id: count,
    at: timestampMs,
    by: z.string(),
    note: z.string().optional(),
    changedPaths: z.array(z.string()),
    file: z.string().optional(),
  }),
);

export const ConfigDifference = shape<ConfigDifference>()(
  z.object({
    path: z.string(),
    from: z.enum(['running', 'revision', 'last-good']),
    revision: count.optional(),
    changes: z.array(
      z.object({
        path: z.string(),
        change: z.enum(['added', 'removed', 'changed']),
        before: z.unknown().optional(),
        after: z.unknown().optional(),
        reloadKind: z.enum(['restart', 'hot', 'none']),
      }),
    ),
  }),
);
