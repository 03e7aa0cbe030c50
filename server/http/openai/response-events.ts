import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { RunEnd } from '../../agent/runs.ts';
import type { HttpFailure } from '../failure.ts';
import type { ToolCall } from './reply.ts';
import {
  type OutputItem,
  type ResponseHead,
  type ResponseObject,
  toCallItem,
  toFinalStatus,
  toMessageItem,
  toResponseObject,
  toTextPart,
} from './response-object.ts';
import { callItemId, messageItemId } from './stored-items.ts';
import type { ReplyWriter } from './stream.ts';

type WithOurResponse<E> = E extends { response: Response } ? Omit<E, 'response'> & { response: ResponseObject } : E;
type Unnumbered<E> = E extends unknown ? Omit<E, 'sequence_number'> : never;
type Event = Unnumbered<WithOurResponse<ResponseStreamEvent>>;

/*
 * created -> in_progress
 *   -> [output_item.added -> content_part.added -> output_text.delta* -> output_text.done -> content_part.done -> output_item.done]
 *   -> [output_item.added -> function_call_arguments.delta -> .done -> output_item.done]*
 *   -> completed | incomplete | failed -> [DONE]
 */
export function createResponseEvents(head: ResponseHead, run: string): ReplyWriter {
  const output: OutputItem[] = [];
  let sequence = 0;
  let message: OpenMessage | undefined;
  let calls = 0;

  const event = (body: Event): string =>
    `event: ${body.type}\ndata: ${JSON.stringify({ ...body, sequence_number: sequence++ })}\n\n`;
  const lifecycle = (type: LifecycleType, progress: Parameters<typeof toResponseObject>[1]): string =>
    event({ type, response: toResponseObject(head, progress) });

  const openMessage = (): string => {
    const opened = createOpenMessage(messageItemId(run, output.length), output.length);
    message = opened;
    return opened.opening.map(event).join('');
  };
  const closeMessage = (status: 'completed' | 'incomplete'): string => {
    if (!message) return '';
    const { item, events } = message.close(status);
    output.push(item);
    message = undefined;
    return events.map(event).join('');
  };

  return {
    head: () => {
      const progress = { status: 'in_progress' as const, output: [] };
      return lifecycle('response.created', progress) + lifecycle('response.in_progress', progress);
    },
    text: (delta) => (message ? '' : openMessage()) + (message as OpenMessage).delta(delta, sequence++),
    toolCall: (call) => {
      const closing = closeMessage('completed');
      const { item, events } = toCallEvents(callItemId(run, calls++), call, output.length);
      output.push(item);
      return closing + events.map(event).join('');
    },
    done: (end: RunEnd) => {
      const status = toFinalStatus(end);
      const type = status === 'completed' ? 'response.completed' : 'response.incomplete';
      return closeMessage(status) + lifecycle(type, { status, output, end }) + done;
    },
    failed: (failure: HttpFailure) => {
      const said = message ? [message.close('incomplete').item] : [];
      return lifecycle('response.failed', { status: 'failed', output: [...output, ...said], failure }) + done;
    },
  };
}

type LifecycleType =
  | 'response.created'
  | 'response.in_progress'
  | 'response.completed'
  | 'response.incomplete'
  | 'response.failed';

const done = 'data: [DONE]\n\n';
const contentMark = '\u0000';
const sequenceMark = -1;

/** A message item whose text is being written. */
interface OpenMessage {
  opening: Event[];
  delta(text: string, sequence: number): string;
  close(status: 'completed' | 'incomplete'): { item: OutputItem; events: Event[] };
}

function createOpenMessage(id: string, output_index: number): OpenMessage {
  let text = '';
  const place = { item_id: id, output_index, content_index: 0 };
  const [before, between, after] = splitDelta(place);
  return {
    opening: [
      {
        type: 'response.output_item.added',
        output_index,
        item: { ...toMessageItem(id, '', 'in_progress'), content: [] },
      },
      { type: 'response.content_part.added', ...place, part: toTextPart('') },
    ],
    delta: (delta, sequence) => {
      text += delta;
      return before + JSON.stringify(delta) + between + sequence + after;
    },
    close: (status) => {
      const item = toMessageItem(id, text, status);
      return {
        item,
        events: [
          { type: 'response.output_text.done', ...place, text, logprobs: [] },
          { type: 'response.content_part.done', ...place, part: toTextPart(text) },
          { type: 'response.output_item.done', output_index, item },
        ],
      };
    },
  };
}

/** All that stays the same in the deltas of one message is written out once. */
function splitDelta(place: { item_id: string; output_index: number; content_index: number }): [string, string, string] {
  const delta: Extract<ResponseStreamEvent, { type: 'response.output_text.delta' }> = {
    type: 'response.output_text.delta',
    ...place,
    logprobs: [],
    delta: contentMark,
    sequence_number: sequenceMark,
  };
  const text = `event: ${delta.type}\ndata: ${JSON.stringify(delta)}\n\n`;
  const [before = '', rest = ''] = text.split(JSON.stringify(contentMark));
  const [between = '', after = ''] = rest.split(String(sequenceMark));
  return [before, between, after];
}

function toCallEvents(id: string, call: ToolCall, output_index: number): { item: OutputItem; events: Event[] } {
  const item = toCallItem(id, call);
  const place = { item_id: id, output_index };
  return {
    item,
    events: [
      { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', arguments: '' } },
      { type: 'response.function_call_arguments.delta', ...place, delta: item.arguments },
      { type: 'response.function_call_arguments.done', ...place, arguments: item.arguments },
      { type: 'response.output_item.done', output_index, item },
    ],
  };
}
