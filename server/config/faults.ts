import type { z } from 'zod';
import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';
import { findKey, type KeyNode, takesSecret } from './key-tree.ts';
import { knownMembers, nearestKey, nearestWord } from './nearest.ts';
import { configSchema } from './schema.ts';

/** One fault in a file, with the steps to where it is. */
export interface Fault extends ConfigIssue {
  steps: KeyPath;
  /** `unknown`: the key may not stand there; `mistyped`: its value may not. Undefined for what the schema cannot say. */
  kind?: 'unknown' | 'mistyped' | undefined;
}

/**
 * Checks a configuration against the schema.
 * @param config substituted.
 * @param file the same as it was written: messages quote this one, so they never show what a variable holds.
 */
export function findFaults(config: Record<string, unknown>, file: unknown): Fault[] {
  // Compiling a schema pays from the second use on; this one is used once.
  const result = configSchema(config).safeParse(config, { jitless: true });
  return (result.error?.issues ?? []).flatMap((issue) => toFaults(issue, [], file));
}

type Issue = z.core.$ZodIssue;

function toFaults(issue: Issue, above: KeyPath, file: unknown): Fault[] {
  const steps = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const node = findKey(steps);
  if (issue.code === 'unrecognized_keys' && !(node && takesSecret(node)))
    return issue.keys.map((key) => toUnknown([...steps, key]));
  if (issue.code === 'invalid_union' && !(node && takesSecret(node))) {
    const inner = issue.errors.find((errors) => errors.some(isInside));
    if (inner) return inner.flatMap((error) => toFaults(error, steps, file));
  }
  return [toMistyped(steps, valueAt(file, steps))];
}

/** True when a value is of an option's type, and the fault lies within it. */
function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function toUnknown(steps: KeyPath): Fault {
  const name = String(steps.at(-1));
  const near = nearestKey(steps);
  const known = knownMembers(steps.slice(0, -1));
  const advice = near
    ? `did you mean ${near}?`
    : `known here: ${known.slice(0, maxNamed).join(', ')}${known.length > maxNamed ? ', ...' : ''}`;
  const message = `unrecognized key "${name}"; ${advice}`;
  return {
    steps,
    kind: 'unknown',
    path: formatKey(steps),
    code: 'UNKNOWN_KEY',
    message,
    ...(near && { nearest: near }),
  };
}

/** Keys that a message names at most. */
const maxNamed = 12;

function toMistyped(steps: KeyPath, value: unknown): Fault {
  const words = allowedWords(findKey(steps));
  const near = typeof value === 'string' && words.length > 0 ? nearestWord(value, words) : undefined;
  const message = compare(expectedAt(steps), value, words.length > 0);
  if (!near) return { steps, kind: 'mistyped', path: formatKey(steps), code: 'INVALID_VALUE', message };
  const advice = `${message}; did you mean "${near}"?`;
  return { steps, kind: 'mistyped', path: formatKey(steps), code: 'INVALID_VALUE', message: advice, nearest: near };
}

/** Of a number with limits, that it has to be a number stands before what it may be. */
function compare(expected: string, value: unknown, isShown: boolean): string {
  const received = describe(value, isShown);
  const isOther = /^(integer|number)\b/.test(expected) && typeof value !== 'number';
  const limits = isOther && expected !== 'number' ? ` (${expected})` : '';
  return `expected ${isOther ? 'number' : expected}, received ${received}${limits}`;
}

function expectedAt(steps: KeyPath): string {
  const node = findKey(steps);
  if (!node) return findKey(steps.slice(0, -1))?.type?.items?.join('|') || 'something else';
  if (!node.type) return 'object';
  const text = node.type.text.replace(/\bmap\b/g, 'object');
  return takesSecret(node) ? `${text} or a reference { source, provider, id }` : text;
}

/** The strings that a key may be, when it may be no other string. */
function allowedWords(node: KeyNode | undefined): string[] {
  const alternatives = node?.type?.alternatives ?? [];
  if (alternatives.includes('string')) return [];
  return alternatives.filter((word) => word.startsWith('"')).map((word): string => JSON.parse(word));
}

/** Texts are shown only where a fixed word was expected: elsewhere a misplaced secret could come to light. */
function describe(value: unknown, isShown: boolean): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return isShown && value.length <= 24 ? `string "${value}"` : 'string';
  if (Array.isArray(value)) return 'array';
  return isPlainObject(value) ? 'object' : `${typeof value} ${String(value)}`;
}
