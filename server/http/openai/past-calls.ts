import type { ChatMessage } from '../../../sdk/protocol/message.ts';
import type { SessionStore } from '../../sessions/store.ts';

/** Finds the name of the tool that was called with an id, in what the session holds. */
export type FindToolName = (callId: string) => string | undefined;

/** Looks into the response that is answered, if any, else among the newest rows of a session. */
export function findToolNameIn(
  sessions: Pick<SessionStore, 'history' | 'ofRun'>,
  key: string,
  previous?: string,
): FindToolName {
  return (callId) => {
    const answered = previous ? findCall(sessions.ofRun(key, previous), callId) : undefined;
    return answered ?? findCall(sessions.history(key, { limit: rowsSearched, offset: 0 }).messages, callId);
  };
}

// --- internal ---

const rowsSearched = 100;

function findCall(rows: readonly ChatMessage[], callId: string): string | undefined {
  const calls = rows.flatMap(({ content }) => content.filter((part) => part.type === 'toolCall'));
  return calls.findLast(({ id }) => id === callId)?.name;
}
