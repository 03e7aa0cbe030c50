import { z } from 'zod';
import { RunEvent, runEventMembers } from './agent.ts';
import { ChatEvent } from './chat-event.ts';
import { PairingRequest } from './device.ts';
import { count, timestampMs } from './fields.ts';
import { HealthSnapshot } from './health.ts';
import { SessionMessage } from './message.ts';
import { type DeclaredEvent, event, router } from './method.ts';
import { PresenceEntry } from './presence.ts';
import { SessionRow, sessionRowMembers } from './session-row.ts';
import { shape } from './shape.ts';

/** The members of a session's row, any of which may be missing. */
export type SessionReceipts = { [K in keyof SessionRow]?: SessionRow[K] | undefined };

/**
 * A session was created, changed, reset or deleted, or its run went on. Sent after `sessions.subscribe`. The members of the
 * row stand here a second time, as receipts. Without a key it says that the list as a whole has changed.
 */
export interface SessionsChanged extends SessionReceipts {
  sessionKey?: string | undefined;
  /** `create`, `send`, `patch`, `reset`, `delete`, `agent.run.started`, `agent.input.settled`, ... */
  reason?: string | undefined;
  /** `start`, `model`, `message`, `end` of a run. */
  phase?: string | undefined;
  runId?: string | undefined;
  ts: number;
  /** The session as it is now; absent after a delete. */
  session?: SessionRow | undefined;
  /** Rows of the sessions above it, nearest first; left out when one of them is gone. */
  ancestorSessions?: SessionRow[] | undefined;
  /** True when its model has changed. */
  catalogChanged?: boolean | undefined;
}

export const SessionsChanged = shape<SessionsChanged>()(
  z.object({
    ...z.object(sessionRowMembers).partial().shape,
    sessionKey: z.string().optional(),
    reason: z.string().optional(),
    phase: z.string().optional(),
    runId: z.string().optional(),
    ts: timestampMs,
    session: SessionRow.optional(),
    ancestorSessions: z.array(SessionRow).optional(),
    catalogChanged: z.boolean().optional(),
  }),
);

/** One step of a tool, as those are told who follow sessions. Sent after `sessions.subscribe`. */
export interface SessionTool extends RunEvent {
  session?: SessionRow | undefined;
}

export const SessionTool = shape<SessionTool>()(z.object({ ...runEventMembers, session: SessionRow.optional() }));

/** Work on a session as a whole that takes a while. Sent after `sessions.subscribe`. */
export interface SessionOperation {
  operationId: string;
  operation: 'compact';
  phase: 'start' | 'end';
  sessionKey: string;
  agentId?: string | undefined;
  ts: number;
  /** On `end`: false when everything is as it was. */
  completed?: boolean | undefined;
  /** On `end`: why it is. */
  reason?: string | undefined;
}

export const SessionOperation = shape<SessionOperation>()(
  z.object({
    operationId: z.string(),
    operation: z.literal('compact'),
    phase: z.enum(['start', 'end']),
    sessionKey: z.string(),
    agentId: z.string().optional(),
    ts: timestampMs,
    completed: z.boolean().optional(),
    reason: z.string().optional(),
  }),
);

