import type { Publish } from '../sdk/protocol/events.ts';
import type { StatusSummary } from '../sdk/protocol/health.ts';
import { createAgentChanges } from './agents/changes.ts';
import { createAgentSessions } from './agents/purge.ts';
import { createRoster } from './config/agents.ts';
import { announceConfig } from './config/announce.ts';
import { createConfigFile, type Prepared } from './config/config-file.ts';
import { describeConfig } from './config/describe.ts';
import { createFingerprint } from './config/fingerprint.ts';
import type { LiveConfig } from './config/live.ts';
import type { LoadedConfig } from './config/load.ts';
import { createConfigReload } from './config/reload.ts';
import { createRevisions } from './config/revisions.ts';
import { createSeal } from './config/seal.ts';
import { watchSecrets } from './config/secret-watch.ts';
import { openConversations } from './conversations.ts';
import type { Database } from './database/database.ts';
import { createPruning } from './database/pruning.ts';
import { createDevices } from './devices/devices.ts';
import type { GatewayOptions, Life } from './gateway.ts';
import { areModelsReady, createReadiness } from './health/readiness.ts';
import { watchVitals } from './health/vitals.ts';
import { createHooks } from './hooks/hooks.ts';
import { createAttachments } from './media/attachments.ts';
import { createMedia } from './media/media.ts';
import type { Domains } from './methods/context.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createGuideProvider } from './models/guide.ts';
import type { GuideLive } from './models/guide-live.ts';
import { createModelRegistry } from './models/live-registry.ts';
import { openIdentity } from './system/identity.ts';
import { createRestart } from './system/restart.ts';
import { createSystemEvents } from './system/system-events.ts';
import { createUpdates } from './system/updates.ts';
import type { Wire } from './wire/wire.ts';
import { createAgentFiles } from './workspace/agent-files.ts';
import { createWorkspaces } from './workspace/starter.ts';

export interface HouseDeps {
  database: Database;
  /** What device tokens are derived from. */
  deviceSecret: string;
  live: LiveConfig;
  life: Life;
  /** Makes ready what a configuration changes besides itself. */
  prepare(loaded: LoadedConfig): Promise<Prepared>;
  /** The socket front, which events leave through; it is there before anything happens. */
  front(): Wire;
}

/** The domains, and what only who starts the gateway and opens its doors may do with them. */
export type House = ReturnType<typeof openDomains>;

