import { gravity, type LogLevel } from './levels.ts';

/** What may be set of a log that is open: the next line is written by it. */
export interface LogSettings {
  /** Path of the log file; `~/` is the home directory. Default `<tmp>/openclaw/openclaw-<date>.log`, a new one each day, the last seven days kept. */
  file?: string | undefined;
  /** Least level that reaches the file. Default `info`. */
  level?: LogLevel | undefined;
  /** Least level that reaches the console. Default `info`. */
  consoleLevel?: LogLevel | undefined;
  /** Default `pretty`: coloured on a terminal, plain elsewhere. `json` writes the lines of the file. */
  consoleStyle?: 'pretty' | 'json' | undefined;
  /** Bytes before the file is rotated to `.1` ... `.5`. Default 100 MB. */
  maxFileBytes?: number | undefined;
  /** Regular expressions for what is hidden besides known secrets and common shapes of credentials. */
  redactPatterns?: readonly string[] | undefined;
  /** Subsystems whose debug lines are written although the level is higher: `models`, `http`, `name.*`, `*`. Default none. */
  flags?: readonly string[] | undefined;
}

/** From which level on the lines of one subsystem are taken. A level above `warn` is meant for all of them. */
export function levelFor(subsystem: string, level: LogLevel, flags: readonly string[]): LogLevel {
  const isRaised = gravity[level] > gravity.debug && gravity[level] <= gravity.warn;
  return isRaised && flags.some((flag) => isNamed(subsystem.toLowerCase(), flag.trim().toLowerCase()))
    ? 'debug'
    : level;
}

/** The names in `OPENCLAW_DIAGNOSTICS` added to those of the configuration; `0` there switches all off. */
export function readFlags(configured: readonly string[] = [], variable = ''): readonly string[] {
  const word = variable.trim().toLowerCase();
  if (['0', 'false', 'off', 'none'].includes(word)) return [];
  if (['1', 'true', 'all', '*'].includes(word)) return ['*'];
  return [...configured, ...word.split(/[\s,]+/).filter(Boolean)];
}

// --- internal ---

function isNamed(subsystem: string, flag: string): boolean {
  if (flag === '*' || flag === 'all' || flag === subsystem) return true;
  const stem = flag.endsWith('.*') ? flag.slice(0, -2) : undefined;
  return stem !== undefined && (subsystem === stem || subsystem.startsWith(`${stem}.`));
}
