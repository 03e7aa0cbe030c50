import type { ModelMessage } from '../../models/provider.ts';
import type { ResponseBodyItem } from './response-body.ts';
import type { OutputItem } from './response-items.ts';

/*
 * What comes behind `previous_response_id`: only what is new, by the published rules; but programs that keep the same
 * `previous_response_id` over several steps send with it what was answered since.
 */

/** Tells which items of an input only repeat the output of the response that they follow. */
export function findRepeated(previous: readonly OutputItem[]): (item: ResponseBodyItem) => boolean {
  const ids = new Set(previous.map(({ id }) => id));
  const calls = new Set(previous.map((item) => (item.type === 'function_call' ? item.call_id : undefined)));
  const texts = new Set(previous.map(textOf));
  return (item) => {
    if (item.type === 'item_reference') return ids.has(item.id);
    if (item.type === 'function_call') return calls.has(item.call_id);
    return 'role' in item && item.role === 'assistant' && texts.has(toText(item.content));
  };
}

/** Without anything of the assistant, what the user says is one message, behind the results of the calls before it. */
export function joinNew(messages: readonly ModelMessage[]): ModelMessage[] {
  if (messages.some(({ role }) => role === 'assistant')) return [...messages];
  const content = messages.flatMap((message) => (message.role === 'user' ? message.content : []));
  const others = messages.filter((message) => message.role === 'system' || message.role === 'tool');
  return content.length > 0 ? [...others, { role: 'user', content }] : others;
}

function textOf(item: OutputItem): string | undefined {
  return item.type === 'message' ? toText(item.content) : undefined;
}

function toText(content: string | readonly object[]): string {
  if (typeof content === 'string') return content;
  return content.map((part) => ('text' in part ? String(part.text) : '')).join('');
}
