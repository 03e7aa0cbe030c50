import type { ChatEvent } from '../../sdk/protocol/chat.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { NewMessage } from '../sessions/transcript.ts';
import type { Ledger, Spending } from '../usage/ledger.ts';
import type { LoopStep } from './loop.ts';
import { commandKind } from './prompt.ts';
import { createReply } from './reply.ts';
import { type EventBody, toEndEvents, toErrorText, toSnapshot, toTerminalChat, toToolEvents } from './run-events.ts';
import { createRunLog } from './run-log.ts';
import type { RunStore } from './run-store.ts';
import { isTracked, type Run, type RunEnd, type RunInput, type RunStep } from './runs.ts';
import { createTally, type Tally } from './tally.ts';

/** What a run writes to and tells. */
export interface RunDeps {
  database: Database;
  store: RunStore;
  sessions: SessionStore;
  /** What models take is written down together with the end of the run. */
  ledger: Ledger;
  publish: Publish;
  log: Log;
  /** Called when the run is over, before anybody is told. */
  forget(runId: string): void;
}

/** A run from the inside: the queue begins it, the loop feeds it, its end is recorded once. */
export interface WorkingRun extends Run {
  readonly input: RunInput;
  /** True for the first run of a session that it made itself: there is nothing to look back on. */
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
  begin(): void;
  receive(step: LoopStep): void;
  /** Writes the events that wait to be written with others. */
  flush(): void;
  /** Records the end and tells everybody, once it is on disk. A second call does nothing. */
  end(how: Ending): Promise<void>;
}

export type Ending = Pick<RunEnd, 'status' | 'finish' | 'usage' | 'provider' | 'model' | 'failure' | 'stopReason'>;

/** The session as it was when the run was accepted. */
export interface RunSession {
  sessionId: string;
  lifecycleRevision: string;
  isNew: boolean;
}

/*
 * Order of events:
 *
 *   agent: lifecycle start -> [lifecycle model -> (assistant | thinking)* -> (item | tool)*]+
 *            -> usage -> lifecycle finishing -> lifecycle end | error
 *   chat:  status -> delta* -> final | aborted | error
 */
