import JSON5 from 'json5';
import { outline } from './json5-outline.ts';

/** How a text is written, so that what is added looks like the rest. */
export interface Style {
  /** Line break. */
  eol: string;
  /** One level of indentation. */
  unit: string;
  /** What names begin with: `"`, `'`, or nothing. */
  quote: '"' | "'" | '';
  /** Whether the last of several lines has a comma. */
  trailing: boolean;
}

export interface Printer {
  eol: string;
  unit: string;
  /** Inside the braces of an object on one line. */
  padding: string;
  /** Behind the last of several lines. */
  lastComma: string;
  /** A value whose first line goes on at the cursor, the others below `indent`; on one line without it. */
  value(value: unknown, indent: string | undefined): string;
  name(name: string, quote: Style['quote']): string;
  /** How names are quoted beside one that begins with this character. */
  quoteLike(first: string | undefined): Style['quote'];
}

/** Reads the style off the first member. Default: what JSON5 looks like in our pages. */
export function readStyle(text: string): Style {
  const root = outline(text);
  const first = root.kind === 'object' ? root.members[0] : undefined;
  const last = root.kind === 'object' ? root.members.at(-1) : undefined;
  const indent = first && /(?:^|[\n\r])([ \t]+)$/.exec(text.slice(0, first.start))?.[1];
  const mark = first && text[first.start];
  return {
    eol: text.includes('\r\n') ? '\r\n' : '\n',
    unit: indent || '  ',
    quote: mark === '"' || mark === "'" ? mark : '',
    trailing: first === undefined || last?.comma !== undefined,
  };
}

export function createPrinter({ eol, unit, quote, trailing }: Style): Printer {
  const isJson = quote === '"' && !trailing;
  const write = (value: unknown, space: string): string => {
    if (isJson && !hasOddNumber(value)) return escapeLineEnds(JSON.stringify(value, undefined, space));
    const text = JSON5.stringify(value, { space, quote: quote || "'" });
    return trailing ? text : text.replace(/,(?=\n\s*[}\]])/g, '');
  };
  return {
    eol,
    unit,
    padding: isJson || quote === '"' ? '' : ' ',
    lastComma: trailing ? ',' : '',
    value: (value, indent) =>
      indent === undefined ? write(value, '') : write(value, unit).replaceAll('\n', `${eol}${indent}`),
    name(name, mark) {
      if (mark === '' && /^[A-Za-z_$][\w$]*$/.test(name)) return name;
      return mark === '"' || isJson ? JSON.stringify(name) : JSON5.stringify(name, { quote: mark || quote || "'" });
    },
    quoteLike: (first) => (first === '"' || first === "'" ? first : first === undefined ? quote : ''),
  };
}

/** JSON leaves them as they are, and JSON5 warns of them. */
function escapeLineEnds(json: string): string {
  return json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** JSON has no word for these. */
function hasOddNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Object.is(value, -0);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasOddNumber);
}
