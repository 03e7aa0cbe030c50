import { toWords } from './docs-index-words.ts';

/** Knows the words of the pages. */
export interface Spelling {
  /** The word itself when it is known or nothing is near; otherwise the known word that is one slip away. */
  correct(word: string): string;
}

/** Words shorter than this are never corrected: too many of them are one letter apart. */
const minLength = 6;

export function createSpelling(texts: readonly string[]): Spelling {
  const known = new Set(texts.flatMap(toWords));
  const candidates = [...known].filter((word) => word.length >= minLength - 1);
  return {
    correct(word) {
      if (word.length < minLength || word.length > 24 || isKnown(known, word)) return word;
      return candidates.find((candidate) => candidate[0] === word[0] && isOneSlip(candidate, word)) ?? word;
    },
  };
}

/** Inflections count as known: the index stems them to the same root. */
function isKnown(known: ReadonlySet<string>, word: string): boolean {
  const root = word.replace(/(ing|ed|es|s|ly|er|or|ation|ion|e)$/, '');
  return [word, root, `${root}e`, `${root}s`, `${root}ing`, `${root}ed`].some((form) => known.has(form));
}

/** True when one letter is missing, doubled, wrong or swapped with its neighbour. */
function isOneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  if (a.slice(at + 1) === b.slice(at + 1) || a.slice(at) === b.slice(at + 1) || a.slice(at + 1) === b.slice(at))
    return true;
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}
