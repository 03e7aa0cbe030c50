import { agents } from '../../sdk/protocol/agents.ts';
import { implement } from './implement.ts';
import { findAgent, mainKeyOf } from './resolve.ts';

export const agentsMethods = implement(agents, {
  list: ({ ctx }) => ({
    defaultId: findAgent(ctx, undefined).id,
    mainKey: mainKeyOf(ctx),
    scope: ctx.config.session?.scope ?? 'per-sender',
    agents: ctx.agents.map(({ id, name, identity, workspace, primary, fallbacks }) => ({
      id,
      ...(name && { name }),
      ...(identity && { identity }),
      workspace,
      model: { primary: primary ?? ctx.models.fallback().model, fallbacks: [...fallbacks] },
    })),
  }),
});
