import { z } from 'zod';
import { count, nothing } from './fields.ts';
import { mutation, query, router } from './method.ts';
import { shape } from './shape.ts';

/** The values of secrets that the configuration refers to, for a command that needs them. */
export interface ResolvedSecrets {
  ok: boolean;
  assignments: {
    /** Key of the configuration. */
    path: string;
    pathSegments: string[];
    value: unknown;
  }[];
  /** What could not be read, and why. */
  diagnostics: string[];
  /** References that nothing uses right now. */
  inactiveRefPaths: string[];
}

export const ResolvedSecrets = shape<ResolvedSecrets>()(
  z.object({
    ok: z.boolean(),
    assignments: z.array(z.object({ path: z.string(), pathSegments: z.array(z.string()), value: z.unknown() })),
    diagnostics: z.array(z.string()),
    inactiveRefPaths: z.array(z.string()),
  }),
);

const names = z.array(z.string().min(1));

export const secrets = router({
  /** Reads the references of the configuration again; what cannot be read keeps the value that it has. */
  reload: mutation({
    summary: 'Read the secrets that the configuration refers to again.',
    scope: 'operator.admin',
    input: nothing,
    output: z.object({ ok: z.literal(true), warningCount: count }),
  }),
  /** The one method that answers secrets. @throws INVALID_REQUEST for an unknown target. */
  resolve: query({
    summary: 'Answer secrets that the configuration refers to, for one command.',
    scope: 'operator.admin',
    input: z.strictObject({
      /** The command that needs them, for the log. */
      commandName: z.string().min(1),
      /** Keys that may hold a reference, `models.providers.*.apiKey`. */
      targetIds: names,
      /** Only these keys of the configuration. Default all that the targets cover. */
      allowedPaths: names.optional(),
      forcedActivePaths: names.optional(),
      optionalActivePaths: names.optional(),
      providerOverrides: z
        .strictObject({ webSearch: z.string().min(1).optional(), webFetch: z.string().min(1).optional() })
        .optional(),
    }),
    // Every reference counts as used, whatever the caller knows of it.
    inert: ['forcedActivePaths', 'optionalActivePaths', 'providerOverrides'],
    output: ResolvedSecrets,
    cli: { hidden: true },
  }),
});
