import { z } from 'zod';
import { ConfigReloaded } from './config-reload.ts';
import { ConfigHint, ConfigSchemaNode } from './config-schema.ts';
import { ConfigDifference, ConfigRevision, ConfigSnapshot, ConfigWritten } from './config-state.ts';
import { count, nothing } from './fields.ts';
import { controlPlane, mutation, query, router } from './method.ts';

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
  /**
   * What the files say now and what is in effect, or a kept revision, does not; secrets hidden.
   * @throws INVALID_REQUEST for a revision that is not kept, INVALID_CONFIG for files that cannot be read.
   */
  diff: query({
    summary: 'Compare the configuration file with what is in effect, or with a revision.',
    scope: 'operator.read',
    input: z.strictObject({
      /** From `config.revisions.list`. Default: what is in effect. */
      revision: count.optional(),
    }),
    output: ConfigDifference,
    cli: { positionals: ['revision'] },
  }),
  /** The newest twenty states of the file, without their texts. */
  'revisions.list': query({
    summary: 'List the kept revisions of the configuration file, newest first.',
    scope: 'operator.admin',
    input: nothing,
    output: z.object({ revisions: z.array(ConfigRevision) }),
  }),
  /**
   * Applies the file as it is now, as if it had just been changed, also when `gateway.reload.mode` is `off`; a restart follows
   * where one is needed, unless the mode is `hot`. With `dryRun` it only says what that would do.
   * @throws INVALID_REQUEST with `details.issues` when the file is not valid; then nothing is applied.
   */
  reload: mutation({
    summary: 'Apply the configuration file as it is now, or show what that would take.',
    scope: 'operator.admin',
    limit: controlPlane,
    input: z
      .strictObject({
        /** Show the plan and apply nothing. */
        dryRun: z.boolean().optional(),
      })
      .prefault({}),
    output: ConfigReloaded,
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
