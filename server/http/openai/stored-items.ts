import type { Runs } from '../../agent/runs.ts';
import type { AssistantPart, ModelMessage } from '../../models/provider.ts';
import type { SessionStore } from '../../sessions/store.ts';

/*
 * Ids of responses and of their items. They carry the run, so that nothing has to be remembered beside the session:
 *
 *   resp_<run>   msg_<run>_<n>   rs_<run>_<n>   fc_<run>_<n>
 */

export const responseId = (run: string) => `resp_${run}`;
export const messageItemId = (run: string, index: number) => `msg_${run}_${index}`;
export const reasoningItemId = (run: string, index: number) => `rs_${run}_${index}`;
export const callItemId = (run: string, index: number) => `fc_${run}_${index}`;

/** The message that an item of an earlier response stands for; undefined when its session is gone. */
export type FindItem = (itemId: string) => ModelMessage | undefined;

export interface Stored {
  runs: Pick<Runs, 'find'>;
  sessions: Pick<SessionStore, 'ofRun'>;
}

export function findItemIn({ runs, sessions }: Stored): FindItem {
  return (itemId) => {
    const [, kind, run = '', index = ''] = /^(msg|fc)_([0-9a-f]{32})_(\d+)$/.exec(itemId) ?? [];
    const row = kind ? runs.find(responseId(run)) : undefined;
    if (!row) return undefined;
    const own = sessions.ofRun(row.sessionKey, row.runId).filter((message) => message.role === 'assistant');
    const part = kind === 'msg' ? toWholeText(own) : toCall(own, Number(index));
    return part && { role: 'assistant', content: [part] };
  };
}

type Rows = ReturnType<SessionStore['ofRun']>;

/** Replies of several turns are one message item, with a blank line between them. */
function toWholeText(rows: Rows): AssistantPart | undefined {
  const text = rows
    .map(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')).join(''))
    .filter((each) => each !== '')
    .join('\n\n');
  return text === '' ? undefined : { type: 'text', text };
}

/** The caller's own tools are called in the last turn only: such a call ends the run. */
function toCall(rows: Rows, index: number): AssistantPart | undefined {
  return rows.at(-1)?.content.filter((part) => part.type === 'toolCall')[index];
}
