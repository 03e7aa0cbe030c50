import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { NewMessage } from '../sessions/transcript.ts';
import type { Ledger } from '../usage/ledger.ts';
import type { Ends } from './ends.ts';
import type { LoopStep } from './loop.ts';
import { observeSteps, type RunObserver } from './observer.ts';
import { commandKind } from './prompt.ts';
import type { QueueSettings } from './queue-settings.ts';
import { createReceiptNotes } from './receipt.ts';
import { createReceiver } from './receive.ts';
import { createReply, type ReplyPiece } from './reply.ts';
import { createRunChat } from './run-chat.ts';
import { recordEnd } from './run-end.ts';
import { type EventBody, toEndEvents, toSnapshot, toTerminalChat } from './run-events.ts';
import { createRunLog } from './run-log.ts';
import type { RunStore } from './run-store.ts';
import { isTracked, type Run, type RunEnd, type RunInput, type RunStep } from './runs.ts';
import { createTally } from './tally.ts';

/** What a run writes to and tells. */
export interface RunDeps {
  database: Database;
  store: RunStore;
  sessions: SessionStore;
  /** What models take is written down together with the end of the run. */
  ledger: Ledger;
  publish: Publish;
  log: Log;
  ends: Ends;
  observer: RunObserver;
  /** Called when the run is over, before anybody is told. */
  forget(runId: string): void;
}

/** A run from the inside: the queue begins it, the loop feeds it, its end is recorded once. */
export interface WorkingRun extends Run {
  readonly input: RunInput;
  /** True for the first run of a session that it made itself: there is nothing to look back on. */
  readonly isFirst: boolean;
  /** True when its message had to wait outside the transcript. */
  readonly hasWaited: boolean;
  readonly acceptedAt: number;
  /** What becomes of its message while the session is at work; absent: it stays alone. */
  readonly queue: QueueSettings | undefined;
  readonly signal: AbortSignal;
  begin(): void;
  /** The message is answered by another run from now on. Called when that is written. */
  join(answeredBy: string): void;
  /** Says what the run is about to do. */
  say(phase: 'preparing_context' | 'starting_model'): void;
  receive(step: LoopStep): void;
  /** Writes the events that wait to be written with others. */
  flush(): void;
  /** Records the end and tells everybody, once it is on disk. A second call waits for the first. */
  end(how: Ending): Promise<void>;
}

export type Ending = Pick<RunEnd, 'status' | 'finish' | 'usage' | 'provider' | 'model' | 'failure' | 'stopReason'> & {
  /** The reply, where it is another run's. */
  text?: string;
  /** Done together with writing the end. */
  alongside?(): void;
};

/** The session as it was when the run was accepted. */
export interface RunSession {
  sessionId: string;
  lifecycleRevision: string;
  isNew: boolean;
  hasWaited: boolean;
  acceptedAt: number;
  queue: QueueSettings | undefined;
}

/** Events besides text that a client is told which comes in the middle. */
const maxRecent = 200;
const retold: ReadonlySet<string> = new Set(['lifecycle', 'item', 'run_status', 'usage']);

/*
 * Order of events:
 *
 *   agent: lifecycle start -> run_status* -> [lifecycle model -> (assistant | thinking)* -> (item | tool)*]+
 *            -> usage -> lifecycle finishing -> lifecycle end | error
 *   chat:  status* -> delta* -> final | aborted | error
 */
