import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RecordStability } from '../sdk/protocol/diagnostics.ts';
import type { Publish } from '../sdk/protocol/events.ts';
import type { LastRestart } from '../sdk/protocol/gateway.ts';
import type { ModelChoice } from '../sdk/protocol/health.ts';
import type { CallContext } from '../sdk/protocol/method.ts';
import type { Principal } from '../sdk/protocol/scopes.ts';
import type { SessionRow } from '../sdk/protocol/sessions.ts';
import { createCompaction } from './agent/compaction/compaction.ts';
import { createInstructions } from './agent/instructions.ts';
import { createRuns } from './agent/live-runs.ts';
import { createNotes } from './agent/notes.ts';
import { recoverRuns } from './agent/recover.ts';
import { createRunStore } from './agent/run-store.ts';
import { createFileTools } from './agent/tools/files.ts';
import { createToolRegistry } from './agent/tools/registry.ts';
import { createSessionTools } from './agent/tools/sessions.ts';
import { createAgentChanges } from './agents/changes.ts';
import { createAgentSessions } from './agents/purge.ts';
import { limitAttempts } from './auth/attempts.ts';
import { type AuthPolicy, defineAuthentication } from './auth/authenticate.ts';
import type { Caller } from './auth/caller.ts';
import { createChatCommands } from './commands/registry.ts';
import { createRoster } from './config/agents.ts';
import { announceConfig } from './config/announce.ts';
import { createConfigFile } from './config/config-file.ts';
import { describeConfig } from './config/describe.ts';
import { createFingerprint, type Fingerprint } from './config/fingerprint.ts';
import type { GatewaySettings } from './config/gateway.ts';
import { createLiveConfig, type LiveConfig } from './config/live.ts';
import type { LoadedConfig } from './config/load.ts';
import type { Paths } from './config/paths.ts';
import { createRevisions } from './config/revisions.ts';
import {
  openStateDir,
  removeRuntimeFile,
  stateDirInUse,
  toShareableSecret,
  writeRuntimeFile,
} from './config/state-dir.ts';
import type { Environment } from './config/substitute.ts';
import { ensureToken } from './config/token.ts';
import { type Database, openDatabase } from './database/database.ts';
import { lockFolder } from './database/lock.ts';
import { createDevices } from './devices/devices.ts';
import { watchEventLoop } from './health/event-loop.ts';
import { createHelloFacts } from './health/hello.ts';
import { createHealth } from './health/snapshot.ts';
import { createStability } from './health/stability.ts';
import { watchStrain } from './health/strain.ts';
import { createHttpApp } from './http/app.ts';
import { listen } from './listen.ts';
import type { FileLog } from './log/file-log.ts';
import type { Log } from './log/log.ts';
import { tailLog } from './log/tail.ts';
import { createCallBudget } from './methods/call-budget.ts';
import { createMethods } from './methods/table.ts';
import { createGuideProvider, type GuideLive } from './models/guide.ts';
import { createModelRegistry } from './models/live-registry.ts';
import { parseSessionKey } from './sessions/key.ts';
import { createSessionStore } from './sessions/store.ts';
import { openIdentity } from './system/identity.ts';
import { describeMachine } from './system/machine.ts';
import { createRestart, type Keeper } from './system/restart.ts';
import { createSystemEvents } from './system/system-events.ts';
import { createUpdates } from './system/updates.ts';
import { createLedger } from './usage/ledger.ts';
import { createUsageReport } from './usage/report.ts';
import { limitsFrom } from './wire/limits.ts';
import { createWire, type Goodbye } from './wire/wire.ts';
import { createAgentFiles } from './workspace/agent-files.ts';
import { createPromptFiles } from './workspace/prompt-files.ts';
import { createWorkspaces } from './workspace/starter.ts';

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
}

export interface Gateway {
  /** Where clients on this machine connect, for example `ws://127.0.0.1:18789`. */
  url: string;
  port: number;
  /** The model of each agent and why that one; resolves once local model servers have been looked for. */
  models(): Promise<({ agentId: string } & ModelChoice)[]>;
  /** Stops: refuses new work, waits up to 15 s for runs, tells every client, closes everything. A second call waits too. */
  close(goodbye?: Goodbye): Promise<void>;
}

/** Where the gateway stands in its life. */
interface Life {
  phase: 'starting' | 'started' | 'draining';
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Empty until the port is bound. */
  url: string;
}

