import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { GatewayError } from '../sdk/protocol/errors.ts';
import type { ModelChoice } from '../sdk/protocol/health.ts';
import type { CallContext } from '../sdk/protocol/method.ts';
import type { Principal } from '../sdk/protocol/scopes.ts';
import { createRuns } from './agent/live-runs.ts';
import { recoverRuns } from './agent/recover.ts';
import { createRunStore } from './agent/run-store.ts';
import { createSessionTools } from './agent/tools/sessions.ts';
import { createToolbox } from './agent/tools/tool.ts';
import { limitAttempts } from './auth/attempts.ts';
import { defineAuthentication } from './auth/authenticate.ts';
import { resolveAgents } from './config/agents.ts';
import type { GatewaySettings } from './config/gateway.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Paths } from './config/paths.ts';
import { readConfigSnapshot } from './config/snapshot.ts';
import type { Environment } from './config/substitute.ts';
import { ensureToken } from './config/token.ts';
import { openDatabase } from './database/database.ts';
import { watchEventLoop } from './health/event-loop.ts';
import { createHealth } from './health/snapshot.ts';
import { createHttpApp } from './http/app.ts';
import { listen } from './listen.ts';
import type { FileLog } from './log/file-log.ts';
import { createMethods } from './methods/table.ts';
import { createGuideProvider } from './models/guide.ts';
import { createModelRegistry } from './models/live-registry.ts';
import { findRunningGateway, removeRuntimeFile, writeRuntimeFile } from './runtime-file.ts';
import { createSessionStore } from './sessions/store.ts';
import { createWire } from './wire/wire.ts';

export interface GatewayOptions {
  paths: Paths;
  loaded: LoadedConfig;
  settings: GatewaySettings;
  env: Environment;
  version: string;
  /** Folder of the documentation that `builtin/guide` answers from. */
  docsDir: string;
  /** Closed together with the gateway. */
  log: FileLog;
}

export interface Gateway {
  /** Where clients on this machine connect, for example `ws://127.0.0.1:18789`. */
  url: string;
  port: number;
  /** Resolves once local model servers have been looked for, with the model of each agent and why that one. */
  models(): Promise<({ agentId: string } & ModelChoice)[]>;
  /** Stops: refuses new work, waits up to 15 s for runs, tells every client, closes everything. A second call waits too. */
  close(reason?: string): Promise<void>;
}

const healthIntervalMs = 60_000;
const pruneIntervalMs = 60 * 60_000;
const drainMs = 15_000;
const defaultMaxConcurrent = 64;
const defaultRunSeconds = 600;

