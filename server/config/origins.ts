import type { KeyPath } from './key-path.ts';
import { type Locate, locateKeys, type Position } from './positions.ts';

/** A file that a configuration was read from. */
export interface SourceFile {
  /** Absolute, as it was named: symbolic links in it are not followed. */
  path: string;
  raw: string;
}

/** Where a value of the whole configuration is written. */
export interface Origin {
  /** The file that holds it, absolute. */
  file: string;
  /** Where it stands in that file. */
  steps: KeyPath;
  /** Of an object that was put together from several places; undefined when all of it stands here. */
  members?: ReadonlyMap<string, Origin> | undefined;
  /** The same of a list. */
  items?: readonly Origin[] | undefined;
}

/** A place in one of the files of a configuration. */
export interface Place extends Position {
  file: string;
}

/** Where a value is written; for one that is not there, its nearest parent, and the steps that are left from there. */
export function originOf(root: Origin, path: KeyPath): { origin: Origin; left: KeyPath } {
  let origin = root;
  for (const [depth, step] of path.entries()) {
    const inside = originOfMember(origin, step);
    if (!inside) return { origin, left: path.slice(depth) };
    origin = inside;
  }
  return { origin, left: [] };
}

/** Where a member of an object or an item of a list is written; undefined when a put-together one has none of that name. */
export function originOfMember(origin: Origin, step: string | number): Origin | undefined {
  if (origin.members) return origin.members.get(String(step));
  if (origin.items) return origin.items[Number(step)];
  return { file: origin.file, steps: [...origin.steps, step] };
}

/** Finds keys of the whole configuration in its files. */
export function createPlaces(root: Origin, sources: readonly SourceFile[]): (path: KeyPath) => Place {
  const known = new Map<string, Locate>();
  const locateIn = (file: string): Locate => {
    const locate = known.get(file) ?? locateKeys(sources.find(({ path }) => path === file)?.raw ?? '');
    known.set(file, locate);
    return locate;
  };
  return (path) => {
    const { origin } = originOf(root, path);
    return { file: origin.file, ...locateIn(origin.file)(origin.steps) };
  };
}
