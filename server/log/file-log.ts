import { appendFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { type Appender, createAppender } from './appender.ts';
import { gravity, type LogLevel } from './levels.ts';
import { type Entry, toJsonLine, toPlainLine, toSafeMessage, toTerminalLine } from './line.ts';
import type { Log, LogFields } from './log.ts';
import { findLogFolder, nameOfDay, openForAppending, pruneLogs } from './log-folder.ts';
import { createRedactor, type Redactor } from './redact.ts';

export interface LogOptions {
  /** Path of the log file; `~/` is the home directory. Default `<tmp>/openclaw/openclaw-<date>.log`, a new one each day, the last seven days kept. */
  file?: string | undefined;
  /** Part of the default file's name, so that gateways on one machine do not share it. */
  profile?: string | undefined;
  /** Least level that reaches the file. Default `info`. */
  level?: LogLevel | undefined;
  /** Least level that reaches the console. Default `info`. */
  consoleLevel?: LogLevel | undefined;
  /** Default `pretty`: coloured on a terminal, plain elsewhere. `json` writes the lines of the file. */
  consoleStyle?: 'pretty' | 'json' | undefined;
  /** Bytes before the file is rotated to `.1` ... `.5`. Default 100 MB. */
  maxFileBytes?: number | undefined;
  /** Hides secrets. Default: common shapes of credentials. */
  redact?: Redactor | undefined;
  /** The console. Default `process.stdout`. */
  stdout?: Console | undefined;
  /** Where the default folder is made. Default the system's temporary folder. */
  tmp?: string | undefined;
  /** Default the clock. */
  now?: (() => Date) | undefined;
}

/** What a log needs of a console. */
export type Console = Pick<Writable, 'write' | 'on' | 'off' | 'writableLength'> & { isTTY?: boolean | undefined };

/** A log with a file and a console. */
export interface FileLog extends Log {
  /** The file that is being written. */
  currentFile(): string;
  /** Writes an error and waits for the system to take it; for a process that is about to end. Never throws. */
  lastWords(message: string, fields?: LogFields): void;
  /** Resolves when every line so far is with the operating system. */
  flush(): Promise<void>;
  /** Writes what is left and closes the file. Later lines are lost. */
  close(): Promise<void>;
}

/** Bytes that may wait for the console's reader; lines beyond are left out there. */
const maxConsoleBytes = 1024 * 1024;

/**
 * Opens the log. Without a usable default folder it writes to the console alone, and says so there.
 * @throws GatewayError INVALID_CONFIG when `file` is named and cannot be written.
 */
export function createLog(options: LogOptions = {}): FileLog {
  const { level = 'info', consoleLevel = 'info', redact = createRedactor(), now = () => new Date() } = options;
  const screen = createConsole(options, redact);
  const warnOnConsole = (message: string) =>
    screen.write({ at: now(), level: 'warn', subsystem: 'log', message, fields: undefined });
  const { appender, file } = openFile(options, warnOnConsole);

  const emit = (entry: Entry) => {
    const isFiled = gravity[entry.level] >= gravity[level];
    const isShown = gravity[entry.level] >= gravity[consoleLevel];
    if (!isFiled && !isShown) return;
    const safe = { ...entry, message: toSafeMessage(entry.message, redact) };
    if (isShown) screen.write(safe);
    if (isFiled) appender?.write(toJsonLine(safe, redact));
  };
  return {
    ...createSubsystem('gateway', emit, now),
    currentFile: () => appender?.file() ?? file,
    lastWords(message, fields) {
      const entry: Entry = { at: now(), level: 'error', subsystem: 'gateway', message, fields };
      const safe = { ...entry, message: toSafeMessage(message, redact) };
      screen.write(safe);
      try {
        if (appender) appendFileSync(appender.file(), toJsonLine(safe, redact));
      } catch {
        // The console has it, and there is no later.
      }
    },
    flush: async () => appender?.flush(),
    async close() {
      await appender?.close();
      screen.close();
    },
  };
}

function createSubsystem(subsystem: string, emit: (entry: Entry) => void, now: () => Date): Log {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    try {
      emit({ at: now(), level, subsystem, message, fields });
    } catch (error) {
      // A field with a getter that throws must not take its caller down.
      emit({ at: now(), level, subsystem, message, fields: { fieldsFault: String(error) } });
    }
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (name) => createSubsystem(name, emit, now),
  };
}

function createConsole({ stdout = process.stdout, consoleStyle }: LogOptions, redact: Redactor) {
  const toText =
    consoleStyle === 'json' ? toJsonLine : stdout.isTTY && !process.env.NO_COLOR ? toTerminalLine : toPlainLine;
  let isGone = false;
  // The reader of a pipe may leave before the gateway does.
  const consoleOnError = () => {
    isGone = true;
  };
  stdout.on('error', consoleOnError);
  return {
    write(entry: Entry) {
      if (!isGone && stdout.writableLength < maxConsoleBytes) stdout.write(toText(entry, redact));
    },
    close: () => stdout.off('error', consoleOnError),
  };
}

function openFile(
  options: LogOptions,
  warn: (message: string) => void,
): { appender: Appender | undefined; file: string } {
  const { file, profile, maxFileBytes = 100_000_000, tmp = tmpdir(), now = () => new Date() } = options;
  if (file) {
    const path = file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(file);
    return {
      appender: createAppender({ target: () => path, size: openNamed(path), maxFileBytes, report: warn }),
      file: path,
    };
  }
  const folder = findLogFolder(tmp);
  const target = () => join(folder ?? tmp, nameOfDay(now(), profile));
  const prune = () => {
    // Old files that cannot be deleted are no reason to stop logging.
    if (folder)
      pruneLogs(folder, profile, now()).catch((error: Error) => warn(`cannot delete old logs: ${error.message}`));
  };
  try {
    if (!folder) throw new Error(`no folder in ${tmp} is safe to write to`);
    const size = openForAppending(target());
    prune();
    return { appender: createAppender({ target, size, maxFileBytes, report: warn, onTurn: prune }), file: target() };
  } catch (error) {
    // A read-only or crowded temporary folder must not keep the gateway from starting.
    warn(
      `no log file, lines go to the console only: ${error instanceof Error ? error.message : error}. Set logging.file.`,
    );
    return { appender: undefined, file: target() };
  }
}

function openNamed(file: string): number {
  try {
    return openForAppending(file);
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new GatewayError(
      'INVALID_CONFIG',
      `cannot write the log file ${file} (${errno}): set logging.file to a file in a folder that this user may write to (ls -ld ${dirname(file)})`,
      { details: { path: 'logging.file', errno }, cause: error },
    );
  }
}
