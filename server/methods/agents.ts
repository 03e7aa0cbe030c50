import { agentIdentityGet, agents } from '../../sdk/protocol/agents.ts';
import { toAgentRow } from './agent-views.ts';
import { implement, implementOne } from './implement.ts';
import { authorOf, findAgent, requireAgent, resolveSession } from './resolve.ts';

export const agentIdentityMethod = implementOne(agentIdentityGet, ({ input, ctx }) => {
  const { sessionKey, agentId } = input;
  const agent = sessionKey === undefined ? findAgent(ctx, agentId) : resolveSession(ctx, sessionKey, agentId).agent;
  return ctx.agentFiles.identify(agent);
});

export const agentsMethods = implement(agents, {
  list: async ({ ctx }) => ({
    defaultId: findAgent(ctx, undefined).id,
    ownership: ctx.agents.list().length === 1 ? ('sole' as const) : ('legacy' as const),
    selectionRequired: false as const,
    mainKey: ctx.mainKey(),
    scope: ctx.config.current().session?.scope ?? 'per-sender',
    agents: await Promise.all(ctx.agents.list().map((agent) => toAgentRow(agent, ctx))),
  }),

  async create({ input, ctx }) {
    const { id, name, workspace, primary } = await ctx.agentChanges.create(input, authorOf(ctx));
    const model = input.model === undefined ? {} : { model: primary };
    return { ok: true as const, agentId: id, name: name ?? input.name, workspace, ...model };
  },

  async update({ input: { agentId, ...change }, ctx }) {
    await ctx.agentChanges.update(agentId, change, authorOf(ctx));
    return { ok: true as const, agentId };
  },

  async delete({ input: { agentId, deleteFiles }, ctx }) {
    const gone = await ctx.agentChanges.remove(agentId, { deleteFiles, by: authorOf(ctx) });
    const { removedBindings, removed, failed, purgeFailed } = gone;
    const files = deleteFiles ? { removed, ...(failed.length > 0 && { failed }) } : {};
    return { ok: true as const, agentId, removedBindings, ...files, ...(purgeFailed && { purgeFailed }) };
  },

  async 'files.list'({ input, ctx }) {
    const { id, workspace } = requireAgent(ctx, input.agentId);
    return { agentId: id, workspace, files: await ctx.agentFiles.list(workspace) };
  },

  async 'files.get'({ input, ctx }) {
    const { id, workspace } = requireAgent(ctx, input.agentId);
    return { agentId: id, workspace, file: await ctx.agentFiles.read(workspace, input.name) };
  },

  async 'files.set'({ input, ctx }) {
    const { id, workspace } = requireAgent(ctx, input.agentId);
    const { name, content: text, expectedHash } = input;
    const file = await ctx.agentFiles.write(workspace, name, { text, expectedHash });
    return { ok: true as const, agentId: id, workspace, file };
  },
});
