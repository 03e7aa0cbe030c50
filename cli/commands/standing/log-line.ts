import { oneLine, printable } from '../../render/text.ts';
import type { Look } from '../../render/value.ts';

/** A line of the log file, read. */
export interface LogLine {
  /** ISO 8601 with an offset, as written; null in a line that has none. */
  time: string | null;
  /** Lower case. */
  level: string | null;
  subsystem: string | null;
  message: string;
  /** The line itself. */
  raw: string;
}

/** Reads a line of the log file; what is no JSON is all message. */
export function toLogLine(raw: string): LogLine {
  const entry = readEntry(raw);
  if (!entry) return { time: null, level: null, subsystem: null, message: raw, raw };
  const { time, subsystem, message, _meta, error } = entry;
  const cause = textOf((error as { message?: unknown } | undefined)?.message);
  const text = textOf(message) ?? '';
  return {
    time: textOf(time),
    level: textOf(_meta?.logLevelName)?.toLowerCase() ?? null,
    subsystem: textOf(subsystem),
    message: cause ? `${text}: ${cause}` : text,
    raw,
  };
}

/** One line for people. */
export function renderLogLine(line: LogLine, { paint }: Pick<Look, 'paint'>, zone: 'utc' | 'local'): string {
  if (line.time === null && line.level === null) return printable(line.raw);
  const { level, subsystem, message } = line;
  const time = line.time === null ? '' : toZone(line.time, zone);
  const text = oneLine([time, level?.toUpperCase(), subsystem && `[${subsystem}]`, message].filter(Boolean).join(' '));
  const style = level === null ? undefined : styles[level];
  return style ? paint(style, text) : text;
}

// --- internal ---

const styles: Record<string, 'red' | 'yellow' | 'dim'> = {
  fatal: 'red',
  error: 'red',
  warn: 'yellow',
  debug: 'dim',
  trace: 'dim',
};

interface Entry {
  time?: unknown;
  subsystem?: unknown;
  message?: unknown;
  error?: unknown;
  _meta?: { logLevelName?: unknown };
}

function readEntry(raw: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // What an older version or a crash has written stands as it is.
  }
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

/** The moment in another zone; what is no moment stands as it is. */
function toZone(time: string, zone: 'utc' | 'local'): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  if (zone === 'utc') return at.toISOString();
  const offset = -at.getTimezoneOffset();
  const two = (part: number) => String(Math.trunc(part)).padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  const shifted = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1);
  return `${shifted}${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
}
