import { isDeepStrictEqual } from 'node:util';
import JSON5 from 'json5';
import {
  type ItemOutline,
  type ListOutline,
  type MemberOutline,
  type ObjectOutline,
  type Outline,
  outline,
} from './json5-outline.ts';
import { createPrinter, type Printer, readStyle } from './json5-print.ts';
import { isPlainObject } from './key-path.ts';

/**
 * Changes a JSON5 text so that it says `target`, and leaves everything else as it stands: comments, order, quotes, spaces.
 * What is replaced or taken out loses the comments inside it; all others stay, also those beside it.
 * @param text one that JSON5.parse accepts.
 */
export function editJson5(text: string, target: unknown): string {
  const edit: Edit = { text, splices: [], printer: createPrinter(readStyle(text)) };
  // As it will be read back: without members that are undefined.
  const wanted: unknown = JSON5.parse(JSON5.stringify(target));
  reconcile(edit, outline(text), JSON5.parse(text), wanted);
  const edited = applySplices(text, edit.splices);
  // A fault here would be one of this file, and would reach the user's file otherwise.
  if (!isDeepStrictEqual(JSON5.parse(edited), wanted))
    throw new Error('the edited configuration does not say what it was meant to; nothing was written');
  return edited;
}

interface Splice {
  start: number;
  end: number;
  insert: string;
}

interface Edit {
  text: string;
  splices: Splice[];
  printer: Printer;
}

function reconcile(edit: Edit, place: Outline, now: unknown, target: unknown): void {
  if (isDeepStrictEqual(now, target)) return;
  if (place.kind === 'object' && isPlainObject(now) && isPlainObject(target)) reconcileObject(edit, place, now, target);
  else if (place.kind === 'list' && Array.isArray(now) && Array.isArray(target))
    reconcileList(edit, place, now, target);
  else {
    const insert = edit.printer.value(target, indentAt(edit.text, place.start));
    edit.splices.push({ start: place.start, end: place.end, insert });
  }
}

function reconcileObject(
  edit: Edit,
  place: ObjectOutline,
  now: Record<string, unknown>,
  target: Record<string, unknown>,
): void {
  const gone = place.members.filter(({ name }) => !Object.hasOwn(target, name));
  const kept = place.members.filter((member) => !gone.includes(member));
  const effective = new Map<string, MemberOutline>(kept.map((member) => [member.name, member]));
  for (const [name, member] of effective) reconcile(edit, member.value, now[name], target[name]);
  const added = Object.keys(target).filter((name) => !Object.hasOwn(now, name));
  const quote = edit.printer.quoteLike(place.members[0] && edit.text[place.members[0].start]);
  arrange(edit, { place, all: place.members, gone }, (indent) =>
    added.map((name) => `${edit.printer.name(name, quote)}: ${edit.printer.value(target[name], indent)}`),
  );
}

function reconcileList(edit: Edit, place: ListOutline, now: readonly unknown[], target: readonly unknown[]): void {
  const shorter = Math.min(now.length, target.length);
  let [head, tail] = [0, 0];
  while (head < shorter && isDeepStrictEqual(now[head], target[head])) head++;
  while (tail < shorter - head && isDeepStrictEqual(now.at(-1 - tail), target.at(-1 - tail))) tail++;
  const changed = place.items.slice(head, now.length - tail);
  const wanted = target.slice(head, target.length - tail);
  // Items in the middle cannot be inserted without touching their neighbours' comments: the rest of the list moves up.
  if (wanted.length > changed.length && tail > 0) {
    const rest = [...place.items.slice(head)];
    rest.forEach((item, index) => {
      reconcile(edit, item.value, now[head + index], target[head + index]);
    });
    arrange(edit, { place, all: place.items, gone: [] }, (indent) =>
      target.slice(now.length).map((value) => edit.printer.value(value, indent)),
    );
    return;
  }
  changed.slice(0, wanted.length).forEach((item, index) => {
    reconcile(edit, item.value, now[head + index], wanted[index]);
  });
  arrange(edit, { place, all: place.items, gone: changed.slice(wanted.length) }, (indent) =>
    wanted.slice(changed.length).map((value) => edit.printer.value(value, indent)),
  );
}

