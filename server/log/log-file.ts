import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { type Appender, createAppender } from './appender.ts';
import { findLogFolder, nameOfDay, openForAppending, pruneLogs, requireAppendable } from './log-folder.ts';
import type { LogSettings } from './settings.ts';

export interface LogFileOptions {
  /** As they are now: a file that is named later is begun with the next line. */
  settings(): Pick<LogSettings, 'file' | 'maxFileBytes'>;
  profile: string | undefined;
  /** Default the system's temporary folder. */
  tmp: string | undefined;
  now: () => Date;
  /** Told what goes wrong. Contract: must not throw. */
  warn(message: string): void;
  /** Told what the log itself can still tell. Contract: must not throw. */
  tell(message: string): void;
}

/** The file of a log; lines go nowhere while there is none that can be written. */
export interface LogFile {
  append(line: string): void;
  /** The file that is being written. */
  path(): string;
  /** False when there is no file at all. */
  isOpen(): boolean;
  /** Writes nothing. @throws GatewayError INVALID_CONFIG when another file is named, and cannot be written. */
  judge(settings: Pick<LogSettings, 'file'>): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

const defaultMaxFileBytes = 100_000_000;

/** @throws GatewayError INVALID_CONFIG when a file is named and cannot be written. */
export function openLogFile({ settings, profile, tmp = tmpdir(), now, warn, tell }: LogFileOptions): LogFile {
  let folder: string | undefined;
  // Asked at the start; later only for a gateway that began with a file of its own and is to leave it.
  const daily = () => {
    folder ??= findLogFolder(tmp);
    return join(folder ?? tmp, nameOfDay(now(), profile));
  };
  const target = () => {
    const { file } = settings();
    return file ? toPath(file) : daily();
  };
  const prune = () => {
    // Old files that cannot be deleted are no reason to stop logging.
    if (folder)
      pruneLogs(folder, profile, now()).catch((error: Error) => warn(`cannot delete old logs: ${error.message}`));
  };
  const begin = (size: number) =>
    createAppender({
      target,
      size,
      maxFileBytes: () => settings().maxFileBytes ?? defaultMaxFileBytes,
      report: warn,
      refused: tell,
      onTurn: prune,
    });
  const appender = settings().file ? begin(openNamed(target())) : beginDaily();

  function beginDaily(): Appender | undefined {
    try {
      const file = daily();
      if (!folder) throw new Error(`no folder in ${tmp} is safe to write to`);
      const size = openForAppending(file);
      prune();
      return begin(size);
    } catch (error) {
      // A read-only or crowded temporary folder must not keep the gateway from starting.
      warn(
        `no log file, lines go to the console only: ${error instanceof Error ? error.message : error}. Set logging.file.`,
      );
      return undefined;
    }
  }

  return {
    append: (line) => appender?.write(line),
    path: () => appender?.file() ?? target(),
    isOpen: () => appender !== undefined,
    async judge({ file }) {
      if (file === undefined || file === settings().file) return;
      await requireAppendable(toPath(file)).catch((error: unknown) => refuse(toPath(file), error));
    },
    flush: async () => appender?.flush(),
    close: async () => appender?.close(),
  };
}

// --- internal ---

function toPath(file: string): string {
  return file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(file);
}

function openNamed(file: string): number {
  try {
    return openForAppending(file);
  } catch (error) {
    return refuse(file, error);
  }
}

function refuse(file: string, error: unknown): never {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  throw new GatewayError(
    'INVALID_CONFIG',
    `cannot write the log file ${file} (${errno}): set logging.file to a file in a folder that this user may write to (ls -ld ${dirname(file)})`,
    { details: { path: 'logging.file', errno }, cause: error },
  );
}
