import { z } from 'zod';
import { nothing } from './fields.ts';
import { query, router } from './method.ts';

export const users = router({
  /** The profile of the person who calls. Who shares a secret with others is nobody in particular: FORBIDDEN. */
  self: query({
    summary: 'Show the profile of the authenticated person.',
    scope: 'operator.write',
    input: nothing,
    output: z.object({ profile: z.object({ id: z.string(), displayName: z.string().optional() }) }),
    cli: { hidden: true },
  }),
});
