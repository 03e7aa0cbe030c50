import type { ChatEvent } from '../../sdk/protocol/chat.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { LoopStep } from './loop.ts';
import { type EventBody, toEndEvents, toErrorText, toItemId, toTerminalChat, toToolEvents } from './run-events.ts';
import { createRunLog } from './run-log.ts';
import type { RunStore } from './run-store.ts';
import type { Run, RunEnd, RunInput, RunStep } from './runs.ts';
import { createTextFlow, type TextFlow } from './text-flow.ts';

/** What a run writes to and tells. */
export interface RunDeps {
  database: Database;
  store: RunStore;
  sessions: SessionStore;
  publish: Publish;
  log: Log;
  /** Called when the run is over, before anybody is told. */
  forget(runId: string): void;
}

/** A run from the inside: the queue begins it, the loop feeds it, the end is recorded once. */
export interface WorkingRun extends Run {
  readonly input: RunInput;
  readonly signal: AbortSignal;
  begin(): void;
  receive(step: LoopStep): void;
  /** Writes the events that wait to be written with others. */
  flush(): void;
  /** Records the end and tells everybody, once it is on disk. A second call does nothing. */
  end(
    end: Pick<RunEnd, 'status' | 'finish' | 'usage' | 'provider' | 'model' | 'failure' | 'stopReason'>,
  ): Promise<void>;
}

/*
 * Order of events: chat status* -> lifecycle start -> [lifecycle model -> assistant* / item* / tool*]*
 *   -> usage -> lifecycle finishing -> lifecycle end | error     (agent)
 *   -> delta* -> final | aborted | error                         (chat)
 */
