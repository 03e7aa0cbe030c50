import { type Outline, outline } from './json5-outline.ts';
import type { KeyPath } from './key-path.ts';

/** Where something starts in a text; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where each key of a JSON5 text stands; for one that is not in the text, where its nearest parent does. */
export type Locate = (path: KeyPath) => Position;

/**
 * Reads where the keys of a JSON5 text stand.
 * @param text one that JSON5.parse accepts, so its grammar is not checked again.
 */
export function locateKeys(text: string): Locate {
  const root = outline(text);
  return (path) => toPosition(text, findOffset(root, path));
}

function findOffset(root: Outline, path: KeyPath): number {
  let [found, inside]: [number, Outline] = [root.start, root];
  for (const step of path) {
    const next =
      inside.kind === 'object'
        ? inside.members.findLast(({ name }) => name === step)
        : inside.kind === 'list'
          ? inside.items[Number(step)]
          : undefined;
    if (!next) break;
    [found, inside] = [next.start, next.value];
  }
  return found;
}

function toPosition(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
