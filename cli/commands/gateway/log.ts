import type { Config } from '../../../server/config/config.ts';
import type { GatewaySettings } from '../../../server/config/gateway.ts';
import type { LoadedConfig } from '../../../server/config/load.ts';
import { findLevelFault, toLogSettings } from '../../../server/config/log-settings.ts';
import type { Paths } from '../../../server/config/paths.ts';
import { listSecrets } from '../../../server/config/redact.ts';
import type { Console, createLog, FileLog } from '../../../server/log/file-log.ts';
import type { createRedactor } from '../../../server/log/redact.ts';
import type { LogSettings } from '../../../server/log/settings.ts';

/** What makes a log; handed in, since only run.ts loads the server. */
export interface LogMakers {
  createLog: typeof createLog;
  createRedactor: typeof createRedactor;
}

export interface LogSetting {
  loaded: LoadedConfig;
  settings: GatewaySettings;
  paths: Paths;
  env: NodeJS.ProcessEnv;
  /** Debug messages on the console. */
  verbose: boolean;
  /** Lines on the console are those of the file. */
  json: boolean;
}

export interface OpenedLog {
  log: FileLog;
  /** What a configuration says of the log, less what the command line has decided. */
  toSettings(config: Config): LogSettings;
  /** Keeps later lines off the console. */
  toFileOnly(): void;
}

/** Opens the gateway's log as the configuration and the flags want it. @throws GatewayError INVALID_CONFIG */
export function openLog(makers: LogMakers, { loaded, settings, paths, env, verbose, json }: LogSetting): OpenedLog {
  const secrets = [...listSecrets(loaded.config), settings.auth.token, settings.auth.password, ...secretsOf(env)];
  const toSettings = (config: Config): LogSettings => {
    const wanted = toLogSettings(config, env);
    return {
      ...wanted,
      ...(verbose && { consoleLevel: 'debug' }),
      ...(json && { consoleStyle: 'json' }),
    };
  };
  const redact = makers.createRedactor({
    secrets: secrets.filter((secret) => secret !== undefined),
    patterns: loaded.config.logging?.redactPatterns,
  });
  const stdout = gateOf(process.stdout);
  const log = makers.createLog({ ...toSettings(loaded.config), profile: paths.profile, redact, stdout });
  const fault = findLevelFault(env);
  if (fault) log.warn(fault);
  return { log, toSettings, toFileOnly: stdout.shut };
}

// --- internal ---

/** Environment variables that hold credentials by their name, for example `OPENAI_API_KEY`. */
function secretsOf(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value && /(_|^)(API_KEY|TOKEN|PASSWORD|SECRET)$/.test(name) ? [value] : [],
  );
}

function gateOf(stream: NodeJS.WriteStream): Console & { shut(): void } {
  let open = true;
  return {
    write: (chunk: unknown) => !open || stream.write(chunk as string),
    on: stream.on.bind(stream),
    off: stream.off.bind(stream),
    get writableLength() {
      return stream.writableLength;
    },
    isTTY: stream.isTTY,
    shut() {
      open = false;
    },
  } as Console & { shut(): void };
}
