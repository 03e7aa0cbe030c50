import type { AgentsConfig, Config } from '../config/config.ts';
import type { PromptFiles, PromptLimits } from '../workspace/prompt-files.ts';
import { toSystemPrompt } from './prompt.ts';
import type { RunInput } from './runs.ts';

export interface InstructionDeps {
  files: PromptFiles;
  /** The configuration in effect. */
  config(): Config;
  /** True for an agent's main conversation, where it may speak of what it remembers. */
  isMain(sessionKey: string): boolean;
}

/** A function that writes what stands before the conversation: who the agent is, and the files of its workspace as they are. */
export function createInstructions({ files, config, isMain }: InstructionDeps) {
  return async ({ agent, sessionKey, extraSystemPrompt, promptMode }: RunInput): Promise<string> => {
    const limits = toLimits(config().agents, agent.id);
    const read = await files.read(agent.workspace, limits, isMain(sessionKey));
    return toSystemPrompt(agent, { files: read, extra: extraSystemPrompt, mode: promptMode });
  };
}

function toLimits({ defaults = {}, entries = {} }: AgentsConfig = {}, agentId: string): PromptLimits {
  const own = entries[agentId] ?? {};
  return {
    maxChars: own.bootstrapMaxChars ?? defaults.bootstrapMaxChars ?? 20_000,
    totalMaxChars: own.bootstrapTotalMaxChars ?? defaults.bootstrapTotalMaxChars ?? 60_000,
  };
}
