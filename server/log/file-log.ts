import { appendFileSync } from 'node:fs';
import { type Console, createScreen } from './console.ts';
import { createJsonLines } from './json-lines.ts';
import { gravity, type LogLevel } from './levels.ts';
import { type Entry, toSafeMessage } from './line.ts';
import type { Log, LogFields } from './log.ts';
import { openLogFile } from './log-file.ts';
import { createRedactor, type Redactor } from './redact.ts';
import { type LogSettings, levelFor } from './settings.ts';

export type { Console } from './console.ts';

/*
 * one call -> level of its subsystem? -> secrets masked -> a line for people  -> console
 *                                                       -> a line of JSON (pino) -> file, and a console that wants it
 */

export interface LogOptions extends LogSettings {
  /** Part of the default file's name, so that gateways on one machine do not share it. */
  profile?: string | undefined;
  /** Hides secrets. Default: common shapes of credentials. */
  redact?: Redactor | undefined;
  /** The console. Default `process.stdout`. */
  stdout?: Console | undefined;
  /** Where the default folder is made. Default the system's temporary folder. */
  tmp?: string | undefined;
  /** Default the clock. */
  now?: (() => Date) | undefined;
}

/** A log with a file and a console. */
export interface FileLog extends Log {
  /** The file that is being written. */
  currentFile(): string;
  /**
   * Takes other settings from the next line on; what they leave out has its default.
   * @throws GatewayError INVALID_CONFIG for a pattern that is no regular expression: then nothing has changed.
   */
  configure(settings: LogSettings): void;
  /** Whether the file that settings name can be written; makes nothing. @throws GatewayError INVALID_CONFIG when it cannot. */
  judge(settings: LogSettings): Promise<void>;
  /** Hides one more secret from now on. */
  learn(secret: string): void;
  /** Writes an error and waits for the system to take it; for a process that is about to end. Never throws. */
  lastWords(message: string, fields?: LogFields): void;
  /** Resolves when every line so far is with the operating system. */
  flush(): Promise<void>;
  /** Writes what is left and closes the file. Later lines are lost. */
  close(): Promise<void>;
}

/**
 * Opens the log. Without a usable default folder it writes to the console alone, and says so there.
 * @throws GatewayError INVALID_CONFIG when `file` is named and cannot be written.
 */
export function createLog(options: LogOptions = {}): FileLog {
  const { redact = createRedactor(), stdout = process.stdout, now = () => new Date(), profile, tmp } = options;
  let settings: LogSettings = options;
  const screen = createScreen(stdout);
  const toJson = createJsonLines(redact);
  const warn = (message: string) =>
    screen.write({ at: now(), level: 'warn', subsystem: 'log', message, fields: undefined });
  const tell = (message: string) => emit({ at: now(), level: 'error', subsystem: 'log', message, fields: undefined });
  const file = openLogFile({ settings: () => settings, profile, tmp, now, warn, tell });

  const takes = ({ level, subsystem }: Entry, least: LogLevel = 'info') =>
    gravity[level] >= gravity[levelFor(subsystem, least, settings.flags ?? [])];
  const emit = (entry: Entry, append: (line: string) => void = file.append) => {
    const isFiled = takes(entry, settings.level);
    const isShown = takes(entry, settings.consoleLevel);
    if (!isFiled && !isShown) return;
    const safe = { ...entry, message: toSafeMessage(entry.message, redact) };
    const isJson = settings.consoleStyle === 'json';
    const line = isFiled || isJson ? toJson(safe) : '';
    if (isShown) screen.write(safe, isJson ? line : undefined);
    if (isFiled) append(line);
  };
  return {
    ...createSubsystem('gateway', { emit, now, redact: redact.known }),
    currentFile: file.path,
    judge: file.judge,
    learn: redact.learn,
    configure(next) {
      redact.expect(next.redactPatterns ?? []);
      settings = next;
    },
    lastWords(message, fields) {
      const append = (line: string) => {
        if (file.isOpen()) appendFileSync(file.path(), line);
      };
      try {
        emit({ at: now(), level: 'fatal', subsystem: 'gateway', message, fields }, append);
      } catch {
        // The console has it, and there is no later.
      }
    },
    flush: file.flush,
    async close() {
      await file.close();
      screen.close();
    },
  };
}

// --- internal ---

interface Ways {
  emit(entry: Entry): void;
  now: () => Date;
  redact: Log['redact'];
}

function createSubsystem(subsystem: string, ways: Ways): Log {
  const { emit, now, redact } = ways;
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
    redact,
    child: (name) => createSubsystem(name, ways),
  };
}
