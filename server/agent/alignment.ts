import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { ModelMessage } from '../models/provider.ts';
import { type Exchange, isSameExchange, isSameQuestion, toStoredExchanges, toToldExchanges } from './exchanges.ts';

/** How a stored conversation becomes the one that a caller brings along. */
export interface Alignment {
  /** Position up to which the stored one is the same; 0 when nothing of it is. */
  through: number;
  /** True when the stored one goes on behind that, with what the caller has taken back. */
  isRewind: boolean;
  /** What the caller knows and the store does not. */
  brought: ModelMessage[];
}

/** What a caller says of the conversation. */
export interface Telling {
  history: readonly ModelMessage[];
  /** Ids of the calls that it answers now. */
  answered: readonly string[];
}

/**
 * Finds where a stored conversation and one that a caller brings along part. Either may lack its beginning: long ones are
 * cut by programs, and read only so far back here.
 */
export function align(rows: readonly ChatMessage[], { history, answered }: Telling): Alignment {
  const stored = toStoredExchanges(rows);
  const told = toToldExchanges(history);
  const { at, skipped } = findStart(stored, told);
  let same = 0;
  while (at + same < stored.length && skipped + same < told.length) {
    if (!isSame(stored, told, { at: at + same, index: skipped + same })) break;
    same++;
  }
  const rest = told.slice(skipped + same);
  const kept = stored.slice(0, at + same);
  const open = rest.length === 1 ? findOpen(stored[at + same], rest[0], answered) : undefined;
  if (open !== undefined) return toAlignment(stored, open, []);
  const [next] = rest;
  const rival = stored[at + same];
  // The same question with another answer: an answer that was edited, or one that was chosen among several.
  if (next && rival && isSameQuestion(rival, next) && next.answer !== '' && rival.asked > 0) {
    const through = rival.parts[rival.asked - 1]?.__openclaw.seq ?? 0;
    const brought = [...next.parts.slice(next.asked), ...rest.slice(1).flatMap(({ parts }) => parts)];
    return toAlignment(stored, through, brought);
  }
  const through = kept.at(-1)?.parts.at(-1)?.__openclaw.seq ?? 0;
  return toAlignment(
    stored,
    through,
    rest.flatMap(({ parts }) => parts),
  );
}

// --- internal ---

type Stored = readonly Exchange<ChatMessage>[];
type Told = readonly Exchange<ModelMessage>[];

/** Where both begin to be the same: at an exchange of the store, after so many that the caller tells and the store lacks. */
interface Start {
  at: number;
  skipped: number;
}

function findStart(stored: Stored, told: Told): Start {
  const [first] = told;
  const [oldest] = stored;
  if (!first || !oldest || isSameQuestion(oldest, first)) return { at: 0, skipped: 0 };
  const isRun = (at: number, skipped: number): boolean => {
    const isSecond = stored[at + 1] && told[skipped + 1];
    if (!isSame(stored, told, { at, index: skipped })) return false;
    // One that is the same may be so by chance, unless it is the whole of what is left of both.
    if (!isSecond) return at + 1 === stored.length && skipped + 1 === told.length;
    return isSame(stored, told, { at: at + 1, index: skipped + 1 });
  };
  for (let at = 1; at < stored.length; at++) if (isRun(at, 0)) return { at, skipped: 0 };
  for (let skipped = 1; skipped < told.length; skipped++) if (isRun(0, skipped)) return { at: 0, skipped };
  return { at: 0, skipped: 0 };
}

function isSame(stored: Stored, told: Told, { at, index }: { at: number; index: number }): boolean {
  const [a, b] = [stored[at], told[index]];
  return a !== undefined && b !== undefined && isSameExchange(a, b);
}

/** The row whose calls are answered now, when the stored exchange has it. */
function findOpen(
  stored: Exchange<ChatMessage> | undefined,
  told: Exchange<ModelMessage> | undefined,
  answered: readonly string[],
): number | undefined {
  if (!stored || !told || answered.length === 0 || !isSameQuestion(stored, told)) return undefined;
  const row = stored.parts.findLast(({ role, content }) => {
    const calls = content.flatMap((part) => (part.type === 'toolCall' ? [part.id] : []));
    return role === 'assistant' && answered.every((id) => calls.includes(id));
  });
  return row?.__openclaw.seq;
}

function toAlignment(stored: Stored, through: number, brought: ModelMessage[]): Alignment {
  const later = stored.flatMap((exchange) =>
    exchange.parts.some(({ __openclaw: { seq } }) => seq > through) ? [exchange] : [],
  );
  // What failed before a word was said is no turn that the caller has taken back: it tried once more.
  const isRewind = later.some(({ isBroken, answer, calls, parts }) => {
    const isWhole = parts.every(({ __openclaw: { seq } }) => seq > through);
    return !isWhole || !isBroken || answer !== '' || calls.length > 0;
  });
  return { through, isRewind, brought };
}