export function createRun(input: RunInput, sessionId: string, deps: RunDeps): WorkingRun {
  const { runId, sessionKey, agent, connection } = input;
  const { database, store, sessions, publish, log } = deps;
  const origin = { runId, sessionKey, agentId: agent.id };
  const events = createRunLog(deps, { ...origin, sessionId });
  const abortion = new AbortController();
  const ended = Promise.withResolvers<RunEnd>();
  const listeners = new Set<(step: RunStep) => void>();
  let startedAt: number | undefined;
  let ending = false;
  /** Replies of earlier turns; a blank line stands between two. */
  let earlier = '';
  /** What `chat` has told so far. */
  let told = '';
  let item = 0;
  let flow: TextFlow;

  const tell = (step: RunStep) => {
    for (const listener of listeners) listener(step);
  };
  const record = ({ stream, data }: EventBody, audience?: { connection: string; capability: string }) =>
    publish('agent', events.add(stream, data), audience);
  const chat = (event: Parameters<typeof toChat>[1]) => publish('chat', toChat({ ...origin, seq: events.seq }, event));
  const replySoFar = () => earlier + flow.text;

  const tellChat = (reply: string) => {
    const text = reply.trimStart();
    if (text.length <= told.length) return;
    const deltaText = text.slice(told.length);
    told = text;
    chat({ state: 'delta', deltaText, message: toSnapshot(text) });
  };
  const nextMessage = () => {
    const itemId = toItemId(runId, ++item);
    return createTextFlow((delta, text) => {
      record({ stream: 'assistant', data: { text, delta, itemId } });
      tellChat(earlier + text);
    });
  };
  flow = nextMessage();

  const receiveText = (delta: string) => {
    if (flow.text === '' && earlier !== '') {
      earlier += '\n\n';
      tell({ type: 'text', delta: '\n\n' });
    }
    flow.push(delta);
    tell({ type: 'text', delta });
  };

  const receiveMessage = (step: Extract<LoopStep, { type: 'message' }>) => {
    flow.flush();
    earlier = replySoFar();
    flow = nextMessage();
    const { content, model, usage, stopReason, errorMessage } = step;
    sessions.append(sessionKey, {
      role: 'assistant',
      content,
      provider: model.provider,
      model: model.id,
      api: model.api,
      usage,
      stopReason,
      errorMessage,
      runId,
    });
  };

  const receiveTool = (step: Extract<LoopStep, { type: 'toolStart' | 'toolEnd' }>) => {
    const { item, tool } = toToolEvents(step, runId);
    record(item);
    if (connection) record(tool, { connection, capability: 'tool-events' });
    if (step.type === 'toolStart') return;
    const { output, isError } = step.result;
    const { id: toolCallId, name: toolName } = step.call;
    const content = [{ type: 'text' as const, text: output }];
    sessions.append(sessionKey, { role: 'toolResult', content, toolCallId, toolName, isError, runId });
  };

  return {
    id: runId,
    sessionKey,
    agentId: agent.id,
    input,
    signal: abortion.signal,
    ended: ended.promise,
    get text() {
      return replySoFar().trim();
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
      startedAt = Date.now();
      const now = startedAt;
      database.write(() => {
        store.start(runId, now);
        sessions.track(sessionKey, { runId, status: 'running', phase: 'start' });
      });
      record({ stream: 'lifecycle', data: { phase: 'start', startedAt } });
      chat({ state: 'status', phase: 'starting_model' });
      tell({ type: 'started' });
    },
    receive(step) {
      switch (step.type) {
        case 'model': {
          const { provider, id: model } = step.model;
          record({ stream: 'lifecycle', data: { phase: 'model', provider, model } });
          return tell({ type: 'model', provider, model });
        }
        case 'fallback': {
          const [from, to] = [step.from, step.to].map(({ provider, id }) => `${provider}/${id}`);
          log.warn(`run ${runId}: ${from} failed, trying ${to}: ${step.failure.message}`);
          return void record({
            stream: 'lifecycle',
            data: { phase: 'fallback_step', from, to, reason: step.failure.kind },
          });
        }
        case 'text':
          return receiveText(step.delta);
        case 'reasoning':
          record({ stream: 'thinking', data: { delta: step.delta } });
          return tell(step);
        case 'clientToolCall':
          return tell({ type: 'clientToolCall', ...step.call });
        case 'message':
          return receiveMessage(step);
        default:
          return receiveTool(step);
      }
    },
    async end(how) {
      if (ending) return;
      ending = true;
      flow.flush();
      const text = replySoFar().trim();
      const endedAt = Date.now();
      const end: RunEnd = { ...how, text, startedAt: startedAt ?? endedAt, endedAt };
      const error = end.status === 'ok' ? undefined : toErrorText(end);
      let closing: ReturnType<typeof events.add>[] = [];
      try {
        database.write(() => {
          closing = toEndEvents(end).map(({ stream, data }) => events.add(stream, data));
          events.flush();
          store.end(runId, { ...end, error });
          sessions.track(sessionKey, {
            runId,
            status: sessionStatus[end.status],
            error,
            usage: end.usage,
            phase: 'end',
          });
        });
        await database.durable();
      } catch (cause) {
        // The reply is still told; the next start will find the run unfinished and say so.
        log.error(`run ${runId}: its end could not be written`, { error: String(cause) });
      }
      deps.forget(runId);
      for (const event of closing) publish('agent', event);
      tellChat(replySoFar().trimEnd());
      chat(toTerminalChat(end, text ? toSnapshot(text) : undefined));
      tell({ type: 'ended', end });
      listeners.clear();
      ended.resolve(end);
    },
  };
}

const sessionStatus = {
  ok: 'done',
  error: 'failed',
  aborted: 'killed',
  timeout: 'timeout',
  interrupted: 'failed',
} as const;

type Address = Pick<ChatEvent, 'runId' | 'sessionKey' | 'agentId' | 'seq'>;
type Unaddressed<E> = E extends unknown ? Omit<E, keyof Address> : never;

function toChat(address: Address, event: Unaddressed<ChatEvent>): ChatEvent {
  return { ...address, ...event } as ChatEvent;
}

function toSnapshot(text: string) {
  return { role: 'assistant' as const, content: [{ type: 'text' as const, text }], timestamp: Date.now() };
}