const healthIntervalMs = 60_000;
const pruneIntervalMs = 60 * 60_000;
const drainMs = 15_000;
const defaultMaxConcurrent = 64;
const defaultRunSeconds = 600;

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
  const live = createLiveConfig(options.loaded);
  const fingerprint = createFingerprint(`config ${deviceSecret}`);
  const database = await openDatabase(paths.databasePath);
  let lock = lockFolder(paths.stateDir);
  const domains = openDomains(options, { database, deviceSecret, live, fingerprint, life, front: () => fronts.wire });
  const fronts = openFronts(options, { domains, live, policy, life });
  const { runs, health, publish } = domains;
  const log = options.log.child('gateway');

  const closeRooms = async () => {
    await domains.close();
    await database.close();
    lock?.close();
  };
  const listener = await listen({
    port: settings.port,
    hosts: settings.hosts,
    onRequest: fronts.http.listener,
    onUpgrade: fronts.wire.upgrade,
  }).catch(async (error: unknown) => {
    await fronts.wire.close({ reason: 'gateway stopping' });
    await closeRooms();
    throw error;
  });

  /** Goes on with what the last gateway left. A second one on the same port has been told so, in better words. */
  const takeOver = async () => {
    lock ??= lockFolder(paths.stateDir);
    if (!lock) throw stateDirInUse(paths.stateDir);
    const interrupted = recoverRuns({ ...domains, database, log, isLive: (runId) => runs.live(runId) !== undefined });
    if (interrupted > 0)
      log.warn(`${interrupted} run(s) were interrupted when the gateway went down; their sessions say so`);
    domains.sessions.startIndexing(log.child('sessions'));
    life.url = `ws://${toLocalHost(settings)}:${listener.port}`;
    const secret = toShareableSecret(policy, options);
    await writeRuntimeFile(paths.stateDir, { url: life.url, pid: process.pid, ...secret });
  };
  await takeOver().catch(async (error: unknown) => {
    await fronts.wire.close({ reason: 'gateway stopping' });
    await listener.close();
    await closeRooms();
    throw error;
  });
  life.phase = 'started';
  const timers = [
    repeat(healthIntervalMs, log, () => publish('health', health.takeHealth())),
    repeat(pruneIntervalMs, log, () => domains.prune()),
  ];
  const { mode: auth } = policy;
  log.info('ready', {
    url: life.url,
    bind: settings.bind,
    auth,
    pid: process.pid,
    tookMs: Date.now() - life.startedAt,
  });
  reportRestart(domains.restart.last(), { log, record: domains.diagnostics.record });

  const stop = async (goodbye: Goodbye): Promise<void> => {
    life.phase = 'draining';
    log.info('stopping', { reason: goodbye.reason });
    for (const timer of timers) clearInterval(timer);
    fronts.wire.drain();
    await runs.drain(drainMs);
    await fronts.wire.close(goodbye);
    await listener.close();
    await closeRooms();
    await removeRuntimeFile(paths.stateDir);
    log.info('stopped');
    await options.log.close();
  };
  let stopping: Promise<void> | undefined;

  return {
    url: life.url,
    port: listener.port,
    async models() {
      await domains.models.ready;
      return health.sumUp().models;
    },
    close(goodbye = { reason: 'gateway stopping' }) {
      stopping ??= stop(goodbye);
      return stopping;
    },
  };
}

interface DomainDeps {
  database: Database;
  deviceSecret: string;
  live: LiveConfig;
  fingerprint: Fingerprint;
  life: Life;
  /** The socket front, which events leave through; it is there before anything happens. */
  front(): ReturnType<typeof createWire>;
}

