import { markUntrusted } from '../agent/untrusted.ts';
import { parseTemplate, type TemplatePlace } from '../config/hook-template.ts';
import { isPlainObject } from '../config/key-path.ts';

/** A request, as templates and transforms see it. */
export interface HookInput {
  payload: unknown;
  /** Without those that hold secrets; names in lower case. */
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** Below `hooks.path`, without slashes around it. */
  path: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Characters of what one template makes. */
const maxRenderedChars = 128 * 1024;

/** A template filled in, in one piece. What is not there is empty; objects are JSON. Cut at `limit` characters. */
export function renderPlain(template: string, input: HookInput, limit = maxRenderedChars): string {
  let text = '';
  for (const piece of parseTemplate(template).pieces ?? []) {
    text += typeof piece === 'string' ? piece : textAt(piece, input, limit);
    if (text.length > limit) return cut(text, limit);
  }
  return text;
}

/**
 * A template filled in for a model: the operator's words stand as they are, and name the values in brackets; the values
 * follow in one block that is marked as the words of strangers.
 * @param source who has sent them, for the model.
 */
export function renderMarked(template: string, input: HookInput, source: string): string {
  const values = new Map<string, string>();
  let words = '';
  for (const piece of parseTemplate(template).pieces ?? []) {
    if (typeof piece === 'string') words += piece;
    else if (piece.root === 'now') words += textAt(piece, input, maxRenderedChars);
    else {
      words += `[${piece.expression}]`;
      values.set(piece.expression, textAt(piece, input, maxRenderedChars));
    }
  }
  if (values.size === 0) return cut(words, maxRenderedChars);
  const listed = [...values].map(([name, value]) => `[${name}]\n${value === '' ? '(empty)' : value}`).join('\n\n');
  return `${cut(words, maxRenderedChars)}\n\n${markUntrusted(cut(listed, maxRenderedChars), { source })}`;
}

// --- internal ---

function textAt({ root, steps }: TemplatePlace, { payload, headers, query, path, now }: HookInput, limit: number) {
  if (root === 'now') return new Date(now).toISOString();
  const start = { payload, headers, query, path }[root];
  const value = steps.reduce<unknown>(memberOf, start);
  if (value === undefined || value === null) return '';
  return cut(typeof value === 'object' ? JSON.stringify(value) : String(value), limit);
}

function memberOf(value: unknown, step: string | number): unknown {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isPlainObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function cut(text: string, limit: number): string {
  return text.length > limit
    ? `${text.slice(0, limit).toWellFormed()}\n[cut: ${text.length - limit} characters more]`
    : text;
}
