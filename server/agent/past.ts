import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { ModelMessage } from '../models/provider.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { NewMessage } from '../sessions/transcript.ts';
import { align } from './alignment.ts';
import { commandKind } from './prompt.ts';
import type { RunInput } from './runs.ts';

/** Marks rows that a caller brought along: they were said elsewhere. */
const broughtKind = 'brought';

/** What has to happen to a transcript before a run's message is added to it. */
export interface Past {
  /** The transcript it was found for. */
  cursor: string;
  /** Where the conversation goes on from, when that is not its end. */
  from: { through: number } | undefined;
  brought: ModelMessage[];
}

export type PastStore = Pick<
  SessionStore,
  'find' | 'cursor' | 'lookBack' | 'lastOf' | 'rewind' | 'append' | 'noteToldHistory'
>;

/** True for a run whose message does not simply follow what the session holds. */
export function hasPast({ follows, history, answer }: RunInput): boolean {
  return !answer && (follows === 'history' ? history !== undefined : follows !== undefined);
}

/** Brings transcripts in line with the conversation that a caller goes on with. Works for the one run whose turn it is. */
export function createPasts(sessions: PastStore) {
  const read = async (key: string): Promise<ChatMessage[]> => {
    const { messages } = await sessions.lookBack(key, { from: 0, maxRows: maxRead, isEnough: () => false });
    return messages;
  };

  /** After a response of old, unless nothing but failures came behind it. */
  const findFork = (rows: readonly ChatMessage[], through: number): Past['from'] => {
    const later = rows.filter(({ role, __openclaw }) => {
      return __openclaw.seq > through && role !== 'system' && __openclaw.kind !== commandKind;
    });
    const isInSight = (rows[0]?.__openclaw.seq ?? 0) <= through;
    const isAnswered = later.some(({ role, content }) => role === 'assistant' && content.length > 0);
    return isInSight && !isAnswered ? undefined : { through };
  };

  return {
    /** Finds what has to happen. */
    async find(input: RunInput): Promise<Past | undefined> {
      if (!hasPast(input)) return undefined;
      const { sessionKey: key, follows, history = [], toolResults = [] } = input;
      const cursor = sessions.cursor(key);
      const rows = await read(key);
      if (typeof follows === 'object') {
        const through = sessions.lastOf(key, follows.runId);
        return { cursor, from: through === undefined ? undefined : findFork(rows, through), brought: history };
      }
      const answered = toolResults.map(({ toolCallId }) => toolCallId);
      const { through, isRewind, brought } = align(rows, { history, answered });
      return { cursor, from: isRewind ? { through } : undefined, brought };
    },
    /** True while the transcript is as it was. */
    isCurrent: ({ sessionKey }: RunInput, past: Past) => sessions.cursor(sessionKey) === past.cursor,
    /** Does it. Contract: called inside `database.write`. */
    apply({ sessionKey: key, history, follows }: RunInput, { from, brought }: Past): void {
      if (from) sessions.rewind(key, { ...from, text: toMarkerText(key, from.through) });
      const kept = brought.slice(-maxBrought);
      if (kept.length < brought.length) sessions.append(key, toOmission(brought.length - kept.length));
      for (const message of kept) for (const row of toRows(message)) sessions.append(key, row);
      if (follows === 'history' && history?.some(({ role }) => role === 'assistant')) sessions.noteToldHistory(key);
    },
  };
}

// --- internal ---

/** Rows that are compared with what a caller tells. */
const maxRead = 2000;
/** Messages that a caller may bring along in one request: as many as a run looks back on. */
const maxBrought = 400;

function toMarkerText(key: string, through: number): string {
  const what =
    through === 0 ? 'Another conversation of this caller begins' : 'The conversation goes on from an earlier message';
  return `${what} here. What was said before is kept: openclaw chat history ${key} --message-id <id>, with an id from openclaw sessions search.`;
}

function toOmission(count: number): NewMessage {
  const text = `The caller brought along ${count} earlier messages, which are not kept here.`;
  return { role: 'system', content: [{ type: 'text', text }], kind: broughtKind };
}

function toRows(message: ModelMessage): NewMessage[] {
  const kind = broughtKind;
  if (message.role === 'user') return [{ role: 'user', content: message.content, kind }];
  if (message.role === 'assistant') return message.content.length > 0 ? [{ ...message, kind }] : [];
  if (message.role !== 'tool') return [];
  const { toolCallId, toolName, output, isError } = message;
  return [{ role: 'toolResult', content: [{ type: 'text', text: output }], toolCallId, toolName, isError, kind }];
}
