import type { ModelChoice } from '../sdk/protocol/health.ts';
import type { AuthPolicy } from './auth/authenticate.ts';
import { type GatewaySettings, requireOwnHookToken } from './config/gateway.ts';
import { createLiveConfig } from './config/live.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Paths } from './config/paths.ts';
import {
  openStateDir,
  removeRuntimeFile,
  stateDirInUse,
  toShareableSecret,
  writeRuntimeFile,
} from './config/state-dir.ts';
import type { Environment } from './config/substitute.ts';
import { ensureToken } from './config/token.ts';
import { openDatabase } from './database/database.ts';
import { lockFolder, lockFolderSoon } from './database/lock.ts';
import { type House, openDomains } from './domains.ts';
import { openFronts } from './fronts.ts';
import type { HttpLimits } from './http/deps.ts';
import { listen } from './listen.ts';
import type { FileLog } from './log/file-log.ts';
import type { Log } from './log/log.ts';
import type { Keeper } from './system/restart.ts';
import type { Goodbye } from './wire/wire.ts';

export interface GatewayOptions {
  paths: Paths;
  loaded: LoadedConfig;
  settings: GatewaySettings;
  env: Environment;
  version: string;
  /** Folder of the documentation that `builtin/guide` answers from. */
  docsDir: string;
  /** Names the sources of this build. */
  buildId?: string | undefined;
  /** Folder of the package; tells how it was installed. */
  packageDir?: string | undefined;
  /** Who can start the gateway anew in this process; without one it refuses to restart. */
  keeper?: Keeper | undefined;
  /** Closed together with the gateway. */
  log: FileLog;
  /** Hides one more secret in the log from now on. Default: does nothing. */
  learn?: ((secret: string) => void) | undefined;
  /** Milliseconds that runs have to end when the gateway closes. Default 15 000. */
  drainMs?: number | undefined;
  /** Of the HTTP side. */
  httpLimits?: Partial<HttpLimits> | undefined;
}

export interface Gateway {
  /** Where clients on this machine connect, for example `ws://127.0.0.1:18789`. */
  url: string;
  port: number;
  /** The model of each agent and why that one; resolves once local model servers have been looked for. */
  models(): Promise<({ agentId: string } & ModelChoice)[]>;
  /** Stops: refuses new work, waits up to `drainMs` for runs, tells every client, closes everything. A second call waits too. */
  close(goodbye?: Goodbye): Promise<void>;
}

/** Where the gateway stands in its life. */
export interface Life {
  phase: 'starting' | 'started' | 'draining';
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Empty until the port is bound. */
  url: string;
}

const healthIntervalMs = 60_000;
const pruneIntervalMs = 10 * 60_000;
const defaultDrainMs = 15_000;
const lockMs = 3_000;
const stopping: Goodbye = { reason: 'gateway stopping' };

