import { z } from 'zod';
import { count, nothing, timestampMs } from './fields.ts';
import { controlPlane, mutation, query, router } from './method.ts';
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
  /** Absolute path of the file. */
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
}

/** How a key is shown to people. */
export interface ConfigHint {
  label?: string | undefined;
  help?: string | undefined;
  tags?: string[] | undefined;
  /** True for what most people never set. */
  advanced?: boolean | undefined;
  /** True for a secret. */
  sensitive?: boolean | undefined;
}

/** What a key below another one is. */
export interface ConfigSchemaChild {
  key: string;
  path: string;
  type?: string | string[] | undefined;
  required: boolean;
  hasChildren: boolean;
  reloadKind?: 'restart' | 'hot' | 'none' | undefined;
  hint?: ConfigHint | undefined;
  hintPath?: string | undefined;
}

/** One key of the configuration: what it may be, and what is below it. */
export interface ConfigSchemaNode {
  /** As the schema spells it, `*` for a name of the user's choice. */
  path: string;
  /** JSON Schema of this key alone. */
  schema: unknown;
  /** What a change takes. */
  reloadKind?: 'restart' | 'hot' | 'none' | undefined;
  hint?: ConfigHint | undefined;
  hintPath?: string | undefined;
  children: ConfigSchemaChild[];
}

const ConfigIssue = shape<ConfigIssue>()(z.object({ path: z.string(), message: z.string() }));

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
  }),
);

const ConfigHint = shape<ConfigHint>()(
  z.object({
    label: z.string().optional(),
    help: z.string().optional(),
    tags: z.array(z.string()).optional(),
    advanced: z.boolean().optional(),
    sensitive: z.boolean().optional(),
  }),
);

const reloadKind = z.enum(['restart', 'hot', 'none']);

export const ConfigSchemaNode = shape<ConfigSchemaNode>()(
  z.object({
    path: z.string(),
    schema: z.unknown(),
    reloadKind: reloadKind.optional(),
    hint: ConfigHint.optional(),
    hintPath: z.string().optional(),
    children: z.array(
      shape<ConfigSchemaChild>()(
        z.object({
          key: z.string(),
          path: z.string(),
          type: z.union([z.string(), z.array(z.string())]).optional(),
          required: z.boolean(),
          hasChildren: z.boolean(),
          reloadKind: reloadKind.optional(),
          hint: ConfigHint.optional(),
          hintPath: z.string().optional(),
        }),
      ),
    ),
  }),
);

const baseHash = z.string().min(1);
const write = {
  /** JSON5 text. */
  raw: z.string().min(1),
  /** `hash` of the snapshot that the change was made for; required once there is a file. */
  baseHash: baseHash.optional(),
  /** Leave to drop `gateway.mode`, or more than half of the file. */
  allowDestructive: z.boolean().optional(),
};
const restartable = {
  ...write,
  /** Kept with the revision. */
  note: z.string().max(4096).optional(),
  /** Restarts the gateway this many milliseconds later, when something that changed takes a restart. */
  restartDelayMs: count.max(600_000).optional(),
  sessionKey: z.string().optional(),
  deliveryContext: z
    .strictObject({
      channel: z.string().optional(),
      to: z.string().optional(),
      accountId: z.string().optional(),
      threadId: z.union([z.string(), z.number()]).optional(),
    })
    .optional(),
};
/** No message is sent to a conversation after a restart: the write itself is answered when it is in effect. */
const inert = ['sessionKey', 'deliveryContext'] as const;

export const config = router({
  /** Reads the configuration, secrets hidden. */
  get: query({
    summary: 'Show the configuration, secrets hidden.',
    scope: 'operator.read',
    input: nothing,
    output: ConfigSnapshot,
  }),
  /**
   * Replaces the file. A redaction mark keeps the secret that the file holds there.
   * @throws INVALID_REQUEST for a missing or stale `baseHash`, and with `details.issues` for what the schema refuses.
   */
  set: mutation({
    summary: 'Replace the configuration file.',
    scope: 'operator.admin',
    input: z.strictObject(write),
    output: ConfigWritten,
    cli: { hidden: true },
  }),
  /**
   * Merges into the file by RFC 7396: objects merge, null deletes, everything else replaces; comments and order stay.
   * Lists of objects with an `id` merge by it.
   * @throws INVALID_REQUEST as `config.set`, and for a patch that takes entries out of a list that `replacePaths` does not name.
   */
  patch: mutation({
    summary: 'Merge a change into the configuration file.',
    scope: 'operator.admin',
    limit: controlPlane,
    input: z.strictObject({
      ...restartable,
      /** Lists that may lose entries, `agents.entries.main.skills`; below the items of a list with `[]`. */
      replacePaths: z.array(z.string().min(1)).max(256).optional(),
    }),
    inert,
    output: ConfigWritten,
    cli: { hidden: true },
  }),
  /** Every key with its type, title and help; a large answer. */
  schema: query({
    summary: 'Show the JSON Schema of the configuration.',
    scope: 'operator.read',
    input: nothing,
    output: z.object({
      schema: z.unknown(),
      uiHints: z.record(z.string(), ConfigHint),
      version: z.string(),
      generatedAt: z.string(),
    }),
  }),
  /** One key with what is below it. @throws INVALID_REQUEST for a path that no schema knows. */
  'schema.lookup': query({
    summary: 'Explain one key of the configuration.',
    scope: 'operator.read',
    input: z.strictObject({
      /** For example `agents.entries.*.model`; `.` is the root. */
      path: z
        .string()
        .min(1)
        .max(1024)
        .regex(/^[A-Za-z0-9_./[\]\-*]+$/),
    }),
    output: ConfigSchemaNode,
    cli: { positionals: ['path'] },
  }),
  /** The newest twenty states of the file, without their texts. */
  'revisions.list': query({
    summary: 'List the kept revisions of the configuration file, newest first.',
    scope: 'operator.admin',
    input: nothing,
    output: z.object({ revisions: z.array(ConfigRevision) }),
  }),
  /** Writes the text of a kept revision. @throws INVALID_REQUEST for one that is not kept, or not valid any more. */
  rollback: mutation({
    summary: 'Write an earlier revision of the configuration file again.',
    scope: 'operator.admin',
    limit: controlPlane,
    input: z.strictObject({
      /** From `config.revisions.list`. */
      revision: count,
    }),
    output: ConfigWritten,
    cli: { positionals: ['revision'] },
  }),
});

/**
 * Replaces the file, and can restart the gateway where that is needed.
 * Stands at the root of the contract: a router may have no member `apply`.
 * @throws as `config.set`.
 */
export const configApply = mutation({
  summary: 'Replace the configuration file, and restart where that is needed.',
  scope: 'operator.admin',
  limit: controlPlane,
  input: z.strictObject(restartable),
  inert,
  output: ConfigWritten,
  cli: { hidden: true },
});
