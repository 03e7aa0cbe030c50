import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { Log } from '../log/log.ts';
import type { NewMessage } from '../sessions/transcript.ts';
import type { LoopStep } from './loop.ts';
import type { Reply } from './reply.ts';
import { type EventBody, toToolEvents } from './run-events.ts';
import type { RunStep } from './runs.ts';
import type { PriceUsage } from './tally.ts';

/** Where the steps of one run's loop go. */
export interface Receiving {
  runId: string;
  log: Log;
  reply: Reply;
  /** Numbers an event, keeps it and tells every reader. */
  record(body: EventBody): RunEvent;
  /** Numbers an event of a tool, keeps it and tells those who may see what tools are given and answer. */
  recordTool(body: EventBody): void;
  /** Adds a row to the transcript. */
  keep(message: NewMessage): void;
  /** Says which model is asked now. */
  noteModel(model: { provider: string; model: string }): void;
  price: PriceUsage;
  tell(step: RunStep): void;
}

type StepOf<T extends LoopStep['type']> = Extract<LoopStep, { type: T }>;

/** Turns what the loop does into events, rows of the transcript, and steps for those who watch. */
export function createReceiver(receiving: Receiving): (step: LoopStep) => void {
  const { runId, log, reply, record, recordTool, keep, noteModel, price, tell } = receiving;

  const receiveMessage = ({ content, model, usage, stopReason, errorMessage }: StepOf<'message'>) => {
    reply.closeMessage();
    const origin = { provider: model.provider, model: model.id, api: model.api };
    const end = { stopReason, ...(errorMessage && { errorMessage }) };
    keep({ role: 'assistant', content, ...origin, ...end, usage: price(model, usage) });
  };

  const receiveTool = (step: StepOf<'toolStart' | 'toolEnd'>) => {
    const { item, tool } = toToolEvents(step, runId);
    record(item);
    recordTool(tool);
    if (step.type === 'toolStart') return;
    const { output, isError } = step.result;
    const { id: toolCallId, name: toolName } = step.call;
    const content = [{ type: 'text' as const, text: output }];
    keep({ role: 'toolResult', content, toolCallId, toolName, isError });
  };

  const receiveModel = ({ model: { provider, id: model } }: StepOf<'model'>) => {
    record({ stream: 'lifecycle', data: { phase: 'model', provider, model } });
    noteModel({ provider, model });
    tell({ type: 'model', provider, model });
  };

  const receiveFallback = ({ from, to, failure: { kind, message, httpStatus } }: StepOf<'fallback'>) => {
    const [failed, next] = [from, to].map(({ provider, id }) => `${provider}/${id}`);
    const told = { provider: from.provider, model: from.id, kind, next };
    log.warn(`run ${runId}: ${failed} failed, trying ${next}: ${message}`, told);
    const reason = { reason: kind, ...(httpStatus !== undefined && { httpStatus }), error: message };
    record({ stream: 'lifecycle', data: { phase: 'fallback_step', from: failed, to: next, ...reason } });
  };

  return (step) => {
    switch (step.type) {
      case 'model':
        receiveModel(step);
        break;
      case 'fallback':
        receiveFallback(step);
        break;
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
