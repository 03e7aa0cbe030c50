import type { LogLevel } from './levels.ts';
import type { LogFields } from './log.ts';
import { maskSecret, type Redactor } from './redact.ts';

/** One call of a log. */
export interface Entry {
  at: Date;
  level: LogLevel;
  subsystem: string;
  /** Secrets masked, see {@link toSafeMessage}. */
  message: string;
  fields: LogFields | undefined;
}

/** Characters that one line may take from its fields, and from its message. */
const maxChars = 32_768;

/** Members of a line that no field may take the place of. */
const ownMembers: readonly string[] = ['time', 'subsystem', 'message', '_meta'];

/** The fields of an entry, secrets masked, and `_meta`. A field by the name of another member gets a `_` at its end. */
export function toFileFields({ at, level, subsystem, fields }: Entry, redactor: Redactor): Record<string, unknown> {
  const clean = fields ? Object.entries(cleanFields(fields, redactor)) : [];
  return {
    ...Object.fromEntries(clean.map(([name, value]) => [ownMembers.includes(name) ? `${name}_` : name, value])),
    _meta: { logLevelName: level.toUpperCase(), date: at.toISOString(), name: JSON.stringify({ subsystem }) },
  };
}

/** One line for a console that is no terminal. */
export function toPlainLine({ at, subsystem, message }: Entry): string {
  return `${toLocalIso(at)} [${subsystem}] ${toVisible(message)}\n`;
}

/** One line for a terminal. */
export function toTerminalLine({ at, level, subsystem, message }: Entry): string {
  const colour = colours[level] ?? '';
  const text = `${colour}${toVisible(message)}${colour && '\u001b[0m'}`;
  return `\u001b[90m${toLocalIso(at).slice(11, 19)}\u001b[0m \u001b[36m[${subsystem}]\u001b[0m ${text}\n`;
}

/** A message as it may be written: secrets masked, not endless. */
export function toSafeMessage(message: string, redactor: Redactor): string {
  return cutRedacted(message, maxChars, redactor);
}

/** `2026-01-31T23:59:59.123+01:00`: the local time, with its offset. */
export function toLocalIso(at: Date): string {
  const offset = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1);
  const minutes = Math.abs(offset);
  const pad = (part: number) => String(Math.trunc(part)).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

const colours: Partial<Record<LogLevel, string>> = { warn: '\u001b[33m', error: '\u001b[31m', fatal: '\u001b[31m' };

/** Text from outside may hold escape sequences, or line ends that would pass for lines of our own. */
function toVisible(text: string): string {
  return text
    .replaceAll('\n', '\n  ')
    .replace(/[\p{Cc}\u2028\u2029]/gu, (char) =>
      char === '\n' || char === '\t' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

const secretName = /(?:api[-_]?key|token|secret|password|passphrase|authorization|cookie)$/i;
const maxDepth = 6;
const maxMembers = 100;

/** Plain JSON of what was passed, secrets masked, cut where it is too deep, too wide or too long. */
function cleanFields(fields: LogFields, redactor: Redactor): Record<string, unknown> {
  let left = maxChars;
  const text = (value: string) => {
    const kept = cutRedacted(value, Math.max(0, left), redactor);
    left -= kept.length;
    return kept;
  };
  const members = (value: object, depth: number) =>
    Object.fromEntries(
      Object.entries(value)
        .slice(0, maxMembers)
        .map(([name, member]) => {
          const isSecret = typeof member === 'string' && secretName.test(name);
          return [text(name), isSecret ? maskSecret(member) : clean(member, depth + 1)];
        }),
    );
  const clean = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > maxDepth || left <= 0) return '[cut]';
    if (Array.isArray(value)) return value.slice(0, maxMembers).map((item) => clean(item, depth + 1));
    if (value instanceof Error) {
      const { name, message, stack, cause, ...rest } = value;
      return members({ name, message, ...rest, stack, ...(cause !== undefined && { cause }) }, depth);
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null ? members(value, depth) : text(String(value));
  };
  return members(fields, 0);
}

/** No secret is longer. */
const slackChars = 8192;

/** Cut behind the redaction: the first half of a secret would not be recognised. What is looked through has an end, too. */
function cutRedacted(text: string, length: number, redactor: Redactor): string {
  const isEndless = text.length > length + 2 * slackChars;
  const clean = redactor.text(isEndless ? text.slice(0, length + 2 * slackChars) : text);
  const kept = isEndless ? clean.slice(0, -slackChars) : clean;
  return kept.length <= length && !isEndless
    ? kept
    : `${kept.slice(0, length)}… (${Math.max(text.length - length, 1)} characters cut)`;
}
