import { type CommandEntry, parseTypedCommand } from '../../sdk/protocol/commands.ts';
import type { StatusSummary } from '../../sdk/protocol/health.ts';
import type { Compaction } from '../agent/compaction/compaction.ts';
import type { RunInput, Runs } from '../agent/runs.ts';
import type { AgentSpec } from '../config/agents.ts';
import type { ModelMessage } from '../models/provider.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { UsageReport } from '../usage/report.ts';
import type { ChatCommand } from './command.ts';
import { type FindCommand, interpret, type TypedMessage } from './interpret.ts';
import { leaveOutCommands } from './leave-out.ts';
import { createOptionCommands } from './option-commands.ts';
import { createSessionCommands } from './session-commands.ts';
import { createStatusCommands } from './status-commands.ts';

/** What commands look at and change. */
export interface CommandDeps {
  sessions: SessionStore;
  runs: Pick<Runs, 'liveIn'>;
  models: ModelRegistry;
  agents(): readonly AgentSpec[];
  /** The model that answers in a session, as `<provider>/<model>`. */
  modelOf(agentId: string, sessionKey: string): string;
  status(): StatusSummary;
  usage: Pick<UsageReport, 'cost'>;
  compaction: Pick<Compaction, 'compact' | 'abort'>;
  /** All commands. */
  commands(): readonly ChatCommand[];
}

/** The commands that can be typed as messages. */
export interface ChatCommands {
  /** What clients show in menus. */
  list(options: { includeArgs: boolean }): CommandEntry[];
  /** The run that a message asks for: one that the gateway answers itself when it is a command. */
  interpret(typed: TypedMessage): RunInput;
  /** A conversation that a caller brings along, without commands, their answers, and what was said before a fresh start. */
  leaveOut(history: readonly ModelMessage[]): ModelMessage[];
}

export function createChatCommands(deps: Omit<CommandDeps, 'commands'>): ChatCommands {
  const all: ChatCommand[] = [];
  const given: CommandDeps = { ...deps, commands: () => all };
  all.push(...createStatusCommands(given), ...createSessionCommands(given), ...createOptionCommands(given));
  const byName = new Map(all.flatMap((command) => toNames(command).map((name) => [name, command] as const)));
  const find: FindCommand = (message) => {
    const typed = parseTypedCommand(message);
    const command = typed && byName.get(typed.name);
    return command && { command, argument: typed.argument };
  };
  return {
    list: ({ includeArgs }) => all.map((command) => toEntry(command, includeArgs)),
    interpret: (typed) => interpret(typed, find),
    leaveOut: (history) => leaveOutCommands(history, find),
  };
}

const toNames = ({ name, aliases = [] }: ChatCommand) => [name, ...aliases];

function toEntry(command: ChatCommand, includeArgs: boolean): CommandEntry {
  const { name, description, category, args } = command;
  return {
    name,
    nativeName: name,
    textAliases: toNames(command).map((alias) => `/${alias}`),
    description,
    category,
    source: 'native',
    scope: 'both',
    acceptsArgs: args !== undefined,
    ...(args && includeArgs && { args: args() }),
  };
}
