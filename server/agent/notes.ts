import type { Publish } from '../../sdk/protocol/events.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { SessionStore } from '../sessions/store.ts';
import { toSnapshot } from './run-events.ts';

/** Puts words into an agent's mouth, without a run. */
export interface Notes {
  /**
   * Adds a note to a transcript, which is made when it is not there. Resolves when the note is on disk; then everybody who
   * may read is told, as of a reply.
   */
  add(key: string, note: { agentId: string; text: string }): Promise<ChatMessage>;
}

/** What stands in the transcript as the model of a note. */
const noteModel = { provider: 'openclaw', model: 'gateway-injected' };

export function createNotes({ sessions, publish }: { sessions: SessionStore; publish: Publish }): Notes {
  return {
    async add(key, { agentId, text }) {
      sessions.ensure(key);
      const content = [{ type: 'text' as const, text }];
      const message = sessions.append(key, { role: 'assistant', content, stopReason: 'stop', ...noteModel });
      await sessions.durable();
      const runId = `inject-${message.__openclaw.id}`;
      const origin = { runId, sessionKey: key, agentId, seq: 0 };
      publish('chat', { ...origin, state: 'final', stopReason: 'stop', message: toSnapshot(text) });
      return message;
    },
  };
}