/**
 * Builds the domains, opens both fronts on one listener, and picks up what the last gateway left.
 * @throws GatewayError UNAVAILABLE when the port or the state directory is in use, INVALID_CONFIG when it cannot be used.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { paths, settings } = options;
  const life: Life = { phase: 'starting', startedAt: Date.now(), url: '' };
  await openStateDir(paths.stateDir, settings.port);
  const policy = await readPolicy(settings, paths);
  const deviceSecret = await ensureToken(paths.deviceSecretPath, 'secret of device tokens');
  requireOwnHookToken(options.loaded.config, policy);
  const live = createLiveConfig(options.loaded);
  const database = await openDatabase(paths.databasePath);
  let lock = lockFolder(paths.stateDir);
  const house = openDomains(options, { database, deviceSecret, live, life, front: () => fronts.wire });
  const fronts = openFronts(options, { house, policy, life });
  const { runs, models } = house.domains;
  const log = options.log.child('gateway');

  const closeRooms = async () => {
    await house.close();
    await database.close();
    lock?.close();
  };
  const listener = await listen({
    port: settings.port,
    hosts: settings.hosts,
    onRequest: fronts.http.listener,
    onUpgrade: fronts.wire.upgrade,
    attach: fronts.http.attach,
  }).catch(async (error: unknown) => {
    await fronts.wire.close(stopping);
    await closeRooms();
    throw error;
  });

  /** Goes on with what the last gateway left. A second one on the same port has been told so, in better words. */
  const takeOver = async () => {
    // Who held it may have lost the port to this one, and be about to end.
    lock ??= await lockFolderSoon(paths.stateDir, lockMs);
    if (!lock) throw stateDirInUse(paths.stateDir);
    house.recover();
    life.url = `ws://${toLocalHost(settings)}:${listener.port}`;
    const secret = toShareableSecret(policy, options);
    await writeRuntimeFile(paths.stateDir, { url: life.url, pid: process.pid, ...secret });
  };
  await takeOver().catch(async (error: unknown) => {
    await fronts.wire.close(stopping);
    await listener.close();
    await closeRooms();
    throw error;
  });
  life.phase = 'started';
  const timers = startTimers(house, log);
  const tookMs = Date.now() - life.startedAt;
  log.info('ready', { url: life.url, bind: settings.bind, auth: policy.mode, pid: process.pid, tookMs });
  reportRestart(house.domains, log);

  const stop = async (goodbye: Goodbye): Promise<void> => {
    life.phase = 'draining';
    log.info('stopping', { reason: goodbye.reason });
    for (const timer of timers) clearInterval(timer);
    fronts.wire.drain();
    await runs.drain(options.drainMs ?? defaultDrainMs);
    await fronts.wire.close(goodbye);
    await listener.close();
    await closeRooms();
    await removeRuntimeFile(paths.stateDir);
    log.info('stopped');
    await options.log.close();
  };
  let stopped: Promise<void> | undefined;

  return {
    url: life.url,
    port: listener.port,
    async models() {
      await models.ready;
      return house.health.sumUp().models;
    },
    close(goodbye = stopping) {
      stopped ??= stop(goodbye);
      return stopped;
    },
  };
}

// --- internal ---

/** Tells everybody how the gateway is, and takes out what is old, at intervals. */
function startTimers({ publish, health, prune }: House, log: Log): NodeJS.Timeout[] {
  return [
    repeat(healthIntervalMs, log, () => publish('health', health.takeHealth())),
    repeat(pruneIntervalMs, log, prune),
  ];
}

/** Tells of the restart that led to this gateway. */
function reportRestart({ restart, diagnostics }: House['domains'], log: Log): void {
  const last = restart.last();
  if (!last) return;
  const { status, reason, message } = last;
  diagnostics.record({ type: 'gateway.restart', reason, action: status, durationMs: Date.now() - last.ts });
  if (status === 'error')
    log.error(`restarted with the configuration from before, the new one is of no use: ${message}`);
}

/** Works at intervals. One time that fails, as on a full disk, is noted and does not keep the next from coming. */
function repeat(intervalMs: number, log: Log, work: () => void): NodeJS.Timeout {
  const attempt = () => {
    try {
      work();
    } catch (error) {
      log.error('regular work failed, and will be tried again', { error });
    }
  };
  return setInterval(attempt, intervalMs).unref();
}

/** The secret in effect: the configured one, or the gateway's own, made on the first start. */
async function readPolicy({ auth }: GatewaySettings, { tokenPath }: Paths): Promise<AuthPolicy> {
  if (auth.mode !== 'token' || auth.token !== undefined) return auth;
  return { ...auth, token: await ensureToken(tokenPath), source: tokenPath };
}

/** The address at which clients on this machine find a listener. */
function toLocalHost({ hosts }: GatewaySettings): string {
  const host = hosts.at(-1) ?? '127.0.0.1';
  return host === '0.0.0.0' ? '127.0.0.1' : host;
}
