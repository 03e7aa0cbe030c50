import { join } from 'node:path';
import type { AgentIdentity } from '../../sdk/protocol/agents.ts';
import type { Config, ModelSetting, ToolPolicySetting } from './config.ts';
import { expandHome } from './home-path.ts';

/** One agent with its defaults filled in. */
export interface AgentSpec {
  id: string;
  isDefault: boolean;
  name: string | undefined;
  description: string | undefined;
  identity: AgentIdentity | undefined;
  /** Absolute. */
  workspace: string;
  /** Model reference, or undefined when the configuration names none. */
  primary: string | undefined;
  fallbacks: readonly string[];
  thinking: string | undefined;
  /** What the agent's own entry says about tools. */
  tools: ToolPolicySetting | undefined;
}

export const defaultAgentId = 'main';

/** The agents of the configuration in effect. */
export interface Roster {
  /** The default one first; never empty. */
  list(): readonly AgentSpec[];
  find(id: string): AgentSpec | undefined;
  /** The one that answers when none is named. */
  default(): AgentSpec;
}

/** @param current the configuration in effect; agents are resolved anew when it is another one. */
export function createRoster(current: () => Config, stateDir: string): Roster {
  let resolved: { config: Config; agents: readonly [AgentSpec, ...AgentSpec[]] } | undefined;
  const agents = () => {
    const config = current();
    if (resolved?.config !== config) resolved = { config, agents: resolveAgents(config, stateDir) };
    return resolved.agents;
  };
  return {
    list: agents,
    find: (id) => agents().find((agent) => agent.id === id),
    default: () => agents()[0],
  };
}

/**
 * The configured agents, the default one first: the one marked `default`, else the first. Never empty.
 * @param stateDir where agents without a workspace of their own work.
 */
function resolveAgents(config: Config, stateDir: string): [AgentSpec, ...AgentSpec[]] {
  const defaults = config.agents?.defaults ?? {};
  const entries = Object.entries(config.agents?.entries ?? {});
  if (entries.length === 0) entries.push([defaultAgentId, {}]);
  const defaultId = (entries.find(([, agent]) => agent.default) ?? entries[0])?.[0];
  const specs = entries.map(([id, agent]): AgentSpec => {
    const model = toModelSetting(agent.model);
    const fallback = toModelSetting(defaults.model);
    return {
      id,
      isDefault: id === defaultId,
      name: agent.name ?? agent.identity?.name,
      description: agent.description,
      identity: agent.identity,
      workspace: expandHome(agent.workspace ?? defaults.workspace ?? join(stateDir, 'workspace', id)),
      primary: model.primary ?? fallback.primary,
      fallbacks: model.fallbacks ?? fallback.fallbacks ?? [],
      thinking: agent.thinkingDefault ?? defaults.thinkingDefault,
      tools: agent.tools,
    };
  });
  return specs.sort((a, b) => Number(b.isDefault) - Number(a.isDefault)) as [AgentSpec, ...AgentSpec[]];
}

function toModelSetting(setting: ModelSetting | undefined): Exclude<ModelSetting, string> {
  return typeof setting === 'string' ? { primary: setting } : (setting ?? {});
}
