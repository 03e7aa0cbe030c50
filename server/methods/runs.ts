import { GatewayError } from '../../sdk/protocol/errors.ts';
import { runs } from '../../sdk/protocol/runs.ts';
import { implement } from './implement.ts';

export const runsMethods = implement(runs, {
  events: async ({ input: { runId, after, limit }, ctx }) => {
    const page = ctx.runs.events(runId, after, limit);
    // Whoever goes on from here relies on these numbers, also when the gateway is killed now.
    await ctx.sessions.durable();
    const run = ctx.runs.find(runId);
    if (!run)
      throw new GatewayError('INVALID_REQUEST', `unknown run "${runId}": it never was, or ended more than a week ago`, {
        details: { code: 'UNKNOWN_RUN', runId },
      });
    return { run, ...page };
  },
});
