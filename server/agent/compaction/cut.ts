import type { ChatMessage } from '../../../sdk/protocol/message.ts';
import { estimateTokens } from './estimate.ts';

/** Where a conversation is divided: what is put into a summary, and what stays as it is. */
export interface Cut {
  /** Oldest first. */
  older: ChatMessage[];
  /** Oldest first; never empty. */
  kept: ChatMessage[];
}

/**
 * Divides a conversation before the newest turns that fit into `keepTokens`; the newest stays in any case, and so does what
 * `isOpen` names. A turn is a message of the user with everything that follows it, so a call of a tool stays with its result.
 * @returns undefined when nothing is left that could be put into a summary.
 */
export function findCut(
  rows: readonly ChatMessage[],
  { keepTokens, isOpen }: { keepTokens: number; isOpen(row: ChatMessage): boolean },
): Cut | undefined {
  const firstOpen = rows.findIndex(isOpen);
  const limit = firstOpen < 0 ? rows.length - 1 : firstOpen;
  let cut: number | undefined;
  let tokens = 0;
  for (let at = rows.length - 1; at > 0; at--) {
    tokens += estimateTokens(rows.slice(at, at + 1));
    if (at > limit || rows[at]?.role !== 'user') continue;
    if (cut !== undefined && tokens > keepTokens) break;
    cut = at;
  }
  return cut === undefined ? undefined : { older: rows.slice(0, cut), kept: rows.slice(cut) };
}
