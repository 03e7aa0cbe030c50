import type { ModelChoice } from '../sdk/protocol/health.ts';
import { keepLastGood } from './config/backups.ts';
import type { Config } from './config/config.ts';
import type { Prepared } from './config/config-file.ts';
import { type GatewaySettings, requireOwnHookToken } from './config/gateway.ts';
import { createLiveConfig } from './config/live.ts';
import type { LoadedConfig } from './config/load.ts';
import { followLogging, toLogSettings } from './config/log-settings.ts';
import type { Paths } from './config/paths.ts';
import {
  openStateDir,
  type RuntimeFile,
  removeRuntimeFile,
  toFlagged,
  toShareableSecret,
  writeRuntimeFile,
} from './config/state-dir.ts';
import type { Environment } from './config/substitute.ts';
import { ensureToken } from './config/token.ts';
import { openDatabase } from './database/database.ts';
import { type GatewayLock, takeGatewayLock } from './database/gateway-lock.ts';
import { type House, openDomains } from './domains.ts';
import { openFronts } from './fronts.ts';
import type { HttpLimits } from './http/deps.ts';
import { type Ingress, openIngress } from './ingress.ts';
import { listen } from './listen.ts';
import type { FileLog } from './log/file-log.ts';
import type { Log } from './log/log.ts';
import type { LogSettings } from './log/settings.ts';
import { createRenewal, readPolicy } from './renewal.ts';
import type { Keeper } from './system/restart.ts';
import { createSteps, type Steps } from './system/steps.ts';
import { openCertificate } from './tls/certificate.ts';
import { readTlsSettings } from './tls/settings.ts';
import type { TrafficStyle } from './wire/traffic.ts';
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
  /** How the log follows a change of the configuration. Default: as the configuration and the environment say. */
  toLogSettings?: ((config: Config) => LogSettings) | undefined;
  /**
   * What the process makes of another configuration: how it would listen and recognise callers, and what it changes of its own
   * once that is in effect. Default: no flags are known, and nothing is changed.
   * @throws GatewayError INVALID_CONFIG when the gateway would not be started with it.
   */
  renew?: ((loaded: LoadedConfig) => Prepared & { settings: GatewaySettings }) | undefined;
  /** Milliseconds that runs have to end when the gateway closes. Default 15 000. */
  drainMs?: number | undefined;
  /** What the start waits for. Default: as the documentation says, and not in vain when the process is to end. */
  patience?: Patience | undefined;
  /** Tells requests of sockets and their answers at level debug. Default: not. */
  wsLog?: TrafficStyle | undefined;
  /** Of the HTTP side. */
  httpLimits?: Partial<HttpLimits> | undefined;
}

/** How long a start waits for another process to leave. */
export interface Patience {
  /** Milliseconds for the locks. Default 5000. */
  lockMs?: number | undefined;
  /** How often the port is tried, twice a second. Default 20. */
  portTries?: number | undefined;
  /** Told when there is something to wait for. */
  onWait?: ((why: string) => void) | undefined;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
}

export interface Gateway {
  /** Where clients on this machine connect, for example `ws://127.0.0.1:18789`. */
  url: string;
  port: number;
  /** SHA-256 of the certificate it answers with; undefined without TLS. */
  tlsFingerprint: string | undefined;
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
const defaultPortTries = 20;
const stopping: Goodbye = { reason: 'gateway stopping' };

/**
 * Builds the domains, opens both fronts on one listener, and picks up what the last gateway left.
 * @throws GatewayError UNAVAILABLE when the port or the state directory is in use, INVALID_CONFIG when it cannot be used.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { paths, settings, env, patience = {} } = options;
  const steps = createSteps();
  await openStateDir(paths.stateDir);
  const lock = await takeGatewayLock({
    ...paths,
    port: settings.port,
    sharesConfig: env.OPENCLAW_ALLOW_MULTI_GATEWAY?.trim() === '1',
    withinMs: patience.lockMs,
    signal: patience.signal,
    onWait: (owner) =>
      patience.onWait?.(`waiting for the gateway${owner ? ` (pid ${owner.pid})` : ''} that is here to end`),
  });
  steps.end('lock');
  try {
    return await openGateway(options, lock, steps);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

// --- internal ---

async function openGateway(options: GatewayOptions, lock: GatewayLock, steps: Steps): Promise<Gateway> {
  const { paths, settings, patience = {} } = options;
  const life: Life = { phase: 'starting', startedAt: Date.now(), url: '' };
  const policy = await readPolicy(settings, paths);
  const deviceSecret = await ensureToken(paths.deviceSecretPath, 'secret of device tokens');
  requireOwnHookToken(options.loaded.config, policy);
  const live = createLiveConfig(options.loaded);
  hideSecrets(options.log, [policy.token, policy.password, deviceSecret]);
  followLogging(live, options.log, options.toLogSettings ?? ((config) => toLogSettings(config, options.env)));
  steps.end('secrets');
  const tlsSettings = readTlsSettings(options.loaded.config.gateway?.tls, paths);
  let where: Omit<RuntimeFile, 'url' | 'pid'> = { flags: toFlagged(settings), ...toShareableSecret(policy, options) };
  /** For clients on this machine: what has changed since it was told last. */
  const tellWhere = async (news: typeof where) => {
    where = { ...where, ...news };
    await writeRuntimeFile(paths.stateDir, { url: life.url, pid: process.pid, ...where });
  };
  const certificate =
    tlsSettings &&
    (await openCertificate(tlsSettings, {
      log: options.log.child('tls'),
      isPaused: () => live.current().gateway?.reload?.mode === 'off',
      async renewed({ material, fingerprint }) {
        listener.renew(material);
        await tellWhere({ tlsFingerprint: fingerprint });
      },
    }));

