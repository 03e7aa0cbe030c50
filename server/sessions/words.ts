import type { ContentPart } from '../../sdk/protocol/message.ts';

/*
 * What the full-text index sees of a message. SQLite's tokenizer (`unicode61`, `porter` above it) cuts at everything that is
 * no letter, digit or symbol, and finds whole words, whatever their ending, case or accents. Scripts that are written without
 * spaces would be one word a sentence, and an emoji a part of the word beside it; so each of their characters is given to
 * it as a word of its own, and what somebody looks for becomes the phrase of the same characters: any part of a sentence
 * is found. Trigrams would do the same for all scripts, but fill ten times the space and miss words of two characters.
 */

/** Characters of one message that are searchable; more would hold up the event loop. */
export const maxIndexedChars = 200_000;
/** Words and phrases of one question. */
const maxTerms = 32;

const ownWords =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{So}]/gu;
const anyWord = /[\p{L}\p{N}\p{So}\p{Co}]/u;

/** One word or phrase that is looked for. */
export interface Term {
  /** As the index takes it: the words of a phrase. */
  words: string[];
  /** As it was written, without quotes. */
  text: string;
}

/** The text of a message, as people see it, up to what is searchable. */
export function toSearchable(content: readonly ContentPart[]): string {
  const texts: string[] = [];
  let room = maxIndexedChars;
  for (const part of content) {
    if (part.type !== 'text' || room <= 0) continue;
    texts.push(part.text.slice(0, room));
    room -= part.text.length;
  }
  return texts.join('\n');
}

/** The text with what has to be a word of its own set apart. */
export function toWords(text: string): string {
  return text.replace(ownWords, ' $& ');
}

/** What a question looks for; empty when there is no word in it. Nothing in it is an operator but quotes around phrases. */
export function parseQuestion(question: string): Term[] {
  const terms = new Map<string, Term>();
  for (const [, phrase, word] of question.matchAll(/"([^"]*)"|([^\s"]+)/gu)) {
    const text = (phrase ?? word ?? '').trim();
    const words = toWords(text)
      .split(/[^\p{L}\p{N}\p{M}\p{So}\p{Co}]+/u)
      .filter((piece) => anyWord.test(piece));
    if (words.length > 0 && terms.size < maxTerms) terms.set(words.join(' ').toLowerCase(), { words, text });
  }
  return [...terms.values()];
}

/** The terms in the language of FTS5, every word quoted. */
export function toMatch(terms: readonly Term[]): string {
  return terms.map(({ words }) => `"${words.join(' ')}"`).join(' AND ');
}

/** The word of the index that stands for a session or an agent; letters and digits only. */
export const placeOf = {
  session: (sessionId: string) => `s${Buffer.from(sessionId).toString('hex')}`,
  agent: (agentId: string) => `a${Buffer.from(agentId).toString('hex')}`,
};

/** Text to compare with, as the index compares: without case and accents. Keeps its length. */
export function toPlain(text: string): string {
  const plain = text.toLowerCase();
  if (!/[\u0080-\uffff]/.test(plain)) return plain;
  const bare = plain.normalize('NFD').replace(/\p{Mn}/gu, '');
  // A text of other length would put the snippet beside the word.
  return bare.length === text.length ? bare : plain.length === text.length ? plain : text;
}

/** Where a word, or its stem, stands in a plain text, and how often. */
export function findWord(plain: string, word: string): { at: number; times: number } {
  const needle = toPlain(word);
  const whole = countOf(plain, needle);
  if (whole.times > 0 || needle.length < 4) return whole;
  return countOf(plain, needle.slice(0, Math.max(3, Math.floor(needle.length * 0.6))));
}

function countOf(plain: string, needle: string): { at: number; times: number } {
  const first = plain.indexOf(needle);
  let times = 0;
  for (let at = first; at >= 0 && times < 50; at = plain.indexOf(needle, at + needle.length)) times++;
  return { at: first, times };
}
