import type {
  Response,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import type { ToolCall } from './reply.ts';
import type { ResponseObject } from './response-object.ts';

/*
 * The items of a response's output, and the events that tell of each:
 *
 *   reasoning: output_item.added -> reasoning_summary_part.added -> reasoning_summary_text.delta* -> .done
 *                -> reasoning_summary_part.done -> output_item.done
 *   message:   output_item.added -> content_part.added -> output_text.delta* -> .done -> content_part.done -> output_item.done
 *   call:      output_item.added -> function_call_arguments.delta -> .done -> output_item.done
 */

export type OutputItem = ResponseOutputMessage | ResponseFunctionToolCall | ResponseReasoningItem;

/** An event that has no number yet. */
export type ResponseEvent = Unnumbered<WithOurResponse<ResponseStreamEvent>>;

/** An item that is being written. */
export interface OpenItem {
  type: OutputItem['type'];
  opening: ResponseEvent[];
  /** The event of a piece of text, written out, with its number. */
  delta(text: string, sequence: number): string;
  close(status: ItemStatus): ClosedItem;
}

export interface ClosedItem {
  item: OutputItem;
  events: ResponseEvent[];
}

export type ItemStatus = 'completed' | 'incomplete';

/** Where an item stands. */
interface Place {
  item_id: string;
  output_index: number;
}

/** Text that is being written. */
export function openMessage(at: Place): OpenItem {
  const { item_id: id, output_index } = at;
  const place = { ...at, content_index: 0 };
  const toItem = (status: ResponseOutputMessage['status'], texts: string[]): ResponseOutputMessage => ({
    id,
    type: 'message',
    status,
    role: 'assistant',
    content: texts.map(toTextPart),
  });
  const { write, text } = createDeltas({ type: 'response.output_text.delta', ...place, logprobs: [] });
  return {
    type: 'message',
    opening: [
      { type: 'response.output_item.added', output_index, item: toItem('in_progress', []) },
      { type: 'response.content_part.added', ...place, part: toTextPart('') },
    ],
    delta: write,
    close: (status) => {
      const item = toItem(status, [text()]);
      return {
        item,
        events: [
          { type: 'response.output_text.done', ...place, text: text(), logprobs: [] },
          { type: 'response.content_part.done', ...place, part: toTextPart(text()) },
          { type: 'response.output_item.done', output_index, item },
        ],
      };
    },
  };
}

/** What a model tells of its reasoning stands where clients look for it: in the summary. */
export function openReasoning(at: Place): OpenItem {
  const { item_id: id, output_index } = at;
  const place = { ...at, summary_index: 0 };
  const toItem = (status: ResponseReasoningItem['status'], texts: string[]) =>
    ({
      id,
      type: 'reasoning' as const,
      status,
      summary: texts.map(toSummaryPart),
      encrypted_content: null,
    }) satisfies ResponseReasoningItem;
  const { write, text } = createDeltas({ type: 'response.reasoning_summary_text.delta', ...place });
  return {
    type: 'reasoning',
    opening: [
      { type: 'response.output_item.added', output_index, item: toItem('in_progress', []) },
      { type: 'response.reasoning_summary_part.added', ...place, part: toSummaryPart('') },
    ],
    delta: write,
    close: (status) => {
      const item = toItem(status, [text()]);
      return {
        item,
        events: [
          { type: 'response.reasoning_summary_text.done', ...place, text: text() },
          { type: 'response.reasoning_summary_part.done', ...place, part: toSummaryPart(text()) },
          { type: 'response.output_item.done', output_index, item },
        ],
      };
    },
  };
}

/** A call, which comes whole. */
export function toCallItem({ item_id: id, output_index }: Place, call: ToolCall): ClosedItem {
  const item: ResponseFunctionToolCall = {
    id,
    type: 'function_call',
    status: 'completed',
    arguments: JSON.stringify(call.arguments),
    call_id: call.id,
    name: call.name,
  };
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

type WithOurResponse<E> = E extends { response: Response } ? Omit<E, 'response'> & { response: ResponseObject } : E;
type Unnumbered<E> = E extends unknown ? Omit<E, 'sequence_number'> : never;

function toTextPart(text: string) {
  return { type: 'output_text' as const, annotations: [], logprobs: [], text };
}

function toSummaryPart(text: string) {
  return { type: 'summary_text' as const, text };
}

type TextDelta = Extract<
  ResponseEvent,
  { type: 'response.output_text.delta' | 'response.reasoning_summary_text.delta' }
>;

const mark = '\u0000';

/** Writes the deltas of one item. All that stays the same in them is written out once. */
function createDeltas(same: DistributiveOmit<TextDelta, 'delta'>) {
  const [before = '', between = ''] = `event: ${same.type}\ndata: ${JSON.stringify({ ...same, delta: mark })}`.split(
    JSON.stringify(mark),
  );
  const upToNumber = `${between.slice(0, -1)},"sequence_number":`;
  const pieces: string[] = [];
  return {
    write(delta: string, sequence: number): string {
      pieces.push(delta);
      return `${before}${JSON.stringify(delta)}${upToNumber}${sequence}}\n\n`;
    },
    text: () => pieces.join(''),
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
