import type { GatewaySettings } from '../../../server/config/gateway.ts';
import type { LoadedConfig } from '../../../server/config/load.ts';
import type { Paths } from '../../../server/config/paths.ts';
import { listSecrets } from '../../../server/config/redact.ts';
import type { Console, createLog, FileLog } from '../../../server/log/file-log.ts';
import type { LogLevel } from '../../../server/log/levels.ts';
import type { createRedactor } from '../../../server/log/redact.ts';

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
  /** Hides one more secret from now on. */
  learn(secret: string): void;
  /** Keeps later lines off the console. */
  toFileOnly(): void;
}

/** Opens the gateway's log as the configuration and the flags want it. @throws GatewayError INVALID_CONFIG */
export function openLog(makers: LogMakers, { loaded, settings, paths, env, verbose, json }: LogSetting): OpenedLog {
  const { level, file, maxFileBytes, consoleLevel, consoleStyle, redactPatterns } = loaded.config.logging ?? {};
  const secrets = [...listSecrets(loaded.config), settings.auth.token, settings.auth.password, ...secretsOf(env)];
  const redact = makers.createRedactor({
    secrets: secrets.filter((secret) => secret !== undefined),
    patterns: redactPatterns,
  });
  const stdout = gateOf(process.stdout);
  const log = makers.createLog({
    file,
    profile: paths.profile,
    level: level as LogLevel | undefined,
    consoleLevel: verbose ? 'debug' : (consoleLevel as LogLevel | undefined),
    consoleStyle: json || consoleStyle === 'json' ? 'json' : 'pretty',
    maxFileBytes,
    redact,
    stdout,
  });
  return { log, learn: redact.learn, toFileOnly: stdout.shut };
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
