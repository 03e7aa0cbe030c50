import type { AgentRow } from '../../sdk/protocol/agents.ts';
import type { AgentSpec } from '../config/agents.ts';
import type { Context } from './context.ts';

/** An agent, as a list shows it. */
export async function toAgentRow(agent: AgentSpec, ctx: Pick<Context, 'models' | 'agentFiles'>): Promise<AgentRow> {
  const { id, name, identity, workspace, primary, fallbacks, thinking } = agent;
  return {
    id,
    kind: 'agent',
    ...(name && { name }),
    ...(identity && { identity }),
    workspace,
    workspaceGit: await ctx.agentFiles.isRepository(workspace),
    model: { primary: primary ?? ctx.models.fallback().model, fallbacks: [...fallbacks] },
    agentRuntime: { id: 'openclaw', source: 'implicit' },
    ...(thinking && { thinkingDefault: thinking }),
  };
}
