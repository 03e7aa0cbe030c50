import type { ModelMessage } from '../../models/provider.ts';
import type { KeptResponse, ResponseStore } from '../../responses/store.ts';
import type { SessionStore } from '../../sessions/store.ts';
import type { OutputItem } from './response-items.ts';

/*
 * Ids of responses and of their items. They carry the run. One that is not to be stored has a run of another name, so that
 * nobody finds it by the id of the response:
 *
 *   resp_<run> (unstored_<run>)   msg_<run>_<n>   rs_<run>_<n>   fc_<run>_<n>
 */

export const responseId = (run: string) => `resp_${run}`;
export const unstoredId = (run: string) => `unstored_${run}`;
export const messageItemId = (run: string, index: number) => `msg_${run}_${index}`;
export const reasoningItemId = (run: string, index: number) => `rs_${run}_${index}`;
export const callItemId = (run: string, index: number) => `fc_${run}_${index}`;

/** The message that an item of an earlier response stands for; undefined when that is not kept. */
export type FindItem = (itemId: string) => ModelMessage | undefined;

export interface Stored {
  responses: Pick<ResponseStore, 'find'>;
  sessions: Pick<SessionStore, 'find'>;
}

/** Finds items of responses that are kept, as long as their session is there. */
export function findItemIn({ responses, sessions }: Stored): FindItem {
  return (itemId) => {
    const run = /^(?:msg|fc)_([0-9a-f]{32})_\d+$/.exec(itemId)?.[1];
    const kept = run ? responses.find(responseId(run)) : undefined;
    if (!kept || !sessions.find(kept.sessionKey)) return undefined;
    const item = toOutput(kept).find(({ id }) => id === itemId);
    return item && toMessage(item);
  };
}

/** What a response answered; nothing when it is not kept. */
export function findOutput({ responses }: Pick<Stored, 'responses'>, id: string): readonly OutputItem[] {
  const kept = responses.find(id);
  return kept ? toOutput(kept) : [];
}

const toOutput = ({ answer }: KeptResponse) => (answer as { output: OutputItem[] }).output;

function toMessage(item: OutputItem): ModelMessage | undefined {
  if (item.type === 'message') {
    const text = item.content.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
    return { role: 'assistant', content: [{ type: 'text', text }] };
  }
  if (item.type !== 'function_call') return undefined;
  const { call_id: id, name, arguments: input } = item;
  return { role: 'assistant', content: [{ type: 'toolCall', id, name, arguments: JSON.parse(input) }] };
}
