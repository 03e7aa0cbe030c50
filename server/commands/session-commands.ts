import type { ChatCommand } from './command.ts';
import type { CommandDeps } from './registry.ts';

/** Commands about the conversation they are typed in. */
export function createSessionCommands({ runs, modelOf }: CommandDeps): ChatCommand[] {
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
        if (others.length === 0) return 'Nothing is running in this conversation.';
        return others.length === 1 ? 'Stopped.' : `Stopped ${others.length} runs.`;
      },
    },
  ];
}
