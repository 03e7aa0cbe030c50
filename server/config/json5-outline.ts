import JSON5 from 'json5';

/** Where a value stands in a JSON5 text; offsets, `end` is exclusive. */
export type Outline = ObjectOutline | ListOutline | ScalarOutline;

export interface ObjectOutline {
  kind: 'object';
  start: number;
  end: number;
  members: MemberOutline[];
}

export interface ListOutline {
  kind: 'list';
  start: number;
  end: number;
  items: ItemOutline[];
}

export interface ScalarOutline {
  kind: 'scalar';
  start: number;
  end: number;
}

/** One item of a list. */
export interface ItemOutline {
  /** Offset of what comes first, the value or a member's name. */
  start: number;
  value: Outline;
  /** Offset of the comma behind it; undefined when there is none. */
  comma: number | undefined;
}

/** One member of an object. Of a name that stands twice, the last one counts. */
export interface MemberOutline extends ItemOutline {
  name: string;
}

/** A comment; a line comment ends before its line break. */
const comment = String.raw`//[^\n\r\u2028\u2029]*|/\*[\s\S]*?\*/`;
const token = new RegExp(
  String.raw`${comment}|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{}[\]:,]|[^\s{}[\]:,"'/]+`,
  'g',
);

interface Token {
  text: string;
  start: number;
  end: number;
}

/**
 * Reads where the values of a JSON5 text stand.
 * @param text one that JSON5.parse accepts, so its grammar is not checked again.
 */
export function outline(text: string): Outline {
  const tokens = [...text.matchAll(token)].flatMap(({ 0: word, index }): Token[] =>
    word.startsWith('/') ? [] : [{ text: word, start: index, end: index + word.length }],
  );
  let at = 0;
  const take = (): Token => tokens[at++] ?? { text: '', start: text.length, end: text.length };
  const takeComma = () => (tokens[at]?.text === ',' ? take().start : undefined);

  const readMember = (): MemberOutline => {
    const key = take();
    take(); // the colon
    return { name: toName(key.text), start: key.start, value: read(), comma: takeComma() };
  };
  const readItem = (): ItemOutline => {
    const value = read();
    return { start: value.start, value, comma: takeComma() };
  };
  const readAll = <T>(close: string, readOne: () => T): T[] => {
    const all: T[] = [];
    while (at < tokens.length && tokens[at]?.text !== close) all.push(readOne());
    return all;
  };
  const read = (): Outline => {
    const { text: word, start, end } = take();
    if (word === '{') {
      const members = readAll('}', readMember);
      return { kind: 'object', start, members, end: take().end };
    }
    if (word === '[') {
      const items = readAll(']', readItem);
      return { kind: 'list', start, items, end: take().end };
    }
    return { kind: 'scalar', start, end };
  };
  return read();
}

/** The comments of a JSON5 text, in order. */
export function listComments(text: string): string[] {
  return [...text.matchAll(token)].flatMap(({ 0: word }) => (word.startsWith('/') ? [word] : []));
}

/** A member's name; quoted or not, it may hold escapes. */
function toName(key: string): string {
  if (/^["']/.test(key)) return String(JSON5.parse(key));
  return key.includes('\\') ? (Object.keys(JSON5.parse<object>(`{${key}:0}`))[0] ?? key) : key;
}
