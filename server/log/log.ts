/** Extra members of a log line; values are redacted like the text. */
export type LogFields = Record<string, unknown>;

/** Writes one JSON line per call to the log file and, by level, one line to the console. Contract: never throws, never waits. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A text for somebody else than the log, with every secret masked that the gateway knows. */
  redact(text: string): string;
  /** The same log under another subsystem name. */
  child(subsystem: string): Log;
}
