import { distance } from 'fastest-levenshtein';

/** The candidates most like a word that nobody knows, best first. Those that hold the word, or are held by it, come before others. */
export function findNearest(word: string, candidates: readonly string[], count: number): string[] {
  const wanted = word.slice(0, maxChars).toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, edits: editsBetween(wanted, candidate.slice(0, maxChars).toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

const maxChars = 100;

function editsBetween(a: string, b: string): number {
  const related = a !== '' && (b.includes(a) || a.includes(b));
  return related ? distance(a, b) / 4 : distance(a, b);
}
