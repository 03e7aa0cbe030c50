import JSON5 from 'json5';
import { formatKey, type KeyPath } from './key-path.ts';

/** Where something starts in a text; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where each key of a JSON5 text stands; for one that is not in the text, where its nearest parent does. */
export type Locate = (path: KeyPath) => Position;

const token = /\/\/[^\n\r]*|\/\*[\s\S]*?\*\/|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{}[\]:,]|[^\s{}[\]:,"'/]+/g;

/**
 * Reads where the keys of a JSON5 text stand.
 * @param text one that JSON5.parse accepts, so its grammar is not checked again.
 */
export function locateKeys(text: string): Locate {
  const offsets = readOffsets(text);
  return (path) => {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = offsets.get(formatKey(path.slice(0, depth)));
      if (offset !== undefined) return toPosition(text, offset);
    }
    return toPosition(text, Math.max(0, text.search(/[^\s]/)));
  };
}

/** One open brace or bracket: the step it is at, and whether the next token names a key. */
interface Frame {
  step: string | number;
  expectsKey: boolean;
}

function readOffsets(text: string): Map<string, number> {
  const offsets = new Map<string, number>();
  const frames: Frame[] = [];
  const mark = (offset: number) => {
    const key = formatKey(frames.map((frame) => frame.step));
    if (!offsets.has(key)) offsets.set(key, offset);
  };
  for (const { 0: word, index } of text.matchAll(token)) {
    if (word.startsWith('/')) continue;
    const frame = frames.at(-1);
    const inList = typeof frame?.step === 'number';
    if (inList && word !== ']' && word !== ',') mark(index);
    if (word === '{') frames.push({ step: '', expectsKey: true });
    else if (word === '[') frames.push({ step: 0, expectsKey: false });
    else if (word === '}' || word === ']') frames.pop();
    else if (frame && word === ',') advance(frame);
    else if (frame?.expectsKey && word !== ':') {
      frame.step = /^["']/.test(word) ? String(JSON5.parse(word)) : word;
      frame.expectsKey = false;
      // Of a key that stands twice, the last one counts.
      offsets.delete(formatKey(frames.map(({ step }) => step)));
      mark(index);
    }
  }
  return offsets;
}

function advance(frame: Frame): void {
  if (typeof frame.step === 'number') frame.step++;
  else frame.expectsKey = true;
}

function toPosition(text: string, offset: number): Position {
  const before = text.slice(0, offset).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
