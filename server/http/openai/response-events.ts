import type { RunEnd } from '../../agent/runs.ts';
import { type HttpFailure, toErrorBody } from '../failure.ts';
import {
  type ItemStatus,
  type OpenItem,
  type OutputItem,
  openMessage,
  openReasoning,
  type ResponseEvent,
  toCallItem,
} from './response-items.ts';
import {
  type Progress,
  type ResponseHead,
  type ResponseObject,
  toFinalStatus,
  toResponseObject,
} from './response-object.ts';
import { callItemId, messageItemId, reasoningItemId } from './stored-items.ts';
import { endOfStream, type ReplyWriter } from './stream.ts';

/** Writes a reply as a response: piece by piece, or as the one object that it comes to. */
export interface ResponseWriter extends ReplyWriter {
  /** The whole response. Called at the end, in place of `done`. */
  whole(end: RunEnd): ResponseObject;
}

/*
 * `keep` is told of the whole object when it is complete.
 *
 * created -> in_progress -> (the events of an item)* -> completed | incomplete | (error -> failed) -> [DONE]
 *
 * One item is open at a time. Reasoning, text and calls stand in the order in which they came; text goes on in its item over
 * the turns between which only the agent's own tools have run.
 */
export function createResponseEvents(
  head: ResponseHead,
  run: string,
  keep: (answer: ResponseObject) => void,
): ResponseWriter {
  const output: OutputItem[] = [];
  let sequence = 0;
  let open: OpenItem | undefined;
  let calls = 0;

  const event = (body: ResponseEvent): string =>
    `event: ${body.type}\ndata: ${JSON.stringify({ ...body, sequence_number: sequence++ })}\n\n`;
  const lifecycle = (type: LifecycleType, response: ResponseObject): string => event({ type, response });
  const finish = (progress: Progress): ResponseObject => {
    const answer = toResponseObject(head, progress);
    keep(answer);
    return answer;
  };

  const close = (status: ItemStatus = 'completed'): string => {
    if (!open) return '';
    const { item, events } = open.close(status);
    output.push(item);
    open = undefined;
    return events.map(event).join('');
  };
  const write = (type: 'message' | 'reasoning', delta: string): string => {
    if (open?.type === type) return open.delta(delta, sequence++);
    const closing = close();
    const output_index = output.length;
    const opened =
      type === 'message'
        ? openMessage({ item_id: messageItemId(run, output_index), output_index })
        : openReasoning({ item_id: reasoningItemId(run, output_index), output_index });
    open = opened;
    return closing + opened.opening.map(event).join('') + opened.delta(delta, sequence++);
  };

  return {
    head: () => {
      const begun = toResponseObject(head, { status: 'in_progress', output: [] });
      return lifecycle('response.created', begun) + lifecycle('response.in_progress', begun);
    },
    turn: () => (open?.type === 'reasoning' ? close() : ''),
    reasoning: (delta) => write('reasoning', delta),
    text: (delta) => write('message', delta),
    toolCall: (call) => {
      const closing = close();
      const { item, events } = toCallItem({ item_id: callItemId(run, calls++), output_index: output.length }, call);
      output.push(item);
      return closing + events.map(event).join('');
    },
    done: (end) => {
      const status = toFinalStatus(end);
      const type = status === 'completed' ? 'response.completed' : 'response.incomplete';
      return close(status) + lifecycle(type, finish({ status, output, end })) + endOfStream;
    },
    failed: (failure: HttpFailure) => {
      const begun = open ? [open.close('incomplete').item] : [];
      const answer = finish({ status: 'failed', output: [...output, ...begun], failure });
      return event(toErrorEvent(failure)) + lifecycle('response.failed', answer) + endOfStream;
    },
    whole: (end) => {
      const status = toFinalStatus(end);
      close(status);
      return finish({ status, output, end });
    },
  };
}

/**
 * What makes a client throw: several pass over `response.failed` and would take the text so far for a whole answer. OpenAI
 * sends it nested, and documents it flat.
 */
function toErrorEvent(failure: HttpFailure) {
  const { error } = toErrorBody(failure);
  const { message, code, param } = error;
  return { type: 'error' as const, code, message, param, error };
}

type LifecycleType =
  | 'response.created'
  | 'response.in_progress'
  | 'response.completed'
  | 'response.incomplete'
  | 'response.failed';
