import type { ChatCommand } from './command.ts';
import type { CommandDeps } from './registry.ts';

/** Commands about the conversation they are typed in. */
export function createSessionCommands({ runs, compaction, modelOf }: CommandDeps): ChatCommand[] {
  const startAfresh = (name: 'new' | 'reset', description: string): ChatCommand => ({
    name,
    description,
    category: 'session',
    afresh: name,
    args: () => [{ name: 'message', description: 'First message of the fresh conversation.', type: 'string' }],
    answer: ({ sessionKey, agent }) =>
      `${name === 'new' ? 'A new conversation begins' : 'The conversation was reset'}. The agent ${agent.id} answers with ${modelOf(agent.id, sessionKey)}.`,
  });

  return [
    startAfresh('new', 'Start a new conversation: what was said is no longer told to the model.'),
    startAfresh('reset', 'Reset the conversation; the same as /new.'),
    {
      name: 'stop',
      aliases: ['abort'],
      description: 'Stop what the agent is doing in this conversation, and what waits behind it.',
      category: 'session',
      answer({ sessionKey, runId }) {
        const others = runs.liveIn(sessionKey).filter((run) => run.id !== runId);
        for (const run of others) run.abort('rpc');
        if (compaction.abort(sessionKey)) return 'Stopped the summary that was being written.';
        if (others.length === 0) return 'Nothing is running in this conversation.';
        return others.length === 1 ? 'Stopped.' : `Stopped ${others.length} runs.`;
      },
    },
    {
      name: 'compact',
      description: 'Summarise the older part of the conversation, so that the model has room again.',
      category: 'session',
      args: () => [{ name: 'instructions', description: 'What the summary should look after.', type: 'string' }],
      async answer({ sessionKey: key, agent, argument, transient, signal }) {
        if (transient) return 'There is nothing to compact: the gateway does not keep this conversation.';
        const outcome = await compaction.compact({ key, agent, instructions: argument || undefined, signal });
        if (!outcome.compacted) return `Nothing was compacted: ${outcome.reason}.`;
        return `Compacted: the conversation had about ${outcome.result.tokensBefore} tokens, the model reads a summary of it from now on.`;
      },
    },
  ];
}
