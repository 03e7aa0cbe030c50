import { models } from '../../sdk/protocol/models.ts';
import { implement } from './implement.ts';
import { toModelRows, toOutcomes } from './model-views.ts';
import { findAgent, resolveSession } from './resolve.ts';

export const modelsMethods = implement(models, {
  async list({ input, ctx }) {
    const { agentId, sessionKey, refresh, provider } = input;
    const session = sessionKey === undefined ? undefined : resolveSession(ctx, sessionKey, agentId);
    const agent = session?.agent ?? findAgent(ctx, agentId);
    if (refresh) await ctx.models.refresh();
    const { primary, fallbacks } = agent;
    const rows = ctx.models.list({ view: input.view, primary, fallbacks });
    const current = session && ctx.sessions.find(session.key);
    return {
      models: toModelRows(rows, { ...input, current, thinking: agent.thinking }),
      ...(refresh && { providerOutcomes: toOutcomes(ctx.models.providers(), provider) }),
    };
  },

  async authStatus({ input, ctx }) {
    if (input.agentId) findAgent(ctx, input.agentId);
    if (input.refresh) await ctx.models.refresh();
    const providers = ctx.models.providers();
    const providerCapabilities = providers.map(({ provider, apiKeySupported }) => ({ provider, apiKeySupported }));
    return { ts: Date.now(), providers, providerCapabilities };
  },
});