/** Builds the domains, opens both fronts on one listener, and picks up what the last gateway left. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { paths, loaded, settings, env, version, docsDir } = options;
  const { config } = loaded;
  const startedAt = Date.now();
  const log = options.log.child('gateway');
  let phase: 'starting' | 'started' | 'draining' = 'starting';
  let url = '';

  await openStateDir(paths.stateDir, settings.port);
  const auth = { ...settings.auth, token: settings.auth.token ?? (await tokenFor(settings, paths)) };
  const attempts = limitAttempts(settings.rateLimit);
  const authentication = defineAuthentication({ ...auth, source: sourceOf(settings, paths) }, attempts);
  const database = await openDatabase(paths.databasePath);

  // Domains. Events leave through the wire, which is built last: nothing happens before it is there.
  const agents = resolveAgents(config, paths.stateDir);
  const mainKey = config.session?.mainKey ?? 'main';
  const guide = createGuideProvider({ docsDir, live: () => toGuideLive() });
  const models = createModelRegistry({ config, env, log: options.log.child('models'), guide });
  const modelOf = (agentId: string, override: string | null) => {
    const agent = agents.find((candidate) => candidate.id === agentId);
    return splitReference(override ?? agent?.primary ?? models.fallback().model);
  };
  const publish: typeof wire.publish = (event, payload, audience) => wire.publish(event, payload, audience);
  const sessions = createSessionStore({ database, mainKey, modelOf, publish });
  const store = createRunStore(database);
  const runs = createRuns({
    database,
    store,
    sessions,
    publish,
    log: options.log.child('agent'),
    models,
    toolbox: createToolbox(createSessionTools({ sessions, agents, mainKey })),
    maxConcurrent: config.agents?.defaults?.maxConcurrent ?? defaultMaxConcurrent,
    timeoutMs: (config.agents?.defaults?.timeoutSeconds || defaultRunSeconds) * 1000,
  });
  const eventLoop = watchEventLoop();
  const health = createHealth({ agents, sessions, runs, models, eventLoop, version, startedAt });
  const methods = createMethods({
    config,
    agents,
    sessions,
    runs,
    models,
    log: options.log,
    publish,
    presence: () => wire.presence(),
    health: health.takeHealth,
    status: health.sumUp,
    configSnapshot: () => readConfigSnapshot({ path: paths.configPath, env }, loaded),
    logFile: () => options.log.currentFile(),
  });

  // Fronts.
  const allowedOrigins = config.gateway?.controlUi?.allowedOrigins ?? [];
  const bootId = randomUUID();
  const wire = createWire({
    authentication,
    allowedOrigins,
    handle: methods.handle,
    hello: () => ({
      server: { version, bootId },
      snapshot: {
        health: health.takeHealth(),
        uptimeMs: Date.now() - startedAt,
        suspension: { phase: phase === 'draining' ? 'draining' : 'accepting' },
        appliedConfigHash: loaded.hash,
        sessionDefaults: {
          defaultAgentId: agents[0]?.id ?? '',
          mainKey,
          mainSessionKey: `agent:${agents[0]?.id}:${mainKey}`,
          scope: config.session?.scope ?? 'per-sender',
          modelConfigured: models.fallback().model !== 'builtin/guide',
        },
        configPath: paths.configPath,
        stateDir: paths.stateDir,
        authMode: auth.mode,
      },
    }),
    self: { host: hostname(), version, platform: process.platform },
    isStarting: () => phase === 'starting',
    log: options.log,
  });
  const callContext = (principal: Principal): CallContext => ({
    principal,
    handle: (path, input, { signal, context }) =>
      methods.handle(path, input, {
        signal,
        principal: context.principal,
        subscriptions: undefined,
        follow: undefined,
      }),
    listen: wire.listen,
  });
  const http = createHttpApp({
    authentication,
    allowedOrigins,
    agents,
    config,
    runs,
    models,
    sessions,
    probes: { phase: () => phase, failing: () => [], startedAt },
    callContext,
    log: options.log.child('http'),
  });

  const listener = await listen({
    port: settings.port,
    hosts: settings.hosts,
    onRequest: http.listener,
    onUpgrade: wire.upgrade,
  }).catch(async (error: unknown) => {
    await Promise.all([models.close(), wire.close({ reason: 'start failed' })]);
    eventLoop.close();
    await database.close();
    throw error;
  });

  // The port is ours, so no other gateway of this port works on these runs.
  const interrupted = recoverRuns({ database, store, sessions, isLive: (runId) => runs.live(runId) !== undefined });
  if (interrupted > 0)
    log.warn(`${interrupted} run(s) were interrupted when the gateway went down; their sessions say so`);
  url = `ws://${settings.hosts.at(-1) === '0.0.0.0' ? '127.0.0.1' : settings.hosts.at(-1)}:${listener.port}`;
  await writeRuntimeFile(paths.stateDir, { url, pid: process.pid, ...shareableSecret(auth, loaded, settings) });
  phase = 'started';
  const timers = [
    setInterval(() => publish('health', health.takeHealth()), healthIntervalMs).unref(),
    setInterval(() => prune(), pruneIntervalMs).unref(),
  ];
  log.info('ready', {
    url,
    bind: settings.bind,
    auth: auth.mode,
    pid: process.pid,
    durationMs: Date.now() - startedAt,
  });

  const prune = () => {
    const [oldSessions, oldRuns] = [sessions.prune(), runs.prune()];
    if (oldSessions + oldRuns > 0) log.info('pruned', { sessions: oldSessions, runs: oldRuns });
  };
  const toGuideLive = () => ({
    version,
    uptimeMs: Date.now() - startedAt,
    url,
    bind: settings.bind,
    authMode: auth.mode,
    agents: health.sumUp().models.map(({ agentId, model, reason }) => ({ id: agentId, model, reason })),
    sessions: sessions.count(),
    runs: runs.counts(),
    connections: wire.counts().ready,
    configPath: paths.configPath,
    configExists: loaded.exists,
    stateDir: paths.stateDir,
    logFile: options.log.currentFile(),
    memory: { rss: process.memoryUsage().rss },
    channels: [],
  });

  const stop = async (reason: string): Promise<void> => {
    phase = 'draining';
    log.info('stopping', { reason });
    for (const timer of timers) clearInterval(timer);
    wire.drain();
    await runs.drain(drainMs);
    await wire.close({ reason });
    await listener.close();
    await Promise.all([models.close(), guide.close()]);
    eventLoop.close();
    await database.close();
    await removeRuntimeFile(paths.stateDir);
    log.info('stopped');
    await options.log.close();
  };
  let stopping: Promise<void> | undefined;

  return {
    url,
    port: listener.port,
    async models() {
      await models.ready;
      return health.sumUp().models;
    },
    close(reason = 'gateway stopping') {
      stopping ??= stop(reason);
      return stopping;
    },
  };
}

/**
 * Makes the state directory, and makes sure that no other gateway works on it. One that has our port is left to `listen`,
 * which says so better.
 */
async function openStateDir(stateDir: string, port: number): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError(
      'INVALID_CONFIG',
      `cannot make the state directory ${stateDir} (${error.code}): correct the owner and mode of its parent, or name another one with OPENCLAW_STATE_DIR`,
      { details: { path: stateDir, errno: error.code }, cause: error },
    );
  });
  const other = await findRunningGateway(stateDir);
  if (!other || new URL(other.url).port === String(port)) return;
  throw new GatewayError(
    'UNAVAILABLE',
    `another gateway (pid ${other.pid}, ${other.url}) is using the state directory ${stateDir}: stop it, or give this one its own with OPENCLAW_STATE_DIR or --profile`,
    { details: { code: 'STATE_DIR_IN_USE', pid: other.pid, url: other.url } },
  );
}

function tokenFor({ auth }: GatewaySettings, { tokenPath }: Paths): Promise<string> | undefined {
  return auth.mode === 'token' ? ensureToken(tokenPath) : undefined;
}

/** Where the secret is, for the message to a caller that has a wrong one. */
function sourceOf({ auth }: GatewaySettings, { tokenPath }: Paths): string {
  return auth.source === 'gateway.token' ? tokenPath : auth.source;
}

/** The secret for the runtime file: none that is only in the environment or on the command line. */
function shareableSecret(
  { token, password }: { token?: string | undefined; password?: string | undefined },
  { parsed }: LoadedConfig,
  { auth }: GatewaySettings,
) {
  const written = (parsed as { gateway?: { auth?: { token?: unknown; password?: unknown } } }).gateway?.auth ?? {};
  if (auth.source === 'gateway.token' || (token && written.token === token)) return { token };
  return password && written.password === password ? { password } : {};
}

function splitReference(reference: string): { provider: string; model: string } {
  const slash = reference.indexOf('/');
  return slash < 0
    ? { provider: '', model: reference }
    : { provider: reference.slice(0, slash), model: reference.slice(slash + 1) };
}
