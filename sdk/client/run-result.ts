import type { RunEvent, RunOutcome } from '../protocol/agent.ts';
import type { ChatEvent } from '../protocol/chat-event.ts';
import { GatewayError } from '../protocol/errors.ts';
import type { RunRow } from '../protocol/runs.ts';
import type { Usage } from '../protocol/usage.ts';

/** How a run ended. */
export interface RunResult {
  runId: string;
  /** `interrupted`: the gateway went down while the run worked. */
  status: 'ok' | 'error' | 'aborted' | 'timeout' | 'interrupted';
  /** The reply, as far as it got. */
  text: string;
  sessionKey?: string | undefined;
  agentId?: string | undefined;
  /** Of all model calls together, when the provider told. */
  usage?: Usage | undefined;
  /** Of the last model call. */
  provider?: string | undefined;
  model?: string | undefined;
  stopReason?: string | undefined;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  /** Why, on every status but `ok`. */
  error?: GatewayError | undefined;
  /**
   * False when the connection was lost meanwhile and the gateway keeps no log of its runs: steps may be missing, and
   * `text` was read from the session's history.
   */
  complete: boolean;
}

/** What is known of a run's end before its row was read. */
export type RunEnding = Omit<RunResult, 'complete' | 'error'> & { reason?: string | undefined };

const errorCode = {
  error: 'UNAVAILABLE',
  interrupted: 'UNAVAILABLE',
  timeout: 'AGENT_TIMEOUT',
  aborted: 'CANCELLED',
} as const;

/** The result of a run that has ended. */
export function toRunResult({ reason, ...ending }: RunEnding, complete: boolean): RunResult {
  const { runId, status, text } = ending;
  if (status === 'ok') return { ...ending, complete };
  const message = reason ? `run ${runId}: ${reason}` : `run ${runId} ended with status ${status}`;
  const error = new GatewayError(errorCode[status], message, { details: { runId, status, text } });
  return { ...ending, complete, error };
}

/** The end that a run's row tells; undefined while it works. */
export function rowToEnding(row: RunRow): RunEnding | undefined {
  const { status, acceptedAt: _, error, text = '', ...rest } = row;
  if (status === 'queued' || status === 'running') return undefined;
  return { ...rest, status, text, reason: error };
}

/** The end that an `agent` event tells; undefined when the run goes on. */
export function eventToEnding({ runId, sessionKey, agentId, stream, data }: RunEvent): Partial<RunEnding> | undefined {
  if (stream !== 'lifecycle' || (data.phase !== 'end' && data.phase !== 'error')) return undefined;
  const cancelled = data.aborted === true || data.status === 'cancelled';
  const stopReason = text(data.stopReason);
  const aborted = stopReason === 'timeout' ? ('timeout' as const) : ('aborted' as const);
  const reply = (data.terminalReply ?? {}) as { text?: unknown };
  return {
    runId,
    sessionKey,
    agentId,
    status: cancelled ? aborted : data.phase === 'error' ? 'error' : 'ok',
    ...(text(reply.text) !== undefined && { text: text(reply.text) }),
    stopReason,
    ...(typeof data.endedAt === 'number' && { endedAt: data.endedAt }),
    ...(text(data.error) !== undefined && { reason: text(data.error) }),
  };
}

/** The end that a `chat` event tells; undefined when the reply goes on. */
export function chatToEnding(event: ChatEvent): Partial<RunEnding> | undefined {
  const { runId, sessionKey, agentId } = event;
  const origin = { runId, sessionKey, agentId };
  if (event.state === 'error') return { ...origin, status: 'error', reason: event.errorMessage };
  if (event.state !== 'final' && event.state !== 'aborted') return undefined;
  const said = event.message?.content.map((part) => part.text).join('');
  const stopped = event.stopReason === 'timeout' ? ('timeout' as const) : ('aborted' as const);
  return {
    ...origin,
    status: event.state === 'final' ? 'ok' : stopped,
    stopReason: event.stopReason,
    ...(said !== undefined && { text: said }),
    ...(event.state === 'final' && event.usage && { usage: event.usage }),
  };
}

/** The end that an answer to `agent.wait` tells; undefined while the run works. */
export function outcomeToEnding(outcome: RunOutcome): Partial<RunEnding> | undefined {
  const { runId, status, startedAt, endedAt, stopReason, error } = outcome;
  if (status === 'timeout' && endedAt === undefined) return undefined;
  const aborted = status !== 'ok' && (stopReason === 'rpc' || error === 'aborted');
  return {
    runId,
    status: aborted ? 'aborted' : status,
    stopReason,
    reason: error,
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
