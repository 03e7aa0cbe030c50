import type { SessionRow } from '../../sdk/protocol/session-row.ts';
import type { UsageTotals } from '../../sdk/protocol/usage-sums.ts';
import type { ChatCommand, CommandCall } from './command.ts';
import type { CommandDeps } from './registry.ts';

/** Commands that tell how things stand, and change nothing. */
export function createStatusCommands(deps: CommandDeps): ChatCommand[] {
  const { sessions, runs, agents, modelOf, status, usage, commands } = deps;

  const describeSession = (
    { sessionKey, agent, runId, transient }: CommandCall,
    row: SessionRow | undefined,
  ): string[] => {
    const others = runs.liveIn(sessionKey).filter((run) => run.id !== runId);
    const working = others.filter((run) => run.startedAt !== undefined).length;
    return [
      `Conversation: ${transient ? 'not kept' : sessionKey}${row?.label ? ` (${row.label})` : ''}`,
      `Agent: ${agent.id}${agent.name ? `, ${agent.name}` : ''}`,
      `Model: ${modelOf(agent.id, sessionKey)}${row?.modelOverrideSource ? ' (chosen here)' : ''}`,
      `Thinking: ${row?.thinkingLevel ?? agent.thinking ?? "as the model's provider has it"}`,
      `Tokens: ${row?.inputTokens ?? 0} read, ${row?.outputTokens ?? 0} written; ${row?.messageCount ?? 0} messages`,
      `Runs: ${working} working, ${others.length - working} waiting`,
    ];
  };

  return [
    {
      name: 'help',
      aliases: ['commands'],
      description: 'List the commands, or explain one.',
      category: 'status',
      args: () => [{ name: 'command', description: 'The command to explain.', type: 'string' }],
      answer: ({ argument }) => toHelp(commands(), argument.toLowerCase().replace(/^\//, '')),
    },
    {
      name: 'status',
      description: 'Tell how this conversation and the gateway are doing.',
      category: 'status',
      answer(call) {
        const { runtimeVersion, uptimeMs, runs: counts, eventLoop } = status();
        const load = eventLoop.degraded ? `busy (${eventLoop.reasons.join(', ')})` : 'well';
        return [
          ...describeSession(call, sessions.find(call.sessionKey)),
          `Gateway: ${runtimeVersion}, up ${toDuration(uptimeMs)}, ${load}; ${counts.active} runs working, ${counts.queued} waiting`,
        ].join('\n');
      },
    },
    {
      name: 'usage',
      description: 'Tell what this conversation, and all of the last days, have used.',
      category: 'status',
      answer: ({ sessionKey }) => {
        const row = sessions.find(sessionKey);
        const here = `This conversation: ${row?.totalTokens ?? 0} tokens (${row?.inputTokens ?? 0} read, ${row?.outputTokens ?? 0} written).`;
        const days = [1, 30].map((count) => [count, usage.cost({ days: count }, undefined).totals] as const);
        return [here, ...days.map(([count, totals]) => toSpent(count, totals))].join('\n');
      },
    },
    {
      name: 'whoami',
      aliases: ['id'],
      description: 'Tell who the gateway takes you for, and what you may do.',
      category: 'status',
      answer: ({ principal, sessionKey, transient }) =>
        [
          `You: ${principal.role}, recognised by ${principal.method === 'none' ? 'nothing (authentication is off)' : principal.method}`,
          `Allowed: ${principal.scopes.join(', ') || 'nothing'}`,
          `Conversation: ${transient ? 'not kept' : sessionKey}`,
        ].join('\n'),
    },
    {
      name: 'agents',
      description: 'List the agents of this gateway.',
      category: 'status',
      answer: ({ agent: here }) =>
        agents()
          .map(({ id, name, description, isDefault }) => {
            const remarks = [isDefault && 'default', id === here.id && 'this one'].filter(Boolean).join(', ');
            const words = [name, description].filter(Boolean).join(': ');
            return `- ${id}${remarks ? ` (${remarks})` : ''}${words ? `: ${words}` : ''}`;
          })
          .join('\n'),
    },
  ];
}

function toSpent(days: number, { totalTokens, totalCost, missingCostEntries }: UsageTotals): string {
  const when = days === 1 ? 'Today' : `Last ${days} days`;
  const unknown = missingCostEntries > 0 ? `, and ${missingCostEntries} model calls whose price is not known` : '';
  return `${when}, all conversations: ${totalTokens} tokens, $${totalCost.toFixed(4)}${unknown}`;
}

function toHelp(commands: readonly ChatCommand[], name: string): string {
  if (name === '') {
    const lines = commands.map((command) => `${toUse(command)}: ${command.description}`);
    return [...lines, 'Anything else goes to the agent.'].join('\n');
  }
  const command = commands.find((candidate) => candidate.name === name || candidate.aliases?.includes(name));
  if (!command) return `There is no command /${name}. /help lists them.`;
  const args = command.args?.() ?? [];
  const choices = args.flatMap((arg) =>
    arg.choices ? [`${arg.name}: ${arg.choices.map(({ value }) => value).join(', ')}`] : [],
  );
  const aliases = command.aliases?.map((alias) => `/${alias}`).join(', ');
  return [`${toUse(command)}: ${command.description}`, ...choices, ...(aliases ? [`Also: ${aliases}`] : [])].join('\n');
}

function toUse({ name, args }: ChatCommand): string {
  return [`/${name}`, ...(args?.() ?? []).map((arg) => (arg.required ? `<${arg.name}>` : `[${arg.name}]`))].join(' ');
}

function toDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
