import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { oneLine, pad, printable, widthOf } from './text.ts';
import { ago, bytes, span } from './time.ts';

/** How the answer will be looked at. */
export interface Look {
  paint: Paint;
  /** Columns of the terminal; Infinity when it is none. */
  width: number;
  /** Milliseconds since the epoch, for relative times. */
  now: number;
}

/** Any answer as text: tables for lists, names and values for objects. Ends with a line break. */
export function renderValue(value: unknown, look: Look): string {
  if (Array.isArray(value)) return renderList(value, look);
  if (isObject(value)) return renderObject(value, look, '');
  return `${cell('', value, look.now)}\n`;
}

/** One value on one line, told by the name of its field: moments are relative, spans and sizes have a unit. */
export function cell(name: string, value: unknown, now: number): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return toQuantity(name, value, now);
  if (typeof value === 'string') return oneLine(value);
  return oneLine(JSON.stringify(value));
}

// --- internal ---

const year2000 = 946_684_800_000;

function toQuantity(name: string, value: number, now: number): string {
  if (/(^ts|At|AtMs|timestamp|Since)$/.test(name) && value > year2000) return ago(value, now);
  if (/(Ms|^age)$/.test(name)) return span(value);
  if (/(Bytes|^rss|^heap\w+|^external|^size)$/.test(name)) return bytes(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(3)));
}

function renderList(list: readonly unknown[], look: Look): string {
  if (list.length === 0) return 'none\n';
  if (!list.every(isObject)) return list.map((item) => `${cell('', item, look.now)}\n`).join('');
  const names = [...new Set(list.flatMap((row) => Object.keys(row)))].filter((name) =>
    list.some((row) => isScalar(row[name])),
  );
  const columns = names.map((name) => ({ head: toTitle(name).toUpperCase(), elastic: true }));
  return table(
    columns,
    list.map((row) => names.map((name) => cell(name, row[name], look.now))),
    look,
  );
}

function renderObject(value: Record<string, unknown>, look: Look, indent: string): string {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const width = Math.max(0, ...entries.filter(([, member]) => isShort(member)).map(([name]) => widthOf(toTitle(name))));
  const text = entries.map(([name, member]) => {
    const title = look.paint('dim', pad(toTitle(name), isShort(member) ? width : 0));
    if (isShort(member)) return `${indent}${title}  ${renderShort(name, member, look.now)}\n`;
    const body = isObject(member)
      ? renderObject(member, look, `${indent}  `)
      : indented(renderList(member as unknown[], look), `${indent}  `);
    return `${indent}${title}\n${body}`;
  });
  return text.join('');
}

function renderShort(name: string, member: unknown, now: number): string {
  if (Array.isArray(member))
    return member.length === 0 ? 'none' : member.map((item) => cell(name, item, now)).join(', ');
  return isObject(member) ? '-' : cell(name, member, now);
}

/** `lastRunId` reads "Last run id". */
function toTitle(name: string): string {
  const spaced = printable(name).replace(
    /([a-z0-9])([A-Z])/g,
    (_, before, after) => `${before} ${after.toLowerCase()}`,
  );
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

const indented = (text: string, indent: string) => text.replace(/^(?=.)/gm, indent);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown) => value !== undefined && (typeof value !== 'object' || value === null);
const isShort = (value: unknown) =>
  isScalar(value) ||
  (Array.isArray(value) ? value.every(isScalar) : isObject(value) && Object.keys(value).length === 0);
