import type { Publish, SessionsChanged } from '../../sdk/protocol/events.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import { toShownContent } from '../../sdk/protocol/text.ts';
import type { Database } from '../database/database.ts';
import type { StoredSession } from './row.ts';
import type { Rows } from './rows.ts';

/** Why clients are told of a session. */
export type Cause = Pick<SessionsChanged, 'reason' | 'phase' | 'runId' | 'catalogChanged'>;

/** Tells clients what has changed, once it is on disk, and nothing of transient conversations. */
export function createNotices({ database, rows, publish }: { database: Database; rows: Rows; publish: Publish }) {
  /** Calls back once all writes so far are on disk. A refusal is told to the one who asked for the write, not here. */
  const onDisk = (tell: () => void) =>
    void database
      .durable()
      .then(tell)
      .catch(() => undefined);

  const toOrigin = ({ key, session_id, agent_id }: StoredSession) => ({
    sessionKey: key,
    sessionId: session_id,
    agentId: agent_id,
  });

  const describe = (key: string) => {
    const session = rows.show(key, { derivedTitle: true, lastMessage: true });
    const ancestorSessions = rows.ancestors(key);
    return session && { session, ...(ancestorSessions && { ancestorSessions }) };
  };

  return {
    /** A session came or changed. */
    changed(row: StoredSession, cause: Cause): void {
      if (row.transient === 1) return;
      onDisk(() => {
        const now = describe(row.key);
        const origin = toOrigin(row);
        // The members of the row stand beside it, too; a name of the event's own goes before.
        const payload = { ...now?.session, ...origin, ...cause, ts: Date.now(), ...now };
        publish('sessions.changed', payload, { subscribedTo: 'sessions' });
      });
    },

    /** A session was deleted; the list as a whole has changed. */
    deleted(row: StoredSession): void {
      if (row.transient === 1) return;
      onDisk(() => {
        const told = { reason: 'delete', ts: Date.now() };
        publish('sessions.changed', { ...toOrigin(row), ...told }, { subscribedTo: 'sessions' });
        publish('sessions.changed', told, { subscribedTo: 'sessions' });
      });
    },

    /** A row was added to a transcript. */
    appended({ key, agent_id, transient }: StoredSession, message: ChatMessage): void {
      if (transient === 1) return;
      onDisk(() =>
        publish(
          'session.message',
          { ...toMessagePayload(key, agent_id, message), ...describe(key) },
          {
            subscribedTo: { messagesOf: key },
          },
        ),
      );
    },
  };
}

/** What `session.message` says of a row, without its session. */
export function toMessagePayload(sessionKey: string, agentId: string, message: ChatMessage) {
  const shown = { ...message, content: toShownContent(message.content) };
  return { sessionKey, agentId, message: shown, messageId: message.__openclaw.id, messageSeq: message.__openclaw.seq };
}