/** Everything that holds state, and what can be done with it. */
function openDomains(options: GatewayOptions, deps: DomainDeps) {
  const { paths, settings, env, version, docsDir, log } = options;
  const { database, deviceSecret, live, fingerprint, life, front } = deps;
  const defaults = () => live.current().agents?.defaults ?? {};
  const publish: Publish = (event, payload, audience) => {
    if (event === 'sessions.changed') health.touch();
    front().publish(event, payload, audience);
  };
  const agents = createRoster(live.current, paths.stateDir);
  const mainKey = () => live.current().session?.mainKey ?? 'main';
  const guide = createGuideProvider({ docsDir, live: () => toGuideLive() });
  const models = createModelRegistry({ config: live.current(), env, log: log.child('models'), guide });
  live.onChange(models.apply);
  const modelOf = (agentId: string, override: string | null) => {
    const name = splitReference(override ?? agents.find(agentId)?.primary ?? models.fallback().model);
    return { ...name, contextTokens: models.facts(name.provider, name.model).contextWindow };
  };
  const priceOf = (provider: string, model: string) => models.facts(provider, model).cost;
  const ledger = createLedger({ database, priceOf });
  const sessions = createSessionStore({ database, mainKey, modelOf, publish });
  const store = createRunStore(database);
  const toKey = (key: string, agentId: string) => parseSessionKey(key, { agentId, mainKey: mainKey() });
  const forbidden = [paths.stateDir, paths.configPath];
  const agentFiles = createAgentFiles(forbidden);
  const tools = createToolRegistry({
    tools: [
      ...createFileTools({ agents, forbidden }),
      ...createSessionTools({ sessions, agents, config: live.current, toKey }),
    ],
    agents,
    config: live.current,
    sessions,
    log: log.child('tools'),
  });
  const usage = createUsageReport({ database, priceOf, findSession: (key) => sessions.find(key) });
  const compaction = createCompaction({
    database,
    sessions,
    ledger,
    models,
    publish,
    log: log.child('compaction'),
    config: () => defaults().compaction ?? {},
    isBusy: (key) => runs.isBusy(key),
  });
  const runs = createRuns({
    database,
    store,
    sessions,
    ledger,
    compaction,
    compactsByItself: () => defaults().compaction?.enabled !== false,
    publish,
    log: log.child('agent'),
    models,
    tools,
    instructions: createInstructions({
      files: createPromptFiles(agentFiles),
      config: live.current,
      isMain: (key) => parseSessionKey(key, { agentId: '', mainKey: mainKey() }).rest === mainKey(),
    }),
    maxConcurrent: () => defaults().maxConcurrent ?? defaultMaxConcurrent,
    timeoutMs: () => (defaults().timeoutSeconds || defaultRunSeconds) * 1000,
    queueConfig: () => live.current().messages?.queue,
  });
  const devices = createDevices({
    database,
    secret: deviceSecret,
    publish,
    sockets: { close: (device) => front().closeDevice(device) },
    autoApproveLocal: () => live.current().gateway?.nodes?.pairing?.autoApproveLocal ?? true,
  });
  const eventLoop = watchEventLoop();
  const diagnostics = createStability();
  const tellHealth = () => {
    try {
      health.touch();
      publish('health', health.takeHealth());
    } catch (error) {
      // Told when something has changed, by who cannot do anything about it: the next one is a minute away.
      log.child('gateway').error('health cannot be told', { error });
    }
  };
  const strain = watchStrain((strained) => {
    diagnostics.record(strained);
    tellHealth();
  });
  const systemEvents = createSystemEvents((beacon) => front().hear(beacon));
  const restart = createRestart({
    keeper: options.keeper,
    runs,
    obeysSignal: () => live.current().commands?.restart !== false,
    log: log.child('restart'),
  });
  const health = createHealth({
    agents,
    sessions,
    runs,
    models,
    eventLoop,
    systemEvents,
    lastRestart: restart.last(),
    version,
    startedAt: life.startedAt,
  });
  live.onChange(tellHealth);
  const commands = createChatCommands({
    sessions,
    runs,
    models,
    agents: agents.list,
    modelOf(agentId, key) {
      const { provider, model } = toModelName(sessions.find(key)) ?? modelOf(agentId, null);
      return `${provider}/${model}`;
    },
    status: health.sumUp,
    usage,
    compaction,
  });
  const toGuideLive = (): GuideLive => ({
    version,
    uptimeMs: Date.now() - life.startedAt,
    url: life.url,
    bind: settings.bind,
    authMode: settings.auth.mode,
    agents: health.sumUp().models.map(({ agentId, model, reason }) => ({ id: agentId, model, reason })),
    sessions: sessions.count(),
    runs: runs.counts(),
    connections: front().counts().ready,
    configPath: paths.configPath,
    configExists: live.loaded().exists,
    stateDir: paths.stateDir,
    logFile: log.currentFile(),
    memory: { rss: process.memoryUsage().rss },
    channels: [],
  });

  const configFile = createConfigFile({
    path: paths.configPath,
    env,
    live,
    fingerprint,
    revisions: createRevisions(database),
    onWritten: (edited) => announceConfig(edited, { publish, log: log.child('config'), learn: options.learn }),
  });

  const agentChanges = createAgentChanges({
    configFile,
    live,
    roster: agents,
    workspaces: createWorkspaces(paths.stateDir, forbidden),
    sessions: createAgentSessions({ sessions, runs, log: log.child('agent') }),
    stateDir: paths.stateDir,
    log: log.child('agent'),
    requireModel: models.find,
  });

  return {
    agents,
    config: live,
    agentFiles,
    agentChanges,
    configFile,
    configDescription: describeConfig(version),
    sessions,
    store,
    runs,
    commands,
    notes: createNotes({ sessions, publish }),
    tools,
    ledger,
    usage,
    compaction,
    models,
    devices,
    health,
    diagnostics,
    restart,
    identity: openIdentity(paths.stateDir),
    systemEvents,
    updates: createUpdates({ packageDir: options.packageDir, version }),
    publish,
    mainKey,
    isWritable: () => database.isWritable,
    prune() {
      const [oldSessions, oldRuns] = [sessions.prune(), runs.prune()];
      ledger.prune();
      if (oldSessions + oldRuns > 0) log.child('gateway').info('pruned', { sessions: oldSessions, runs: oldRuns });
    },
    async close() {
      await compaction.close();
      eventLoop.close();
      strain.close();
      restart.close();
      devices.close();
      sessions.close();
      await Promise.all([models.close(), guide.close()]);
    },
  };
}

