import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { ModelMessage } from '../models/provider.ts';
import { commandKind } from './prompt.ts';

/** What a user said and what was answered to it, in a form in which two tellings of it can be compared. */
export interface Exchange<T> {
  /** The rows or messages it is made of, in order. */
  parts: T[];
  /** Of those, how many come before the answer. */
  asked: number;
  question: string;
  /** All of the answer's texts. */
  answer: string;
  /** The last of them. */
  lastText: string;
  /** Ids of the calls of tools in it. */
  calls: string[];
  /** True when the answer was cut off, failed, or never came. */
  isBroken: boolean;
}

/** The exchanges of a transcript, without what nobody said and without chat commands. */
export function toStoredExchanges(rows: readonly ChatMessage[]): Exchange<ChatMessage>[] {
  const told = rows.filter((row) => row.role !== 'system' && row.__openclaw.kind !== commandKind);
  return toExchanges(told, (row) => ({
    role: row.role,
    texts: row.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
    calls: row.content.flatMap((part) => (part.type === 'toolCall' ? [part.id] : [])),
    isBroken: row.role === 'assistant' && brokenReasons.has(row.stopReason ?? ''),
  }));
}

/** The exchanges that a caller brings along. */
export function toToldExchanges(messages: readonly ModelMessage[]): Exchange<ModelMessage>[] {
  const said = messages.filter((message) => message.role !== 'system');
  return toExchanges(said, (message) => {
    const content = message.role === 'user' || message.role === 'assistant' ? message.content : [];
    return {
      role: message.role,
      texts: content.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
      calls: content.flatMap((part) => (part.type === 'toolCall' ? [part.id] : [])),
      isBroken: false,
    };
  });
}

/** True when both begin with the same question. */
export function isSameQuestion(a: Exchange<unknown>, b: Exchange<unknown>): boolean {
  if (a.question === b.question) return true;
  const [long, short] = a.question.length > b.question.length ? [a.question, b.question] : [b.question, a.question];
  // Some programs put what they have found before the question, but not before the same question when it is an old one.
  return short !== '' && (long.endsWith(`\n${short}`) || long.includes(`<user_query>\n${short}\n</user_query>`));
}

/** True when a caller means the stored exchange, as far as one can tell from what programs make of answers. */
export function isSameExchange(stored: Exchange<unknown>, told: Exchange<unknown>): boolean {
  if (!isSameQuestion(stored, told)) return false;
  if (stored.answer === told.answer) return stored.answer !== '' || stored.isBroken || hasSameCalls(stored, told);
  // Who stopped an answer has seen a little less of it than was written.
  if (stored.isBroken) return stored.answer.startsWith(told.answer) || told.answer.startsWith(stored.answer);
  return stored.calls.length > 0 && stored.lastText !== '' && told.answer.endsWith(stored.lastText);
}

// --- internal ---

const brokenReasons: ReadonlySet<string> = new Set(['aborted', 'error', 'interrupted', 'timeout']);

interface Seen {
  role: string;
  texts: string[];
  calls: string[];
  isBroken: boolean;
}

function toExchanges<T>(parts: readonly T[], see: (part: T) => Seen): Exchange<T>[] {
  const exchanges: Exchange<T>[] = [];
  const texts: string[][] = [];
  for (const part of parts) {
    const seen = see(part);
    let last = exchanges.at(-1);
    if (!last || seen.role === 'user') {
      last = { parts: [], asked: 0, question: '', answer: '', lastText: '', calls: [], isBroken: true };
      exchanges.push(last);
      texts.push([]);
    }
    last.parts.push(part);
    if (seen.role === 'user') {
      last.asked = 1;
      last.question = toPlain(seen.texts.join('\n'));
    } else if (seen.role === 'assistant') {
      last.isBroken = seen.isBroken;
      last.calls.push(...seen.calls);
      texts.at(-1)?.push(...seen.texts.filter((text) => text.trim() !== ''));
    }
  }
  for (const [index, exchange] of exchanges.entries()) {
    exchange.answer = toAnswer((texts[index] ?? []).join('\n'));
    exchange.lastText = toAnswer(texts[index]?.at(-1) ?? '');
  }
  return exchanges;
}

function hasSameCalls(a: Exchange<unknown>, b: Exchange<unknown>): boolean {
  return a.calls.length === b.calls.length && a.calls.every((call, index) => call === b.calls[index]);
}

/** What a text says, whatever blanks a program has taken away or added. Marks of files differ after each start. */
function toPlain(text: string): string {
  return text
    .replace(/<<<(END )?UNTRUSTED id="[0-9a-f]{16}"/g, '<<<$1UNTRUSTED')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
}

/** Thoughts and calls of tools stand in answers as some programs show them, and not in what they send back. */
function toAnswer(text: string): string {
  const missing = new Set<string>();
  let kept = '';
  let from = 0;
  for (const { 0: opening, index } of text.matchAll(/<(?:details\b|think>)/g)) {
    const closing = opening === '<think>' ? '</think>' : '</details>';
    if (index < from || missing.has(closing)) continue;
    const end = text.indexOf(closing, index);
    // Looked for once: behind each of a million openings that have no end it would take minutes.
    if (end < 0) missing.add(closing);
    else {
      kept += text.slice(from, index);
      from = end + closing.length;
    }
  }
  return toPlain(kept + text.slice(from));
}
