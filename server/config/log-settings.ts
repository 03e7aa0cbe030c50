import type { Log } from '../log/log.ts';
import type { LogSettings } from '../log/settings.ts';
import { readFlags } from '../log/settings.ts';
import type { Config } from './config.ts';
import type { LiveConfig } from './live.ts';
import type { Environment } from './substitute.ts';

/** What the configuration and the environment say of the log: `OPENCLAW_LOG_LEVEL` and `OPENCLAW_DIAGNOSTICS` win. */
export function toLogSettings({ logging = {}, diagnostics }: Config, env: Environment): LogSettings {
  const level = readLevel(env);
  return {
    ...logging,
    level: level ?? logging.level,
    consoleLevel: level ?? logging.consoleLevel,
    flags: readFlags(diagnostics?.flags, env.OPENCLAW_DIAGNOSTICS),
  };
}

/** Why `OPENCLAW_LOG_LEVEL` has no effect; undefined when it has, or is not set. */
export function findLevelFault(env: Environment): string | undefined {
  const level = env.OPENCLAW_LOG_LEVEL?.trim();
  if (!level || readLevel(env)) return undefined;
  return `OPENCLAW_LOG_LEVEL "${level.slice(0, 40)}" has no effect: it is one of ${levels.join(', ')}`;
}

/** Has the log follow the configuration: the line after a change is written by it. */
export function followLogging(
  live: Pick<LiveConfig, 'current' | 'onChange'>,
  log: Log & { configure(settings: LogSettings): void },
  toSettings: (config: Config) => LogSettings,
): void {
  let before = JSON.stringify(toSettings(live.current()));
  live.onChange((config) => {
    const settings = toSettings(config);
    const now = JSON.stringify(settings);
    if (now === before) return;
    before = now;
    try {
      log.configure(settings);
    } catch (error) {
      // A listener may not throw, and the log goes on as it was.
      log.error('the settings of the log stay as they were', { error });
    }
  });
}

// --- internal ---

const levels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

function readLevel({ OPENCLAW_LOG_LEVEL: level = '' }: Environment): (typeof levels)[number] | undefined {
  return levels.find((known) => known === level.trim().toLowerCase());
}