/** Builds everything that holds state. Nothing happens before the socket front is there. */
export function openDomains(
  options: GatewayOptions,
  { database, deviceSecret, live, life, prepare, front }: HouseDeps,
) {
  const { paths, env, version, log } = options;
  const publish: Publish = (event, payload, audience) => {
    if (event === 'sessions.changed') vitals.health.touch();
    front().publish(event, payload, audience);
  };
  const mainKey = () => live.current().session?.mainKey ?? 'main';
  const forbidden = [paths.stateDir, paths.configPath];
  const agents = createRoster(live.current, paths.stateDir);
  const agentFiles = createAgentFiles(forbidden);
  const metrics = createMetrics();
  const guide = createGuideProvider({
    docsDir: options.docsDir,
    live: () => toGuideLive(options, { ...domains, health: vitals.health, life, front }),
  });
  const models = createModelRegistry({ config: live.current(), env, log: log.child('models'), guide });
  watchSecrets({ live, log: log.child('secrets'), learn: log.learn });
  live.onChange(models.apply);
  const media = createMedia();
  const attachments = createAttachments({ media, config: live.current });

  const { recover, prunings, close, ...conversations } = openConversations({
    database,
    agents,
    models,
    agentFiles,
    forbidden,
    config: live.current,
    mainKey,
    publish,
    observer: metrics.meters.runs,
    status: () => vitals.health.sumUp(),
    log,
  });
  const { sessions, runs } = conversations;
  const hooks = createHooks({
    database,
    agents,
    runs,
    events: conversations.sessionEvents,
    sessions,
    config: live.current,
    mainKey,
    stateDir: paths.stateDir,
    log: log.child('hooks'),
  });
  live.onChange(hooks.tell);
  const pruning = createPruning({ steps: { ...prunings, hooks: hooks.prune }, log: log.child('gateway') });
  const devices = createDevices({
    database,
    secret: deviceSecret,
    learn: log.learn,
    publish,
    sockets: { close: (device) => front().closeDevice(device) },
    autoApproveLocal: () => live.current().gateway?.nodes?.pairing?.autoApproveLocal ?? true,
  });
  const systemEvents = createSystemEvents((beacon) => front().hear(beacon));
  const restart = createRestart({
    keeper: options.keeper,
    runs,
    obeysSignal: () => live.current().commands?.restart !== false,
    log: log.child('restart'),
  });
  const vitals = watchVitals({
    agents,
    sessions,
    runs,
    models,
    systemEvents,
    configReload: () => configReload.state(),
    lastRestart: restart.last(),
    version,
    startedAt: life.startedAt,
    publish,
    degradedSecrets: () => live.loaded().secrets.degraded,
    log: log.child('gateway'),
  });
  live.onChange(vitals.tell);
  const configFile = createConfigFile({
    path: paths.configPath,
    env,
    live,
    fingerprint: createFingerprint(`config ${deviceSecret}`),
    revisions: createRevisions(database, createSeal(deviceSecret, 'revisions of the configuration')),
    prepare,
    onWritten(edited) {
      announceConfig(edited, { publish, log: log.child('config') });
      configReload.written(edited);
    },
  });
  const configReload = createConfigReload({
    file: configFile,
    live,
    restart,
    onTaken: (taken) => announceConfig(taken, { publish, log: undefined }),
    onState: vitals.tell,
    log: log.child('reload'),
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

  const readiness = createReadiness();
  let isSearched = false;
  void models.ready.then(() => {
    isSearched = true;
  });
  readiness.join('database', () => database.isWritable);
  readiness.join('models', () => areModelsReady({ agents, models, isSearched: () => isSearched }));

  const domains = {
    ...conversations,
    hooks,
    config: live,
    configFile,
    configReload,
    configDescription: describeConfig(version),
    mainKey,
    agents,
    agentFiles,
    agentChanges,
    models,
    media,
    attachments,
    devices,
    restart,
    diagnostics: vitals.diagnostics,
    identity: openIdentity(paths.stateDir),
    systemEvents,
    updates: createUpdates({ packageDir: options.packageDir, version }),
  };
  return {
    /** What methods and routes ask. */
    domains,
    health: vitals.health,
    publish,
    readiness,
    meters: metrics.meters,
    /** What the gateway has counted and how it is, in Prometheus' text format. */
    expose: () =>
      metrics.expose({
        version,
        wire: () => front().figures(),
        runs: runs.counts,
        sessions: () => sessions.count(),
        eventLoop: vitals.eventLoop.read,
        database: { path: database.path, isWritable: () => database.isWritable },
        failing: readiness.failing,
      }),
    /** Goes on with what the last gateway left, and says what a person should know. */
    recover() {
      recover();
      hooks.tell();
      void hooks.recover();
    },
    prune: pruning.start,
    async close() {
      await configReload.close();
      await pruning.close();
      vitals.close();
      restart.close();
      devices.close();
      await close();
      await Promise.all([models.close(), guide.close(), media.close(), attachments.close()]);
    },
  };
}

// --- internal ---

interface GuideDeps extends Pick<Domains, 'config' | 'sessions' | 'runs'>, Pick<HouseDeps, 'life' | 'front'> {
  health: { sumUp(): StatusSummary };
}

/** What the guide tells of this gateway when it is asked. */
function toGuideLive({ version, settings, paths, log }: GatewayOptions, deps: GuideDeps): GuideLive {
  const { config, sessions, runs, health, life, front } = deps;
  return {
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
    configExists: config.loaded().exists,
    stateDir: paths.stateDir,
    logFile: log.currentFile(),
    memory: { rss: process.memoryUsage().rss },
    channels: [],
  };
}
