import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { formatKey, isPlainObject, type KeyPath } from './key-path.ts';

/** A JSON merge patch (RFC 7396): objects merge, null deletes, everything else replaces. */
export function mergePatch(base: unknown, patch: unknown): unknown {
  return merge(base, patch, { path: [], mergeLists: undefined });
}

/**
 * A merge patch from outside. Lists of objects with an `id` merge by it; any other patch that would take entries out of a
 * list, or lists out of the file, is refused unless the list's own path is among `replacePaths`: whoever sent it may have
 * read half of the list.
 * @param replacePaths paths as `agents.entries.main.skills`; below the items of a list with `[]`.
 * @throws GatewayError INVALID_REQUEST
 */
export function mergePatchGuarded(base: unknown, patch: unknown, replacePaths: readonly string[]): unknown {
  return merge(base, patch, { path: [], mergeLists: { replacePaths: new Set(replacePaths) } });
}

interface Merging {
  path: KeyPath;
  /** Undefined: lists are replaced. */
  mergeLists: { replacePaths: ReadonlySet<string> } | undefined;
}

function merge(base: unknown, patch: unknown, merging: Merging): unknown {
  if (Array.isArray(base) && merging.mergeLists) return mergeList(base, patch, merging);
  if (!isPlainObject(patch)) return patch;
  const members = new Map(isPlainObject(base) ? Object.entries(base) : []);
  for (const [name, change] of Object.entries(patch)) {
    const inside = { ...merging, path: [...merging.path, name] };
    if (change !== null) members.set(name, merge(members.get(name), change, inside));
    else {
      if (merging.mergeLists) requireConsent(members.get(name), inside);
      members.delete(name);
    }
  }
  return Object.fromEntries(members);
}

function mergeList(base: readonly unknown[], patch: unknown, merging: Merging): unknown {
  if (isPermitted(merging)) return patch;
  if (!Array.isArray(patch)) throw refuse(merging.path, 'delete it', base.length);
  if (patch.length > 0 && base.every(hasId) && patch.every(hasId)) return mergeById(base, patch, merging);
  const left = [...patch];
  const lost = base.filter((item) => {
    const at = left.findIndex((other) => isDeepStrictEqual(item, other));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (lost.length > 0) throw refuse(merging.path, 'take entries out of it', lost.length);
  return patch;
}

function mergeById(base: readonly Identified[], patch: readonly Identified[], merging: Merging): unknown[] {
  // Whatever the place of an item, its path is that of any item.
  const inside = { ...merging, path: [...merging.path, 0] };
  const changes = new Map(patch.map((item) => [item.id, item]));
  const merged = base.map((item) => {
    const change = changes.get(item.id);
    changes.delete(item.id);
    return change ? merge(item, change, inside) : item;
  });
  return [...merged, ...[...changes.values()].map((item) => merge(undefined, item, inside))];
}

/** Deleting an object needs leave for the lists in it, but not for those in their entries. */
function requireConsent(value: unknown, merging: Merging): void {
  if (Array.isArray(value)) {
    if (!isPermitted(merging)) throw refuse(merging.path, 'delete it', value.length);
  } else if (isPlainObject(value)) {
    for (const [name, member] of Object.entries(value))
      requireConsent(member, { ...merging, path: [...merging.path, name] });
  }
}

interface Identified extends Record<string, unknown> {
  id: string;
}

function hasId(item: unknown): item is Identified {
  return isPlainObject(item) && typeof item.id === 'string';
}

function isPermitted({ path, mergeLists }: Merging): boolean {
  return mergeLists?.replacePaths.has(toListPath(path)) === true;
}

/** `models.providers.custom.models[].input`: the same for every item. */
function toListPath(path: KeyPath): string {
  return formatKey(path).replace(/\[\d+\]/g, '[]');
}

function refuse(path: KeyPath, what: string, entries: number): GatewayError {
  const key = toListPath(path);
  return new GatewayError(
    'INVALID_REQUEST',
    `this patch would change the list ${key} and ${what} (${entries} ${entries === 1 ? 'entry' : 'entries'}): send the list as it has to be, and name "${key}" in replacePaths`,
    { details: { code: 'LIST_REPLACEMENT', path: key } },
  );
}