interface Arrangement {
  place: ObjectOutline | ListOutline;
  all: readonly ItemOutline[];
  gone: readonly ItemOutline[];
}

/** Takes items out, and puts new ones behind the last that stays. */
function arrange(edit: Edit, { place, all, gone }: Arrangement, print: (indent: string | undefined) => string[]): void {
  const { text, splices } = edit;
  for (const item of gone) splices.push(...removal(text, item));
  const last = all.findLast((item) => !gone.includes(item));
  const trailing = all.at(-1)?.comma !== undefined;
  const isMultiline = breaks.test(text.slice(place.start, all[0]?.start ?? place.end));
  const outer = indentAt(text, place.start);
  const indent = isMultiline && all[0] ? indentAt(text, all[0].start) : outer + edit.printer.unit;
  const added = print(isMultiline ? indent : undefined);
  if (added.length === 0) {
    // A file without trailing commas stays one.
    if (last?.comma !== undefined && !trailing) splices.push({ start: last.comma, end: last.comma + 1, insert: '' });
    return;
  }
  if (last && last.comma === undefined) splices.push({ start: last.value.end, end: last.value.end, insert: ',' });
  const from = last ? (last.comma === undefined ? last.value.end : last.comma + 1) : place.start + 1;
  const { end, isCommented } = endOfLine(text, from);
  const { eol } = edit.printer;
  const inside = text.slice(end, place.end - 1);
  if (isMultiline || isCommented || breaks.test(inside)) {
    const lines = added.map((one) => `${eol}${indent}${one}`).join(',');
    const closes = breaks.test(inside) ? '' : `${eol}${outer}`;
    splices.push({
      start: end,
      end,
      insert: `${lines}${trailing || !all.length ? edit.printer.lastComma : ''}${closes}`,
    });
    return;
  }
  const padding = last ? ' ' : /^\s/.test(inside) ? '' : edit.printer.padding;
  splices.push({
    start: end,
    end,
    insert: `${last ? ' ' : padding}${added.join(', ')}${trailing ? ',' : ''}${last ? '' : padding}`,
  });
}

const breaks = /[\n\r\u2028\u2029]/;

/** An item with its comma, and with its line when nothing else stands there. Comments around it stay. */
function removal(text: string, { start, value, comma }: ItemOutline): Splice[] {
  const lineStart = text.slice(0, start).search(/[^\n\r\u2028\u2029]*$/);
  const own: Splice = { start, end: value.end, insert: '' };
  const ofComma: Splice[] =
    comma === undefined || comma === value.end ? [] : [{ start: comma, end: comma + 1, insert: '' }];
  if (comma === value.end) own.end++;
  const end = Math.max(own.end, ofComma[0]?.end ?? 0);
  const after = /^[ \t]*(\r\n|[\n\r\u2028\u2029])/.exec(text.slice(end));
  const isAlone = /^[ \t]*$/.test(text.slice(lineStart, start)) && after && ofComma.length === 0;
  if (isAlone) return [{ start: lineStart, end: end + after[0].length, insert: '' }];
  const space = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
  if (ofComma.length === 0 && !after) own.end += space;
  return [own, ...ofComma];
}

/** The end of what still belongs to the line of an item: spaces and comments. */
function endOfLine(text: string, from: number): { end: number; isCommented: boolean } {
  const rest = /^(?:[ \t]*\/\*[^\n\r\u2028\u2029]*?\*\/)*(?:[ \t]*(\/\/[^\n\r\u2028\u2029]*))?/.exec(text.slice(from));
  return { end: from + (rest?.[0].length ?? 0), isCommented: rest?.[1] !== undefined };
}

/** White space at the beginning of the line of an offset. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.slice(0, offset).search(/[^\n\r\u2028\u2029]*$/));
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = splices
    .map((splice, order) => ({ ...splice, order }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
  let [edited, at] = ['', 0];
  for (const { start, end, insert } of ordered) {
    if (start < at && end <= at) continue;
    edited += text.slice(at, Math.max(at, start)) + insert;
    at = Math.max(at, end);
  }
  return edited + text.slice(at);
}