export function createRun(input: RunInput, session: RunSession, deps: RunDeps): WorkingRun {
  const { runId, sessionKey, agent } = input;
  const origin = { runId, sessionKey, agentId: agent.id };
  const events = createRunLog(deps, { ...origin, sessionId: session.sessionId });
  const abortion = new AbortController();
  const ended = Promise.withResolvers<RunEnd>();
  const acceptedAt = Date.now();
  const listeners = new Set<(step: RunStep) => void>();
  let startedAt: number | undefined;
  let ending = false;

  const tell = (step: RunStep) => {
    for (const listener of listeners) {
      try {
        listener(step);
      } catch (error) {
        // One who watches can neither end the run nor keep the others from watching.
        deps.log.error(`run ${runId}: a watcher failed`, { step: step.type, error });
      }
    }
  };
  /** False once the session was reset or deleted, which ends the run first: what was under way belongs to neither. */
  const isCurrent = () => {
    if (!abortion.signal.aborted) return true;
    const now = deps.sessions.find(sessionKey);
    return now?.sessionId === session.sessionId && now.lifecycleRevision === session.lifecycleRevision;
  };
  const keep = (message: NewMessage) => {
    if (!isCurrent()) return;
    try {
      deps.sessions.append(sessionKey, { ...message, runId, ...(input.answer && { kind: commandKind }) });
    } catch (error) {
      // A conversation that ends with its reply has been of use when the caller has that.
      if (!input.transient) throw error;
      deps.log.error(`run ${runId}: a message could not be kept`, { error: String(error) });
    }
  };
  const record = ({ stream, data }: EventBody, audience?: { connection: string; capability: string }) =>
    deps.publish('agent', events.add(stream, data), audience);
  const chat = createChat((event) => deps.publish('chat', { ...origin, seq: events.seq, ...event }));
  const reply = createReply(runId, ({ delta, text, itemId, reply }) => {
    record({ stream: 'assistant', data: { text, delta, itemId } });
    chat.tell(reply);
  });
  const tally = createTally(deps.ledger.price);
  const receive = createReceiver({ input, deps, reply, record, keep, tell });

  return {
    id: runId,
    sessionKey,
    agentId: agent.id,
    input,
    isFirst: session.isNew,
    signal: abortion.signal,
    ended: ended.promise,
    get text() {
      return reply.text;
    },
    get startedAt() {
      return startedAt;
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    abort: (stopReason) => abortion.abort(stopReason),
    flush: events.flush,
    begin() {
      const now = Date.now();
      startedAt = now;
      if (!input.transient)
        deps.database.write(() => {
          deps.store.start(runId, now);
          if (isTracked(input)) deps.sessions.track(sessionKey, { runId, status: 'running', phase: 'start' });
        });
      record({ stream: 'lifecycle', data: { phase: 'start', startedAt } });
      chat.say({ state: 'status', phase: 'starting_model' });
      tell({ type: 'started' });
    },
    receive(step) {
      tally.note(step);
      receive(step);
    },
    async end(how) {
      if (ending) return;
      ending = true;
      reply.flush();
      const endedAt = Date.now();
      const usage = tally.usage();
      const end: RunEnd = { ...how, usage, text: reply.text, startedAt: startedAt ?? endedAt, endedAt };
      const closing = toEndEvents(end).map(({ stream, data }) => events.add(stream, data));
      await recordEnd(end, input, { ...deps, tally, session, acceptedAt, flush: events.flush, isCurrent });
      deps.forget(runId);
      for (const event of closing) deps.publish('agent', event);
      chat.tell(reply.text);
      chat.say(toTerminalChat(end, end.text ? toSnapshot(end.text) : undefined));
      tell({ type: 'ended', end });
      listeners.clear();
      ended.resolve(end);
    },
  };
}

type ChatBody<E = ChatEvent> = E extends unknown ? Omit<E, 'runId' | 'sessionKey' | 'agentId' | 'seq'> : never;

/** The `chat` side of a run: says what is new of the reply, without blanks before it. */
function createChat(say: (event: ChatBody) => void) {
  let told = '';
  return {
    say,
    tell(reply: string) {
      const text = reply.trimStart();
      if (text.length <= told.length) return;
      const deltaText = text.slice(told.length);
      told = text;
      say({ state: 'delta', deltaText, message: toSnapshot(text) });
    },
  };
}

interface Receiving {
  input: RunInput;
  deps: RunDeps;
  reply: ReturnType<typeof createReply>;
  record(body: EventBody, audience?: { connection: string; capability: string }): void;
  /** Adds a row to the transcript. */
  keep(message: NewMessage): void;
  tell(step: RunStep): void;
}

/** Turns what the loop does into events, rows of the transcript, and steps for those who watch. */
function createReceiver({ input, deps, reply, record, keep, tell }: Receiving) {
  const { runId, connection } = input;
  const { log } = deps;

  const receiveMessage = ({ content, model, usage, stopReason, errorMessage }: StepOf<'message'>) => {
    reply.closeMessage();
    const origin = { provider: model.provider, model: model.id, api: model.api };
    const end = { stopReason, ...(errorMessage && { errorMessage }) };
    keep({ role: 'assistant', content, ...origin, ...end, usage: deps.ledger.price(model, usage) });
  };

  const receiveTool = (step: StepOf<'toolStart' | 'toolEnd'>) => {
    const { item, tool } = toToolEvents(step, runId);
    record(item);
    if (connection) record(tool, { connection, capability: 'tool-events' });
    if (step.type === 'toolStart') return;
    const { output, isError } = step.result;
    const { id: toolCallId, name: toolName } = step.call;
    const content = [{ type: 'text' as const, text: output }];
    keep({ role: 'toolResult', content, toolCallId, toolName, isError });
  };

  return (step: LoopStep): void => {
    switch (step.type) {
      case 'model': {
        const { provider, id: model } = step.model;
        record({ stream: 'lifecycle', data: { phase: 'model', provider, model } });
        tell({ type: 'model', provider, model });
        break;
      }
      case 'fallback': {
        const [from, to] = [step.from, step.to].map(({ provider, id }) => `${provider}/${id}`);
        log.warn(`run ${runId}: ${from} failed, trying ${to}: ${step.failure.message}`);
        record({ stream: 'lifecycle', data: { phase: 'fallback_step', from, to, reason: step.failure.kind } });
        break;
      }
      case 'text':
        tell({ type: 'text', delta: reply.add(step.delta) + step.delta });
        break;
      case 'reasoning':
        record({ stream: 'thinking', data: { delta: step.delta } });
        tell(step);
        break;
      case 'clientToolCall':
        tell({ type: 'clientToolCall', ...step.call });
        break;
      case 'message':
        receiveMessage(step);
        break;
      case 'called':
        break;
      default:
        receiveTool(step);
    }
  };
}

type StepOf<T extends LoopStep['type']> = Extract<LoopStep, { type: T }>;

/** What the end of a run is written with, besides what it tells. */
interface Closing {
  tally: Tally;
  session: RunSession;
  /** Milliseconds since the epoch. */
  acceptedAt: number;
  flush(): void;
  isCurrent(): boolean;
}

function toSpending(end: RunEnd, input: RunInput, { tally, session, acceptedAt }: Closing): Spending {
  const { calls, tools, messages } = tally.spent();
  const { sessionKey, transient = false, agent, content } = input;
  const errors = end.status === 'ok' ? 0 : 1;
  return {
    agentId: agent.id,
    sessionKey,
    sessionId: session.sessionId,
    transient,
    calls,
    tools,
    messages: { ...messages, user: content.length > 0 ? 1 : 0, errors },
    ...(messages.assistant > 0 && { latencyMs: end.endedAt - acceptedAt }),
    endedAt: end.endedAt,
  };
}

/** Writes the end of a run and waits for the disk; never rejects. */
async function recordEnd(end: RunEnd, input: RunInput, deps: RunDeps & Closing): Promise<void> {
  const { runId, sessionKey, transient } = input;
  const error = end.status === 'ok' ? undefined : toErrorText(end);
  const status = sessionStatus[end.status];
  try {
    deps.database.write(() => {
      deps.flush();
      deps.store.end(runId, { ...end, error });
      if (isTracked(input) || end.usage.total > 0) deps.ledger.record(toSpending(end, input, deps));
      const { usage } = end;
      const contextTokens = deps.tally.contextTokens();
      if (isTracked(input) && deps.isCurrent())
        deps.sessions.track(sessionKey, { runId, status, error, usage, contextTokens, phase: 'end' });
    });
    // The only one who watches a transient run is the caller, who has the answer then.
    if (!transient) await deps.database.durable();
  } catch (cause) {
    // The reply is told all the same; the next start will find the run unfinished and say so.
    deps.log.error(`run ${runId}: its end could not be written`, { error: String(cause) });
  }
}

const sessionStatus = {
  ok: 'done',
  error: 'failed',
  aborted: 'killed',
  timeout: 'timeout',
  interrupted: 'failed',
} as const;
