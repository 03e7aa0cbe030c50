import { z } from 'zod';
import { toText } from '../../../sdk/protocol/text.ts';
import type { Roster } from '../../config/agents.ts';
import type { SessionStore } from '../../sessions/store.ts';
import { defineTool, type Tool } from './tool.ts';

/** Tools that look at conversations and agents. */
export function createSessionTools(deps: {
  sessions: SessionStore;
  agents: Pick<Roster, 'list'>;
  /** Reads a session key as the agent may write it. */
  toKey(key: string, agentId: string): string;
}): Tool[] {
  const { sessions, agents, toKey } = deps;

  return [
    defineTool({
      name: 'sessions_list',
      description: 'List conversations, newest first, with their key, name, state and token counts.',
      input: z.object({
        limit: z.number().int().min(1).max(100).default(20),
        search: z.string().optional().describe('Words to look for in key and name.'),
        activeMinutes: z.number().int().min(1).optional().describe('Only those that changed this recently.'),
      }),
      execute: ({ limit, search, activeMinutes }) => {
        const updatedSince = activeMinutes === undefined ? undefined : Date.now() - activeMinutes * 60_000;
        const filter = { limit, offset: 0, archived: false, search, updatedSince, derivedTitle: true };
        const { rows, total } = sessions.list(filter);
        return { total, sessions: rows.map(({ lifecycleRevision: _, ...row }) => row) };
      },
    }),
    defineTool({
      name: 'sessions_history',
      description: 'Read the newest messages of a conversation, oldest first.',
      input: z.object({
        sessionKey: z.string().describe('Key of the conversation; main is your own main one.'),
        limit: z.number().int().min(1).max(100).default(20),
      }),
      execute: ({ sessionKey, limit }, { agentId }) => {
        const { messages, total } = sessions.history(toKey(sessionKey, agentId), { limit, offset: 0 });
        return {
          total,
          messages: messages.map((message) => ({
            role: message.role,
            text: toText(message),
            at: new Date(message.timestamp).toISOString(),
          })),
        };
      },
    }),
    defineTool({
      name: 'session_status',
      description: 'Describe one conversation: its model, tokens and state. Without a key, this one.',
      input: z.object({ sessionKey: z.string().optional() }),
      execute: ({ sessionKey }, caller) => {
        const key = sessionKey ? toKey(sessionKey, caller.agentId) : caller.sessionKey;
        const session = sessions.find(key);
        if (!session) throw new Error(`there is no conversation ${key}`);
        return session;
      },
    }),
    defineTool({
      name: 'agents_list',
      description: 'List the agents of this gateway.',
      input: z.object({}),
      execute: () =>
        agents.list().map(({ id, name, description, isDefault }) => ({ id, name, description, isDefault })),
    }),
  ];
}