export const events = router({
  /** The first frame on every socket: sign or echo its nonce in `connect`. */
  'connect.challenge': event({
    summary: 'First frame on a socket, before connect.',
    scope: null,
    droppable: false,
    payload: z.object({ nonce: z.string(), ts: timestampMs, capabilities: z.array(z.string()).optional() }),
  }),
  /** One step of a run: lifecycle, text, tools, usage. */
  agent: event({ summary: 'One step of a run.', scope: 'operator.read', droppable: true, payload: RunEvent }),
  /** A reply as it is written. */
  chat: event({ summary: 'A reply as it is written.', scope: 'operator.read', droppable: true, payload: ChatEvent }),
  /** After `sessions.subscribe`. */
  'sessions.changed': event({
    summary: 'A session was created, changed, reset or deleted.',
    scope: 'operator.read',
    droppable: true,
    payload: SessionsChanged,
  }),
  /** After `sessions.subscribe`: a conversation is put into a summary, or was. */
  'session.operation': event({
    summary: 'A compaction of a session began or ended.',
    scope: 'operator.read',
    droppable: true,
    payload: SessionOperation,
  }),
  /** After `sessions.messages.subscribe`. */
  'session.message': event({
    summary: 'A row was added to a transcript.',
    scope: 'operator.read',
    droppable: false,
    payload: SessionMessage,
  }),
  /** After each write of the configuration file; tells nothing of what it holds. */
  'config.changed': event({
    summary: 'The configuration file was written.',
    scope: 'operator.read',
    droppable: true,
    payload: z.object({ path: z.string(), hash: z.string(), ts: timestampMs }),
  }),
  /** The models or the commands that `chat.metadata` tells of are others now. */
  'chat.metadata.changed': event({
    summary: 'The models or commands of conversations have changed.',
    scope: 'operator.read',
    droppable: true,
    payload: z.object({}),
  }),
  /** A device waits for approval: `device.pair.approve` or `device.pair.reject`. */
  'device.pair.requested': event({
    summary: 'A device waits for approval.',
    scope: 'operator.pairing',
    droppable: false,
    payload: PairingRequest,
  }),
  /** A request came to its end; `decision` is `approved`, `rejected`, `superseded` or `expired`. */
  'device.pair.resolved': event({
    summary: 'A device was approved or turned away, or its request lapsed.',
    scope: 'operator.pairing',
    droppable: false,
    payload: z.object({ requestId: z.string(), deviceId: z.string(), decision: z.string(), ts: timestampMs }),
  }),
  /** A paired device was renamed or removed, or one of its tokens rotated or revoked: `device.pair.list` says how it is now. */
  'device.pair.changed': event({
    summary: 'A paired device was changed.',
    scope: 'operator.pairing',
    droppable: true,
    payload: z.object({}),
  }),
  /** What tools are given and answer, after `sessions.subscribe`; the connection that started the run has it in `agent`. */
  'session.tool': event({
    summary: 'One step of a tool in any session.',
    scope: 'operator.read',
    droppable: true,
    payload: SessionTool,
  }),
  /** Everybody who is present, after each change. */
  presence: event({
    summary: 'The list of who is connected, after each change.',
    scope: null,
    droppable: true,
    payload: z.object({ presence: z.array(PresenceEntry) }),
  }),
  /** Every 60 s and after changes. */
  health: event({ summary: 'The health snapshot.', scope: null, droppable: true, payload: HealthSnapshot }),
  /** Every 30 s; silence for twice as long means that the connection is dead. */
  tick: event({ summary: 'Keepalive.', scope: null, droppable: true, payload: z.object({ ts: timestampMs }) }),
  /** The gateway stops or restarts; the socket closes with 1012 right after. */
  shutdown: event({
    summary: 'The gateway is about to stop or restart.',
    scope: null,
    droppable: false,
    payload: z.object({ reason: z.string(), restartExpectedMs: count.optional() }),
  }),
});

type Events = (typeof events)['_def']['record'];
export type EventName = keyof Events & string;
/** What the event of that name carries. */
export type EventPayload<E extends EventName> = Events[E] extends DeclaredEvent<infer P> ? P : never;

/** Whom an event is for, besides those who lack its scope. */
export interface Audience {
  /** Only connections that asked for changes of sessions. */
  subscribedTo?: 'sessions' | { messagesOf: string };
  /** Only this connection. */
  connection?: string;
  /** Only these connections. */
  connections?: ReadonlySet<string>;
  /** Only connections that announced this capability in `connect`. */
  capability?: string;
  /** Not this connection, if it has the capability: it is told in another way. */
  except?: { connection: string; capability: string };
}

/** Tells everybody who is entitled. Contract: does not throw and does not wait. */
export type Publish = <E extends EventName>(event: E, payload: EventPayload<E>, audience?: Audience) => void;
