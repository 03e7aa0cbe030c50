import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { ChatEvent, MessageSnapshot } from '../../sdk/protocol/chat.ts';
import type { ModelFailure } from '../models/provider.ts';
import type { LoopStep } from './loop.ts';
import type { RunEnd } from './runs.ts';

/** Stream and data of one `agent` event. */
export type EventBody = { stream: string; data: RunEvent['data'] };

/** Id of a run's n-th message, from 1. */
export const toItemId = (runId: string, n: number) => `${runId}:${n}`;

/** What the `agent` event says of a tool call; `tool` goes to the connection that started the run, `item` to everybody. */
export function toToolEvents(
  step: Extract<LoopStep, { type: 'toolStart' | 'toolEnd' }>,
  runId: string,
): { item: EventBody; tool: EventBody } {
  const { id: toolCallId, name } = step.call;
  const itemId = `${runId}:tool:${toolCallId}`;
  const item = { itemId, toolCallId, name, kind: 'tool', title: name };
  if (step.type === 'toolStart')
    return {
      item: { stream: 'item', data: { ...item, phase: 'start', status: 'running' } },
      tool: { stream: 'tool', data: { phase: 'start', name, toolCallId, args: step.call.arguments } },
    };
  const { isError, output } = step.result;
  return {
    item: { stream: 'item', data: { ...item, phase: 'end', status: isError ? 'failed' : 'completed' } },
    tool: { stream: 'tool', data: { phase: 'result', name, toolCallId, isError, result: output } },
  };
}

/** The last `agent` events of a run, in order. */
export function toEndEvents(end: RunEnd): EventBody[] {
  const { status, stopReason, endedAt, finish } = end;
  const aborted = status !== 'ok' && status !== 'error';
  const usage = { stream: 'usage', data: { ...end.usage, outputTokens: end.usage.output } };
  const finishing = {
    stream: 'lifecycle',
    data: { phase: 'finishing', stopReason: stopReason ?? finish, aborted, endedAt },
  };
  const error = { phase: 'error', error: toErrorText(end), endedAt };
  if (status === 'ok')
    return [usage, finishing, lifecycle({ phase: 'end', stopReason: finish, endedAt, executionSettled: true })];
  if (!aborted) return [usage, finishing, lifecycle({ ...error, errorObservation: toErrorDetail(end.failure) })];
  const cancelled = { phase: 'end', status: 'cancelled', aborted: true, stopReason, endedAt, executionSettled: true };
  return [usage, finishing, lifecycle(cancelled), lifecycle({ ...error, aborted: true, stopReason })];
}

/** The `chat` event that ends a run. */
export function toTerminalChat(end: RunEnd, message: MessageSnapshot | undefined): Terminal {
  if (end.status === 'ok')
    return { state: 'final', stopReason: end.finish, usage: end.usage, ...(message && { message }) };
  if (end.status === 'error' || end.status === 'timeout')
    return {
      state: 'error',
      errorMessage: toErrorText(end),
      errorKind: toErrorKind(end.failure?.kind),
      ...(end.failure && { errorDetail: toErrorDetail(end.failure) }),
    };
  return { state: 'aborted', stopReason: end.stopReason ?? 'rpc', ...(message && { message }) };
}

type Unaddressed<E> = E extends unknown ? Omit<E, 'runId' | 'sessionKey' | 'agentId' | 'seq'> : never;
type Terminal = Unaddressed<Extract<ChatEvent, { state: 'final' | 'aborted' | 'error' }>>;

/** Why a run did not end well, in one line. */
export function toErrorText(end: Pick<RunEnd, 'status' | 'failure' | 'stopReason'>): string {
  if (end.failure) return end.failure.message;
  if (end.status === 'timeout')
    return 'the run took longer than it may; agents.defaults.timeoutSeconds raises the limit';
  if (end.status === 'interrupted') return 'interrupted: the gateway stopped while the run was working';
  return 'aborted';
}

function lifecycle(data: RunEvent['data']): EventBody {
  return { stream: 'lifecycle', data };
}

function toErrorKind(kind: ModelFailure['kind'] | undefined) {
  switch (kind) {
    case 'refusal':
    case 'timeout':
    case 'rate_limit':
    case 'context_length':
      return kind;
    default:
      return 'unknown';
  }
}

const maxPreviewChars = 300;

function toErrorDetail(failure: ModelFailure | undefined) {
  if (!failure) return undefined;
  const { provider, model, kind, httpStatus, message } = failure;
  return {
    provider,
    model,
    failoverReason: kind,
    ...(httpStatus !== undefined && { httpStatus }),
    providerErrorMessagePreview: message.slice(0, maxPreviewChars),
  };
}

/** A reply as it stands, as `chat` events carry it. */
export function toSnapshot(text: string) {
  return { role: 'assistant' as const, content: [{ type: 'text' as const, text }], timestamp: Date.now() };
}
