import { isDeepStrictEqual } from 'node:util';
import type { ConfigChange } from '../../sdk/protocol/config-state.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';
import { redactConfig } from './redact.ts';
import { reloadKindOf } from './reload-kind.ts';

/** What differs between two configurations as they are written, key by key, secrets hidden; a list counts as one value. */
export function describeChanges(before: unknown, after: unknown): ConfigChange[] {
  const [old, young] = [redactConfig(before), redactConfig(after)];
  return walk(before, after, []).map((path): ConfigChange => {
    const [was, is] = [valueAt(old, path), valueAt(young, path)];
    const key = formatKey(path);
    return {
      path: key,
      change: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
      ...(was !== undefined && { before: was }),
      ...(is !== undefined && { after: is }),
      reloadKind: reloadKindOf(key),
    };
  });
}

// --- internal ---

/** Leaves that differ; an object that came or went is told by what is in it. */
function walk(before: unknown, after: unknown, path: KeyPath): KeyPath[] {
  if (isDeepStrictEqual(before, after)) return [];
  const isBranch = [before, after].every((one) => one === undefined || isPlainObject(one));
  if (!isBranch) return [path];
  const [old, young] = [before ?? {}, after ?? {}] as [Record<string, unknown>, Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(young)])];
  return names.length === 0 ? [path] : names.flatMap((name) => walk(old[name], young[name], [...path, name]));
}