export function createRun(input: RunInput, session: RunSession, deps: RunDeps): WorkingRun {
  const { runId, sessionKey, agent, connection, transient = false } = input;
  const origin = { runId, sessionKey, agentId: agent.id };
  const { sessionId } = session;
  const events = createRunLog(deps, { ...origin, sessionId });
  const abortion = new AbortController();
  const ended = Promise.withResolvers<RunEnd>();
  const watchers = createWatchers(runId, deps.log);
  const receipt = createReceiptNotes({ runId, sessionId });
  const recent: RunEvent[] = [];
  let startedAt: number | undefined;
  let answeredBy: string | undefined;
  let ending: Promise<void> | undefined;
  let asked: { provider: string; model: string } | undefined;

  /** False once the session was reset or deleted, which ends the run first: what was under way belongs to neither. */
  const isCurrent = () => {
    if (!abortion.signal.aborted) return true;
    const now = deps.sessions.find(sessionKey);
    return now?.sessionId === sessionId && now.lifecycleRevision === session.lifecycleRevision;
  };
  const keep = (message: NewMessage) => {
    if (input.unkept || !isCurrent()) return;
    try {
      deps.sessions.append(sessionKey, { ...message, runId, ...(input.answer && { kind: commandKind }) });
    } catch (error) {
      // A conversation that ends with its reply has been of use when the caller has that.
      if (!transient) throw error;
      deps.log.error(`run ${runId}: a message could not be kept`, { error: String(error) });
    }
  };
  const note = ({ stream, data }: EventBody): RunEvent => {
    const event = events.add(stream, data);
    if (retold.has(stream)) {
      recent.push(event);
      if (recent.length > maxRecent) recent.shift();
    }
    return event;
  };
  const record = (body: EventBody): RunEvent => {
    const event = note(body);
    deps.publish('agent', event);
    return event;
  };
  /** The connection that asked sees it in its own stream, others in the one of sessions. */
  const recordTool = (body: EventBody) => {
    const { data } = body;
    if (data.phase === 'result' && data.isError === false) receipt.noteTool(String(data.name));
    const event = note(body);
    const starter = connection && { connection, capability: 'tool-events' };
    if (starter) deps.publish('agent', event, starter);
    if (transient) return;
    const session = deps.sessions.find(sessionKey);
    const payload = { ...event, sessionId, ...(session && { session }) };
    deps.publish('session.tool', payload, { subscribedTo: 'sessions', ...(starter && { except: starter }) });
  };
  const chat = createRunChat((event) => deps.publish('chat', { ...origin, seq: events.seq, ...event }));
  const tellPiece = ({ delta, text, itemId, reply, isRest }: ReplyPiece) => {
    record({ stream: 'assistant', data: { text, delta, itemId } });
    // What is left when a message is complete is told with what comes next, or with the end.
    if (!isRest) chat.tell(reply);
  };
  // Who asked for an unkept one follows its steps; others have its events, and need not have each delta.
  const reply = createReply(runId, tellPiece, { isPatient: input.unkept });
  const noteModel = (model: { provider: string; model: string }) => {
    asked = model;
    receipt.noteModel(model);
    if (!transient) deps.sessions.announce(sessionKey, { phase: 'model', runId });
  };
  const { tell } = watchers;
  const { price } = deps.ledger;
  const tally = createTally(price);
  const observe = observeSteps(deps.observer, agent.id);
  const receive = createReceiver({ runId, log: deps.log, reply, record, recordTool, keep, noteModel, price, tell });

  const finish = async ({ alongside, ...how }: Ending): Promise<void> => {
    reply.flush();
    const endedAt = Date.now();
    const text = how.text ?? reply.text;
    const receiptOf = receipt.toReceipt({ text, messages: reply.messages, provider: how.provider, model: how.model });
    const end: RunEnd = {
      ...how,
      usage: tally.usage(),
      text,
      startedAt: startedAt ?? endedAt,
      endedAt,
      receipt: receiptOf,
      ...(answeredBy && { answeredBy }),
    };
    const closing = toEndEvents(end).map(note);
    if (!input.answer) deps.observer.runEnded({ agentId: agent.id, status: end.status, ms: endedAt - end.startedAt });
    if (end.failure) deps.observer.failed(end.failure);
    await recordEnd(end, input, { ...deps, tally, session, flush: events.flush, isCurrent, alongside });
    deps.forget(runId);
    for (const event of closing) deps.publish('agent', event);
    if (!answeredBy) chat.tell(text);
    chat.say(toTerminalChat(end, text ? toSnapshot(text) : undefined));
    tell({ type: 'ended', end });
    watchers.clear();
    ended.resolve(end);
  };

  return {
    id: runId,
    sessionKey,
    agentId: agent.id,
    input,
    isFirst: session.isNew,
    hasWaited: session.hasWaited,
    acceptedAt: session.acceptedAt,
    queue: session.queue,
    signal: abortion.signal,
    ended: ended.promise,
    recent,
    get text() {
      return reply.text;
    },
    get startedAt() {
      return startedAt;
    },
    get model() {
      return asked;
    },
    get answeredBy() {
      return answeredBy;
    },
    watch: watchers.watch,
    abort: (stopReason) => abortion.abort(stopReason),
    flush: events.flush,
    begin() {
      const now = Date.now();
      startedAt = now;
      if (!transient)
        deps.database.write(() => {
          deps.store.start(runId, now);
          if (!isTracked(input)) return;
          deps.sessions.track(sessionKey, { runId, status: 'running', phase: 'start' });
          deps.sessions.announce(sessionKey, { reason: 'agent.run.started', runId });
        });
      record({ stream: 'lifecycle', data: { phase: 'start', startedAt } });
      tell({ type: 'started' });
    },
    join(other) {
      startedAt = Date.now();
      answeredBy = other;
      record({ stream: 'lifecycle', data: { phase: 'start', startedAt, answeredBy } });
      tell({ type: 'started' });
    },
    say(phase) {
      record({ stream: 'run_status', data: { phase } });
      chat.say({ state: 'status', phase });
    },
    receive(step) {
      tally.note(step);
      observe(step);
      receive(step);
    },
    end(how) {
      ending ??= finish(how);
      return ending;
    },
  };
}

/** Those who follow a run inside the gateway. */
function createWatchers(runId: string, log: Log) {
  const listeners = new Set<(step: RunStep) => void>();
  return {
    watch(listener: (step: RunStep) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell(step: RunStep) {
      for (const listener of listeners) {
        try {
          listener(step);
        } catch (error) {
          // One who watches can neither end the run nor keep the others from watching.
          log.error(`run ${runId}: a watcher failed`, { step: step.type, error });
        }
      }
    },
    clear: () => listeners.clear(),
  };
}
