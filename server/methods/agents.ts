import { agents } from '../../sdk/protocol/agents.ts';
import { implement } from './implement.ts';
import { findAgent, mainKeyOf } from './resolve.ts';

export const agentsMethods = implement(agents, {
  list: ({ ctx }) => ({
    defaultId: findAgent(ctx, undefined).id,
    mainKey: mainKeyOf(ctx),
    scope: ctx.config.current().session?.scope ?? 'per-sender',
    agents: ctx.agents.list().map(({ id, name, identity, workspace, primary, fallbacks }) => ({
      id,
      ...(name && { name }),
      ...(identity && { identity }),
      workspace,
      model: { primary: primary ?? ctx.models.fallback().model, fallbacks: [...fallbacks] },
    })),
  }),
});
