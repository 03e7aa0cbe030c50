import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { isOwnFile } from './includes.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';
import type { LoadedConfig } from './load.ts';
import { originOf } from './origins.ts';
import { parseSource } from './source.ts';

/*
 * A change of a configuration that is spread over several files goes to the one file in which the changed keys stand; a new
 * key goes to where its object stands, beside the $include where there are keys beside it. What would take two files, or a
 * file outside of the folder of the configuration, is refused by name, and so is what would not come out as it was meant.
 */

/** A file that is to be changed, and what it has to say. */
export interface Target {
  path: string;
  raw: string;
  value: unknown;
}

/**
 * Finds the one file to change so that the whole configuration says `wanted`.
 * @returns undefined when it says so already.
 * @throws GatewayError INVALID_REQUEST with `details.files`.
 */
export async function findTarget(before: LoadedConfig, wanted: unknown): Promise<Target | undefined> {
  const changes = listTopmost(before.parsed, wanted, []).map((path) => ({ path, ...placeOf(before, path) }));
  const files = [...new Set(changes.map(({ file }) => file))];
  const [path] = files;
  if (path === undefined) return undefined;
  const source = before.sources.find((one) => one.path === path);
  if (files.length > 1 || !source)
    throw refuse(
      `this change takes ${files.length} files (${files.join(', ')}): change them one after the other`,
      files,
    );
  if (!(await isOwnFile(path, before.path)))
    throw refuse(
      `${changes[0]?.key} stands in ${path}, outside of the folder of ${before.path}: change it there by hand`,
      files,
    );
  const value = changes.reduce<unknown>(
    (tree, change) => changeAt(tree, change.steps, valueAt(wanted, change.path)),
    parseSource(source.raw, path).value,
  );
  return { ...source, value };
}

/** @throws GatewayError INVALID_REQUEST when an edit of one file did not lead to the whole that was wanted. */
export function requireOutcome(loaded: LoadedConfig, wanted: unknown): void {
  const [off] = listTopmost(loaded.parsed, wanted, []);
  if (off === undefined) return;
  const files = loaded.files.slice(1);
  throw refuse(
    `${formatKey(off) || 'the configuration'} would not be what it has to be: several of the included files say it, or one of them is included more than once (${files.join(', ')}). Change them by hand`,
    files,
  );
}

// --- internal ---

/** The topmost keys that differ; a list counts as one value. */
function listTopmost(before: unknown, after: unknown, path: KeyPath): KeyPath[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isPlainObject(before) || !isPlainObject(after)) return [path];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    if (Object.hasOwn(before, name) !== Object.hasOwn(after, name)) return [[...path, name]];
    return listTopmost(before[name], after[name], [...path, name]);
  });
}

function placeOf(before: LoadedConfig, path: KeyPath): { key: string; file: string; steps: KeyPath } {
  const { origin, left } = originOf(before.origin, path);
  const key = formatKey(path) || 'the configuration';
  if (origin.items) {
    const files = [...new Set(origin.items.map(({ file }) => file))];
    throw refuse(`items of ${key} stand in files of their own (${files.join(', ')}): change it by hand`, files);
  }
  const steps = [...origin.steps, ...left];
  if (steps.length > 0 || path.length === 0) return { key, file: origin.file, steps };
  throw refuse(
    `all of ${key} is the included file ${origin.file}: change keys inside it, or take its $include out by hand`,
    [origin.file],
  );
}

/** A copy with another value at a path; undefined takes it out. */
function changeAt(tree: unknown, [step, ...rest]: KeyPath, value: unknown): unknown {
  if (step === undefined) return value;
  const members = new Map(isPlainObject(tree) ? Object.entries(tree) : []);
  const inside = changeAt(members.get(String(step)), rest, value);
  if (inside === undefined) members.delete(String(step));
  else members.set(String(step), inside);
  return Object.fromEntries(members);
}

function refuse(message: string, files: readonly string[]): GatewayError {
  return new GatewayError('INVALID_REQUEST', `${message}. Nothing was written.`, {
    details: { code: 'INCLUDED_ELSEWHERE', files },
  });
}
