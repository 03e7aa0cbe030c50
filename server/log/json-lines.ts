import { type Logger, pino } from 'pino';
import type { LogLevel } from './levels.ts';
import { type Entry, toFileFields, toLocalIso } from './line.ts';
import type { Redactor } from './redact.ts';

/** Writes entries as lines of JSON: `time`, `subsystem`, the fields, `_meta` as the published product's tools read it, `message`. */
export type JsonLines = (entry: Entry) => string;

/** Makes the one pino logger of a log, with a child for each subsystem. It hands back each line, which has more than one way to go. */
export function createJsonLines(redactor: Redactor): JsonLines {
  let line = '';
  let at = new Date();
  const root = pino(
    {
      base: null,
      level: 'trace',
      messageKey: 'message',
      // The level is a member of `_meta`; without one of its own, the line begins with the time.
      formatters: { level: () => ({}) },
      timestamp: () => `"time":"${toLocalIso(at)}"`,
      errorKey: '_',
      serializers: {},
    },
    {
      write(text: string) {
        line = text;
      },
    },
  );
  const children = new Map<string, Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error'>>();
  const childOf = (subsystem: string) => {
    const known = children.get(subsystem);
    if (known) return known;
    const child = root.child({ subsystem });
    children.set(subsystem, child);
    return child;
  };
  return (entry) => {
    at = entry.at;
    childOf(entry.subsystem)[toPinoLevel(entry.level)](toFileFields(entry, redactor), entry.message);
    return line;
  };
}

// --- internal ---

/** pino waits for the disk at a fatal line, and this log does not. */
function toPinoLevel(level: LogLevel): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  return level === 'fatal' || level === 'silent' ? 'error' : level;
}
