import { isPlainObject } from '../../server/config/key-path.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { oneLine, pad, printable, widthOf } from './text.ts';
import { ago, bytes, dollars, span } from './time.ts';

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
  if (isPlainObject(value)) return renderAnswerObject(value, look);
  return `${cell('', value, look.now)}\n`;
}

/** One value on one line, told by the name of its field: moments are relative, spans and sizes have a unit. */
export function cell(name: string, value: unknown, now: number): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return toQuantity(name, value, now);
  if (typeof value === 'string') return isMoment(name, value) ? ago(Date.parse(value), now) : oneLine(value);
  return oneLine(JSON.stringify(value));
}

/**
 * `lastRunId` reads "Last run ID". What the value says by its unit is left out: `uptimeMs` reads "Uptime". A name that is no
 * field of ours (`payload.large`) stands as it is.
 */
export function toTitle(name: string): string {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) return oneLine(name);
  const words = name.replace(/(?<=.)(?:Ms|Bytes|Usd)$/, '').split(/(?<=[a-z0-9])(?=[A-Z])/);
  const read = words.map((word) => acronyms[word.toLowerCase()] ?? word.toLowerCase()).join(' ');
  return read.charAt(0).toUpperCase() + read.slice(1);
}

// --- internal ---

const year2000 = 946_684_800_000;
const acronyms: Record<string, string> = Object.fromEntries(
  ['ID', 'URL', 'IP', 'OS', 'CPU', 'LAN', 'PID', 'SHA'].map((word) => [word.toLowerCase(), word]),
);

function toQuantity(name: string, value: number, now: number): string {
  if (/(^ts|^at|At|AtMs|timestamp|Since)$/.test(name) && value > year2000) return ago(value, now);
  if (/(Ms|^age)$/.test(name)) return span(value);
  if (/(Bytes|^bytes|^rss|^heap\w+|^external|^size)$/.test(name)) return bytes(value);
  if (/Usd$/.test(name)) return dollars(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(3)));
}

const isMoment = (name: string, value: string) => /At$/.test(name) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);

/** That it worked is told by the rest of the answer; a list or object that is all of it needs no name. */
function renderAnswerObject(value: Record<string, unknown>, look: Look): string {
  const { ok, ...rest } = value;
  const members = ok === true ? rest : value;
  const names = Object.keys(members).filter((name) => members[name] !== undefined);
  if (ok === true && names.length === 0) return 'Done.\n';
  const [only] = names.length === 1 ? names : [];
  const whole = only === undefined ? undefined : members[only];
  if (Array.isArray(whole)) return renderList(whole, look);
  return isPlainObject(whole) && !isShort(whole) ? renderObject(whole, look, '') : renderObject(members, look, '');
}

function renderList(list: readonly unknown[], look: Look): string {
  if (list.length === 0) return 'none\n';
  if (!list.every(isPlainObject)) return list.map((item) => `${cell('', item, look.now)}\n`).join('');
  const names = [...new Set(list.flatMap((row) => Object.keys(row)))].filter((name) =>
    list.some((row) => isCell(row[name])),
  );
  const columns = names.map((name) => ({ head: toTitle(name).toUpperCase(), elastic: true }));
  return table(
    columns,
    list.map((row) => names.map((name) => renderShort(name, row[name], look.now))),
    look,
  );
}

function renderObject(value: Record<string, unknown>, look: Look, indent: string): string {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const width = Math.max(0, ...entries.filter(([, member]) => isShort(member)).map(([name]) => widthOf(toTitle(name))));
  const text = entries.map(([name, member]) => {
    const title = look.paint('dim', pad(toTitle(name), isShort(member) ? width : 0));
    if (isShort(member)) return `${indent}${title}  ${renderShort(name, member, look.now)}\n`;
    return `${indent}${title}\n${renderLong(member, look, `${indent}  `)}`;
  });
  return text.join('');
}

function renderLong(member: unknown, look: Look, indent: string): string {
  if (typeof member === 'string') return indented(`${printable(member).trimEnd()}\n`, indent);
  if (isPlainObject(member)) return renderObject(member, look, indent);
  return indented(renderList(member as unknown[], { ...look, width: look.width - indent.length }), indent);
}

function renderShort(name: string, member: unknown, now: number): string {
  if (Array.isArray(member))
    return member.length === 0 ? 'none' : member.map((item) => cell(name, item, now)).join(', ');
  return isPlainObject(member) && Object.keys(member).length === 0 ? 'none' : cell(name, member, now);
}

const indented = (text: string, indent: string) => text.replace(/^(?=.)/gm, indent);
const isScalar = (value: unknown) => value !== undefined && (typeof value !== 'object' || value === null);
/** True for what a cell of a table can hold. */
const isCell = (value: unknown) =>
  isScalar(value) ||
  (Array.isArray(value) ? value.every(isScalar) : isPlainObject(value) && Object.keys(value).length === 0);
/** True for what fits behind its name. */
const isShort = (value: unknown) => isCell(value) && !(typeof value === 'string' && value.trim().includes('\n'));
