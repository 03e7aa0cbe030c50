import { GatewayError } from '../../sdk/protocol/errors.ts';
import { tools } from '../../sdk/protocol/tools.ts';
import { implement } from './implement.ts';
import { findAgent, resolveSession } from './resolve.ts';
import { toCatalog, toGroups, toInvocationResult, toNotices } from './tool-views.ts';

export const toolsMethods = implement(tools, {
  catalog: ({ input, ctx }) => ({ agentId: findAgent(ctx, input.agentId).id, ...toCatalog(ctx.tools.catalog) }),

  effective({ input, ctx }) {
    const { key, agent } = resolveSession(ctx, input.sessionKey, input.agentId);
    if (!ctx.sessions.find(key)) throw new GatewayError('INVALID_REQUEST', `unknown session "${key}"`);
    const offer = ctx.tools.offer({ agentId: agent.id, sessionKey: key });
    const notices = toNotices(offer);
    const groups = toGroups(offer.tools);
    return { agentId: agent.id, profile: offer.profile, groups, ...(notices.length > 0 && { notices }) };
  },

  async invoke({ input, ctx, signal }) {
    const { key, agent } = resolveSession(ctx, input.sessionKey ?? 'main', input.agentId);
    const { name, args = {}, idempotencyKey } = input;
    const caller = { agentId: agent.id, sessionKey: key };
    return toInvocationResult(await ctx.tools.invoke({ name, args, caller, idempotencyKey }, signal));
  },
});
