import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { ChatEvent } from '../../sdk/protocol/chat-event.ts';
import { eventSpecs } from '../../sdk/protocol/contract.ts';
import type { Audience, Publish } from '../../sdk/protocol/events.ts';
import type { StateVersion } from '../../sdk/protocol/frames.ts';
import type { EventMeta } from '../../sdk/protocol/method.ts';
import { isGranted } from '../../sdk/protocol/scopes.ts';
import type { Log } from '../log/log.ts';
import type { Connection } from './connection.ts';
import type { Limits } from './limits.ts';
import { createListeners } from './listeners.ts';

/** The ready connections: publishes an event once to all who are entitled. */
export interface Hub {
  /** Serialises once, whoever listens; each connection gets its own `seq`. */
  publish: Publish;
  /** Follows one event without a socket, from now on. The contract has checked the caller's scope before. */
  listen(event: string, signal: AbortSignal | undefined): AsyncIterable<unknown>;
  /** From now on the connection gets events. */
  add(connection: Connection): void;
  delete(connection: Connection): void;
  /** All ready connections. */
  connections(): Iterable<Connection>;
  /** How many connections are ready. */
  readonly size: number;
  /** How often presence and health have been published. */
  stateVersion(): StateVersion;
  close(): void;
}

export function createHub({ limits, log }: { limits: Limits; log: Log }): Hub {
  const ready = new Map<string, Connection>();
  const listeners = createListeners(limits);
  const version: StateVersion = { presence: 0, health: 0 };
  /** As of the last event that was for all. */
  let totalBufferedBytes = 0;

  const bufferLimit = () =>
    totalBufferedBytes > limits.maxTotalBufferedBytes
      ? Math.max(limits.minBufferedShareBytes, limits.maxTotalBufferedBytes / ready.size)
      : limits.maxBufferedBytes;

  const offer = (connection: Connection, head: Buffer, droppable: boolean) => {
    connection.seq++;
    const { bufferedBytes } = connection;
    const limitBytes = bufferLimit();
    if (bufferedBytes <= limitBytes) connection.send(splice(head, connection.seq));
    else if (droppable) connection.skipEvent(limitBytes);
    else connection.closeAsSlow(limitBytes);
    return bufferedBytes;
  };

  const publish: Publish = (event, payload, audience = {}) => {
    const spec = eventSpecs.get(event);
    if (!spec) return;
    const counted = toCounted(event);
    if (counted) version[counted]++;
    const droppable = spec.droppable && !isEnd(event, payload);
    const isForSome = audience.connection !== undefined || audience.connections !== undefined;
    if (!isForSome && !audience.capability) listeners.offer(event, payload, droppable);
    let head: Buffer | undefined;
    let bufferedBytes = 0;
    for (const connection of isForSome ? select(ready, audience) : ready.values()) {
      if (!isEntitled(connection, spec, audience)) continue;
      head ??= toHead({ event, payload, version: counted && version, log });
      if (!head) return;
      bufferedBytes += offer(connection, head, droppable);
    }
    if (!isForSome && !audience.subscribedTo) totalBufferedBytes = bufferedBytes;
  };

  return {
    publish,
    listen: listeners.listen,
    add: (connection) => void ready.set(connection.id, connection),
    delete: (connection) => void ready.delete(connection.id),
    connections: () => ready.values(),
    get size() {
      return ready.size;
    },
    stateVersion: () => ({ ...version }),
    close: listeners.close,
  };
}

function isEntitled(
  { id, session, state, followsSessions, followedMessages }: Connection,
  spec: EventMeta,
  { subscribedTo, capability, except }: Audience,
): boolean {
  if (!session || state !== 'ready' || (spec.scope && !isGranted(session.principal.scopes, spec.scope))) return false;
  if (capability && !session.caps.has(capability)) return false;
  if (except?.connection === id && session.caps.has(except.capability)) return false;
  if (subscribedTo === 'sessions') return followsSessions;
  return subscribedTo === undefined || followedMessages.has(subscribedTo.messagesOf);
}

function select(ready: ReadonlyMap<string, Connection>, { connection, connections }: Audience): Connection[] {
  const ids = connection === undefined ? (connections ?? []) : [connection];
  return [...ids].flatMap((id) => ready.get(id) ?? []);
}

/** Events that say how things stand, so that clients can tell which of two is newer. */
const toCounted = (event: string) => (event === 'presence' || event === 'health' ? event : undefined);

/** The end of a run may not be missed: nothing would follow that shows the hole, and its client would wait for ever. */
function isEnd(event: string, payload: unknown): boolean {
  if (event === 'chat') return ['final', 'aborted', 'error'].includes((payload as ChatEvent).state);
  if (event !== 'agent') return false;
  const { stream, data } = payload as RunEvent;
  return stream === 'lifecycle' && (data.phase === 'end' || data.phase === 'error');
}

interface EventText {
  event: string;
  payload: unknown;
  version: StateVersion | undefined;
  log: Log;
}

/** The frame up to its `seq`, which is the only thing that differs between connections. */
function toHead({ event, payload, version, log }: EventText): Buffer | undefined {
  try {
    const frame = JSON.stringify({ type: 'event', event, payload, stateVersion: version });
    return Buffer.from(`${frame.slice(0, -1)},"seq":`);
  } catch (error) {
    // Publishing must not throw into whoever has something to tell.
    log.error('event cannot be serialised', { event, error });
    return undefined;
  }
}

function splice(head: Buffer, seq: number): Buffer {
  const tail = `${seq}}`;
  const frame = Buffer.allocUnsafe(head.byteLength + tail.length);
  head.copy(frame);
  frame.write(tail, head.byteLength, 'latin1');
  return frame;
}
