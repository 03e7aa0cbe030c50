import { z } from 'zod';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import { toText } from '../../../sdk/protocol/text.ts';
import type { Roster } from '../../config/agents.ts';
import type { Config } from '../../config/config.ts';
import type { SessionStore } from '../../sessions/store.ts';
import { reachOf } from './reach.ts';
import { defineTool, type Tool, type ToolCaller } from './tool.ts';

/** What tools that look at conversations work with. */
export interface SessionToolDeps {
  sessions: SessionStore;
  agents: Pick<Roster, 'list' | 'find'>;
  /** The configuration in effect. */
  config(): Config;
  /** Reads a session key as the agent may write it. */
  toKey(key: string, agentId: string): { key: string; agentId: string };
}

/** Characters of one message that `sessions_history` answers, and of all together. */
const maxMessageChars = 4000;
const maxHistoryChars = 40_000;
/** Hits that a search answers. */
const maxHits = 25;
/** Rows that a restricted list looks at. */
const scannedRows = 500;

/** A year. */
const maxMinutes = 366 * 24 * 60;

const key = z.string().min(1).max(512);
const rows = z.number().int().min(1).max(100).default(20).describe('Number of rows.');

/** Tools that look at conversations and agents. */
export function createSessionTools({ sessions, agents, config, toKey }: SessionToolDeps): Tool[] {
  const reach = (caller: ToolCaller) => reachOf(caller, config(), (key) => key === toKey('main', caller.agentId).key);

  return [
    defineTool({
      name: 'sessions_list',
      label: 'List conversations',
      group: 'sessions',
      risk: 'low',
      description: 'List conversations, newest first, with their key, name, state and token counts.',
      input: z.object({
        limit: rows,
        search: z.string().max(512).optional().describe('Words to look for in key and name.'),
        activeMinutes: z
          .number()
          .int()
          .min(1)
          .max(maxMinutes)
          .optional()
          .describe('Only those that changed this recently.'),
      }),
      execute: ({ limit, search, activeMinutes }, caller) => {
        const { isWhole, onlyAgent, includes } = reach(caller);
        const updatedSince = activeMinutes === undefined ? undefined : Date.now() - activeMinutes * 60_000;
        const filter = { offset: 0, archived: false, search, updatedSince, agentId: onlyAgent, derivedTitle: isWhole };
        const { rows, total } = sessions.list({ ...filter, limit: isWhole ? limit : scannedRows });
        const seen = rows.filter(includes);
        return {
          total: isWhole ? total : seen.length,
          sessions: seen.slice(0, limit).map(({ lifecycleRevision: _, ...row }) => row),
        };
      },
    }),
    defineTool({
      name: 'sessions_history',
      label: 'Read a conversation',
      group: 'sessions',
      risk: 'low',
      description: 'Read the newest messages of a conversation, oldest first.',
      input: z.object({
        sessionKey: key.describe('Key of the conversation; main is your own main one.'),
        limit: rows.describe('Number of messages.'),
      }),
      execute: ({ sessionKey, limit }, caller) => {
        const target = toKey(sessionKey, caller.agentId);
        reach(caller).require(sessions.find(target.key) ?? target);
        const { messages, total } = sessions.history(target.key, { limit, offset: 0 });
        const shown = messages.map((message) => ({
          role: message.role,
          text: shorten(toText(message)),
          at: new Date(message.timestamp).toISOString(),
        }));
        return { total, messages: newestWithin(shown) };
      },
    }),
    defineTool({
      name: 'sessions_search',
      label: 'Search conversations',
      group: 'sessions',
      risk: 'low',
      description: 'Look for words in the messages of conversations; best first, with the key of the conversation.',
      input: z.object({
        query: z.string().min(1).max(4096).describe('Words that stand in a message.'),
        limit: z.number().int().min(1).max(maxHits).default(10).describe('Number of hits.'),
      }),
      execute: async ({ query, limit }, caller) => {
        const { isWhole, onlyAgent, includes } = reach(caller);
        const { results } = await sessions.search({ query, limit: isWhole ? limit : maxHits, agentId: onlyAgent });
        const isSeen = (key: string) => includes(sessions.find(key) ?? toKey(key, caller.agentId));
        return { results: results.filter(({ sessionKey }) => isSeen(sessionKey)).slice(0, limit) };
      },
    }),
    defineTool({
      name: 'session_status',
      label: 'Describe a conversation',
      group: 'sessions',
      risk: 'low',
      description: 'Describe one conversation: its model, tokens and state. Without a key, this one.',
      input: z.object({ sessionKey: key.optional().describe('Key of the conversation.') }),
      execute: ({ sessionKey }, caller) => {
        const target = sessionKey ? toKey(sessionKey, caller.agentId) : { ...caller, key: caller.sessionKey };
        const session = sessions.find(target.key);
        reach(caller).require(session ?? target);
        if (!session) throw new GatewayError('INVALID_REQUEST', `there is no conversation ${target.key}`);
        return session;
      },
    }),
    defineTool({
      name: 'agents_list',
      label: 'List agents',
      group: 'agents',
      risk: 'low',
      description: 'List the agents of this gateway.',
      input: z.object({}),
      execute: () =>
        agents.list().map(({ id, name, description, isDefault }) => ({ id, name, description, isDefault })),
    }),
  ];
}

// --- internal ---

function shorten(text: string): string {
  return text.length <= maxMessageChars ? text : `${text.slice(0, maxMessageChars)}… (${text.length} characters)`;
}

function newestWithin<Row extends { text: string }>(rows: readonly Row[]): Row[] {
  let chars = 0;
  let from = rows.length;
  for (; from > 0; from--) {
    chars += rows[from - 1]?.text.length ?? 0;
    if (chars > maxHistoryChars && from < rows.length) break;
  }
  return rows.slice(from);
}
