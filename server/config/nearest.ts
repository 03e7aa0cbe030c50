import { closest, distance } from 'fastest-levenshtein';
import { actedOn } from './acted-on.ts';
import { formatKey, type KeyPath } from './key-path.ts';
import { findKey, listKeys } from './key-tree.ts';
import { namespaces } from './keys.ts';

/** The word of `known` that a person may have meant by `word`; undefined when none is near. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const sameLetters = known.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
  if (sameLetters || known.length === 0) return sameLetters;
  const candidate = closest(word, known);
  // Two letters changed places count as two, and that is the commonest slip.
  const allowed = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return distance(word, candidate) <= allowed ? candidate : undefined;
}

/** The known key that an unknown one may stand for: one beside it with nearly its name, or one of its name elsewhere. */
export function nearestKey(path: KeyPath): string | undefined {
  const parent = path.slice(0, -1);
  const name = String(path.at(-1));
  const beside = nearestWord(name, knownMembers(parent));
  return beside ? formatKey([...parent, beside]) : findElsewhere(name, String(path[0]));
}

/** The names that may stand in the object at `path`. */
export function knownMembers(path: KeyPath): string[] {
  return path.length === 0 ? [...namespaces] : [...(findKey(path)?.members.keys() ?? [])];
}

/** Keys of the same namespace first, then those that this version acts on, then the shortest. */
function findElsewhere(name: string, namespace: string): string | undefined {
  const suffix = `.${name.toLowerCase()}`;
  const known: readonly string[] = actedOn;
  const rank = (key: string) =>
    (key.startsWith(`${namespace}.`) ? 0 : 100) + (known.includes(key) ? 0 : 50) + key.split('.').length;
  return namespaces
    .flatMap(listKeys)
    .filter((key) => key.toLowerCase().endsWith(suffix))
    .sort((a, b) => rank(a) - rank(b))[0];
}
