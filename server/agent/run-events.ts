import type { RunEvent, TerminalReply } from '../../sdk/protocol/agent.ts';
import type { ChatEvent, MessageSnapshot } from '../../sdk/protocol/chat-event.ts';
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
  const { status, stopReason, endedAt, finish, answeredBy, receipt: terminalReceipt } = end;
  const aborted = status !== 'ok' && status !== 'error';
  const usage = { stream: 'usage', data: { ...end.usage, outputTokens: end.usage.output } };
  const state = { stopReason: stopReason ?? finish, aborted, livenessState: toLiveness(status), endedAt };
  const opening = [...(answeredBy ? [] : [usage]), lifecycle({ phase: 'finishing', ...state })];
  const terminal = {
    ...state,
    executionSettled: true,
    ...(answeredBy && { answeredBy }),
    terminalReply: toTerminalReply(end.text),
    terminalReceipt,
  };
  const error = { phase: 'error', error: toErrorText(end), endedAt, ...(answeredBy && { answeredBy }) };
  if (status === 'ok') return [...opening, lifecycle({ phase: 'end', ...terminal })];
  if (!aborted) return [...opening, lifecycle({ ...error, ...terminal, errorObservation: toErrorDetail(end.failure) })];
  const cancelled = lifecycle({ phase: 'end', status: 'cancelled', ...terminal });
  return [...opening, cancelled, lifecycle({ ...error, aborted: true, stopReason })];
}

/** What a run leaves its session in. */
export const toLiveness = (status: RunEnd['status']) =>
  status === 'ok' ? ('working' as const) : status === 'error' ? ('blocked' as const) : ('abandoned' as const);

/** The reply of an ended run, as receipts tell it. */
export function toTerminalReply(text: string | undefined): TerminalReply {
  return text ? { disposition: 'visible', text } : { disposition: 'empty' };
}

/** The `chat` event that ends a run. A reply that another run gave stands in that one's event. */
export function toTerminalChat(end: RunEnd, snapshot: MessageSnapshot | undefined): Terminal {
  const { answeredBy } = end;
  const message = answeredBy ? undefined : snapshot;
  const more = { ...(message && { message }), ...(answeredBy && { answeredBy }) };
  if (end.status === 'ok')
    return { state: 'final', stopReason: end.finish, ...(!answeredBy && { usage: end.usage }), ...more };
  if (end.status === 'error' || end.status === 'timeout')
    return {
      state: 'error',
      errorMessage: toErrorText(end),
      errorKind: end.status === 'timeout' ? 'timeout' : toErrorKind(end.failure?.kind),
      ...(end.failure && { errorDetail: toErrorDetail(end.failure) }),
      ...more,
    };
  return { state: 'aborted', stopReason: end.stopReason ?? 'rpc', ...more };
}

type Unaddressed<E> = E extends unknown ? Omit<E, 'runId' | 'sessionKey' | 'agentId' | 'seq'> : never;
type Terminal = Unaddressed<Extract<ChatEvent, { state: 'final' | 'aborted' | 'error' }>>;

/** Why a run did not end well, in one line. */
export function toErrorText(end: Pick<RunEnd, 'status' | 'failure' | 'stopReason'>): string {
  if (end.failure) return end.failure.message;
  if (end.status === 'timeout')
    return 'the run took longer than it may; agents.defaults.timeoutSeconds raises the limit';
  if (end.stopReason === 'dropped') return 'dropped: too many messages waited in the session';
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
    provider: provider.slice(0, maxPreviewChars),
    model: model.slice(0, maxPreviewChars),
    failoverReason: kind,
    ...(httpStatus !== undefined && httpStatus >= 100 && httpStatus <= 599 && { httpStatus }),
    providerErrorMessagePreview: message.slice(0, maxPreviewChars),
  };
}

/** A reply as it stands, as `chat` events carry it. */
export function toSnapshot(text: string) {
  return { role: 'assistant' as const, content: [{ type: 'text' as const, text }], timestamp: Date.now() };
}
