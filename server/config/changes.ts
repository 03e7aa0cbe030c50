import { isDeepStrictEqual } from 'node:util';
import { formatKey, isPlainObject, type KeyPath } from './key-path.ts';

/** The keys whose value differs between two configurations; a list counts as one value. Never their values. */
export function listChanges(before: unknown, after: unknown): string[] {
  return listChangedSteps(before, after).map(formatKey);
}

/** The same, step by step. */
export function listChangedSteps(before: unknown, after: unknown): KeyPath[] {
  return walk(before, after, []);
}

function walk(before: unknown, after: unknown, path: KeyPath): KeyPath[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isPlainObject(before ?? {}) || !isPlainObject(after ?? {}) || (before === undefined && after === undefined))
    return [path];
  const [old, young] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(young)])];
  const inside = names.flatMap((name) => walk(old[name], young[name], [...path, name]));
  // An empty object that came or went has no key of its own to name.
  return inside.length > 0 ? inside : [path];
}