interface FrontDeps {
  domains: ReturnType<typeof openDomains>;
  live: LiveConfig;
  policy: AuthPolicy;
  life: Life;
}

/** The two ways in: sockets and HTTP, with one authentication. */
function openFronts({ paths, env, version, buildId, log }: GatewayOptions, deps: FrontDeps) {
  const { domains, live, policy, life } = deps;
  const { agents, agentFiles, config, sessions, runs, commands, notes, tools, models, devices, health, diagnostics } =
    domains;
  const authentication = defineAuthentication(
    policy,
    limitAttempts(() => live.current().gateway?.auth?.rateLimit ?? {}),
    devices,
  );
  const origins = () => live.current().gateway?.controlUi?.allowedOrigins ?? [];
  const bootId = randomUUID();
  const budget = createCallBudget();
  const methods = createMethods({
    config,
    configFile: domains.configFile,
    configDescription: domains.configDescription,
    agents,
    agentFiles,
    agentChanges: domains.agentChanges,
    sessions,
    runs,
    commands,
    notes,
    tools,
    usage: domains.usage,
    compaction: domains.compaction,
    models,
    devices,
    log,
    restart: domains.restart,
    diagnostics,
    identity: domains.identity,
    systemEvents: domains.systemEvents,
    updates: domains.updates,
    machine: () =>
      describeMachine({
        stateDir: paths.stateDir,
        bootId,
        startedAt: life.startedAt,
        port: () => Number(new URL(life.url).port),
      }),
    presence: () => wire.presence(),
    health: health.takeHealth,
    status: health.sumUp,
    tailLog: (page) => tailLog(log.currentFile(), page),
  });
  const wire = createWire({
    authentication,
    devices,
    get allowedOrigins() {
      return origins();
    },
    handle: methods.handle,
    hello: createHelloFacts({
      appliedConfigHash: domains.configFile.appliedHash,
      server: { version, bootId, buildId },
      ...domains,
      startedAt: life.startedAt,
      isDraining: () => life.phase === 'draining',
      admin: { configPath: paths.configPath, stateDir: paths.stateDir, authMode: policy.mode },
    }),
    health: health.takeHealth,
    self: { host: hostname(), version, platform: process.platform },
    isStarting: () => life.phase === 'starting',
    budget,
    record: diagnostics.record,
    limits: limitsFrom(env, log.child('wire').warn),
    log,
  });
  const callContext = (principal: Principal, { address }: Caller): CallContext => ({
    principal,
    spend: (method, limit) => budget.spend({ method, address }, limit),
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
    get allowedOrigins() {
      return origins();
    },
    agents,
    config,
    runs,
    commands,
    models,
    sessions,
    probes: {
      phase: () => life.phase,
      failing: () => (domains.isWritable() ? [] : ['database']),
      startedAt: life.startedAt,
    },
    callContext,
    log: log.child('http'),
  });
  return { wire, http };
}

/** Tells of the restart that led to this gateway. */
function reportRestart(last: LastRestart | undefined, { log, record }: { log: Log; record: RecordStability }): void {
  if (!last) return;
  const { status, reason, message } = last;
  record({ type: 'gateway.restart', reason, action: status, durationMs: Date.now() - last.ts });
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

/** The model that a session's row names. */
function toModelName(row: SessionRow | undefined): { provider: string; model: string } | undefined {
  const { modelProvider: provider, model } = row ?? {};
  return provider && model ? { provider, model } : undefined;
}

function splitReference(reference: string): { provider: string; model: string } {
  const slash = reference.indexOf('/');
  if (slash < 0) return { provider: '', model: reference };
  return { provider: reference.slice(0, slash), model: reference.slice(slash + 1) };
}
