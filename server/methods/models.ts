import { models } from '../../sdk/protocol/models.ts';
import { implement } from './implement.ts';
import { findAgent } from './resolve.ts';

export const modelsMethods = implement(models, {
  list: ({ input, ctx }) => {
    if (input.agentId !== undefined) findAgent(ctx, input.agentId);
    const rows = ctx.models.list();
    return { models: input.provider ? rows.filter((row) => row.provider === input.provider) : rows };
  },
});
