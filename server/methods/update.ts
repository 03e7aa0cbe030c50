import { update } from '../../sdk/protocol/update.ts';
import { implement } from './implement.ts';

export const updateMethods = implement(update, {
  async status({ input, ctx }) {
    const status = await ctx.updates.status({ refresh: input.refreshCheckout });
    return { sentinel: ctx.restart.last() ?? null, ...status };
  },
});
