import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Subscriptions } from '../methods/context.ts';
import type { Connection } from './connection.ts';
import type { Limits } from './limits.ts';

/** What handlers may note on the connection that asks: what it wants to be told. It is forgotten with the socket. */
export function toSubscriptions(
  connection: Connection,
  { maxMessageSubscriptions }: Pick<Limits, 'maxMessageSubscriptions'>,
): Subscriptions {
  const { followedMessages } = connection;
  return {
    connection: connection.id,
    sessions() {
      connection.followsSessions = true;
    },
    messagesOf(key) {
      if (followedMessages.size >= maxMessageSubscriptions && !followedMessages.has(key)) {
        const message = `this connection follows ${maxMessageSubscriptions} sessions already: unsubscribe from one first`;
        throw new GatewayError('UNAVAILABLE', message);
      }
      followedMessages.add(key);
    },
    stopMessagesOf(key) {
      followedMessages.delete(key);
    },
  };
}
