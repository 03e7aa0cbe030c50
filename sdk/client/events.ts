import type { EventName, EventPayload } from '../protocol/events.ts';
import type { EventFrame, StateVersion } from '../protocol/frames.ts';
import { Channel } from './channel.ts';
import type { Connection, Gap } from './connection.ts';

/** Names of the events that a gateway sends after the handshake. */
export type GatewayEventName = Exclude<EventName, 'connect.challenge'>;

/** What can be listened to: the gateway's events, and `gap`, which the client itself raises. */
export type EventMap = { [E in GatewayEventName]: EventPayload<E> } & { gap: Gap };

/** One event, as {@link Events} yields it. Gateways may send events that this version has no name for; they come too. */
export type GatewayEvent = {
  [E in keyof EventMap]: {
    event: E;
    payload: EventMap[E];
    /** Number within the connection, from 1. */
    seq?: number | undefined;
    /** On `presence` and `health`. */
    stateVersion?: StateVersion | undefined;
  };
}[keyof EventMap];

/** All events from now on, each loop on its own. Ends when the client is closed, with the cause when it did not ask for it. */
export type Events = AsyncIterable<GatewayEvent>;

/** Calls back for every event of that name. @returns how to stop. */
export function listen<E extends keyof EventMap>(
  connection: Connection,
  event: E,
  listener: (payload: EventMap[E]) => void,
): () => void {
  connection.wake();
  if (event === 'gap') return connection.gaps.add(listener as (gap: Gap) => void);
  const stop = connection.events.add((frame) => {
    if (frame.event === event) listener(frame.payload as EventMap[E]);
  });
  if (event === 'sessions.changed') subscribe(connection);
  return stop;
}

/** Events for one loop. One that is too slow loses the oldest and sees a `gap` instead. */
export function iterateEvents(connection: Connection): Channel<GatewayEvent> {
  connection.wake();
  const stops = [
    connection.events.add((frame) => channel.push(toGatewayEvent(frame))),
    connection.gaps.add((gap) => channel.push({ event: 'gap', payload: gap })),
    connection.states.add(() => endWithConnection()),
  ];
  const channel = new Channel<GatewayEvent>({
    onRelease: () => {
      for (const stop of stops) stop();
    },
    onOverflow: (full) => {
      const receivedSeq = connection.seq;
      const missed = full.clear() + 1;
      full.push({ event: 'gap', payload: { expectedSeq: receivedSeq - missed + 1, receivedSeq, missed } });
    },
  });
  const endWithConnection = () => {
    const { state } = connection;
    if (state.status !== 'closed') return;
    if (state.cause) channel.fail(state.cause);
    else channel.end();
  };
  endWithConnection();
  return channel;
}

function toGatewayEvent({ event, payload, seq, stateVersion }: EventFrame): GatewayEvent {
  return { event, payload, seq, stateVersion } as GatewayEvent;
}

/** `sessions.changed` is only sent to connections that asked for it. */
function subscribe(connection: Connection): void {
  connection.request({ method: 'sessions.subscribe', params: {}, repeat: 'once', options: {} }).catch(() => {
    // No connection, no events: the state says why, and the next call fails with the reason.
  });
}