  const database = await openDatabase(paths.databasePath).catch((error: unknown) => {
    certificate?.close();
    throw error;
  });
  steps.end('database');
  const prepare = createRenewal(options, {
    authentication: () => fronts.authentication,
    wire: () => fronts.wire,
    tellWhere,
  });
  const house = openDomains(options, { database, deviceSecret, live, life, prepare, front: () => fronts.wire });
  const fronts = openFronts(options, { house, policy, life });
  const { runs, models } = house.domains;
  const log = options.log.child('gateway');

  const closeRooms = async () => {
    certificate?.close();
    await house.close();
    await database.close();
  };
  steps.end('rooms');
  const listener = await listen({
    port: settings.port,
    hosts: settings.hosts,
    retry: { tries: patience.portTries ?? defaultPortTries, signal: patience.signal, onWait: patience.onWait },
    onRequest: fronts.http.listener,
    onUpgrade: fronts.wire.upgrade,
    attach: fronts.http.attach,
    tls: certificate?.material,
  }).catch(async (error: unknown) => {
    await fronts.wire.close(stopping);
    await closeRooms();
    throw error;
  });

  steps.end('listen');

  let ingress: Ingress | undefined;
  /** Goes on with what the last gateway left. */
  const takeOver = async () => {
    house.recover();
    life.url = `${certificate ? 'wss' : 'ws'}://${toLocalHost(settings)}:${listener.port}`;
    ingress = await openIngress(settings.tailscale, { fronts, stateDir: paths.stateDir, env: options.env, life, log });
    await tellWhere({ tlsFingerprint: certificate?.fingerprint });
  };
  await takeOver().catch(async (error: unknown) => {
    await ingress?.close();
    await fronts.wire.close(stopping);
    await listener.close();
    await closeRooms();
    throw error;
  });
  life.phase = 'started';
  const timers = startTimers(house, log);
  steps.end('recovery');
  tellReady(options, { url: life.url, authMode: policy.mode, steps, models });
  if (certificate) log.info(`TLS certificate SHA-256 ${certificate.fingerprint}`, { file: tlsSettings?.certPath });
  reportRestart(house.domains, log);
  // Nobody waits for it but the end: the folder may be gone after that.
  const kept = keepLastGood(options.loaded).catch((error: unknown) =>
    log.warn('the configuration that this start has proven could not be kept as the last good one', { error }),
  );
  followFile(house.domains, log);

  const stop = async (goodbye: Goodbye): Promise<void> => {
    life.phase = 'draining';
    log.info('stopping', { reason: goodbye.reason });
    for (const timer of timers) clearInterval(timer);
    fronts.wire.drain();
    await kept;
    await runs.drain(options.drainMs ?? defaultDrainMs);
    await ingress?.close();
    await fronts.wire.close(goodbye);
    await listener.close();
    await closeRooms();
    await removeRuntimeFile(paths.stateDir);
    await lock.release();
    log.info('stopped');
    await options.log.close();
  };
  let stopped: Promise<void> | undefined;

  return {
    url: life.url,
    port: listener.port,
    get tlsFingerprint() {
      return certificate?.fingerprint;
    },
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

/** Hides what only the gateway itself has made or was told on the command line. */
function hideSecrets({ learn }: FileLog, secrets: readonly (string | undefined)[]): void {
  for (const secret of secrets) if (secret) learn(secret);
}

/** Tells everybody how the gateway is, and takes out what is old, at intervals. */
function startTimers({ publish, health, prune }: House, log: Log): NodeJS.Timeout[] {
  return [
    repeat(healthIntervalMs, log, () => publish('health', health.takeHealth())),
    repeat(pruneIntervalMs, log, prune),
  ];
}

/** The ready lines, and later how long the look for models took. */
function tellReady(
  { settings, log: whole }: GatewayOptions,
  {
    url,
    authMode,
    steps,
    models,
  }: { url: string; authMode: string; steps: Steps; models: { ready: Promise<unknown> } },
): void {
  const log = whole.child('gateway');
  const { hosts, port, bind } = settings;
  const places = hosts.map((host) => `${host}:${port || new URL(url).port}`).join(', ');
  log.info(`http server listening (${places}; ${steps.describe()})`, { url, bind, steps: steps.took() });
  log.info(`log file: ${whole.currentFile()}`);
  const tookMs = Object.values(steps.took()).reduce((sum, ms) => sum + ms, 0);
  log.info('ready', { url, bind, auth: authMode, pid: process.pid, tookMs });
  const since = performance.now();
  void models.ready.then(() => {
    log.debug(`models looked for (${Math.round(performance.now() - since)} ms after ready)`);
  });
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

/** Follows the configuration file, once everything else is done: it is in no hurry. */
function followFile({ configReload, restart }: House['domains'], log: Log): void {
  const last = restart.last();
  const failed = last?.status === 'error' ? last.message : undefined;
  configReload.watch(failed).catch((error: unknown) => log.error('the configuration file is not watched', { error }));
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

/** The address at which clients on this machine find a listener. */
function toLocalHost({ hosts }: GatewaySettings): string {
  const host = hosts.at(-1) ?? '127.0.0.1';
  return host === '0.0.0.0' ? '127.0.0.1' : host;
}
