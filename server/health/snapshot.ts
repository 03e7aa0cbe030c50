import type { ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import type { LastRestart } from '../../sdk/protocol/gateway.ts';
import type { DegradedSecretRow, HealthSnapshot, SessionCounts, StatusSummary } from '../../sdk/protocol/health.ts';
import type { Runs } from '../agent/runs.ts';
import type { Roster } from '../config/agents.ts';
import type { DegradedSecret } from '../config/secret-refs.ts';
import type { ModelRegistry } from '../models/registry.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { EventLoopWatch } from './event-loop.ts';

export interface HealthDeps {
  agents: Roster;
  sessions: SessionStore;
  runs: Pick<Runs, 'counts'>;
  models: ModelRegistry;
  eventLoop: EventLoopWatch;
  systemEvents: { list(): string[] };
  /** How changes of the configuration file are followed. */
  configReload(): ConfigReloadState;
  /** How this process was restarted last. */
  lastRestart: LastRestart | undefined;
  version: string;
  /** Secrets of the configuration in effect that could not be read. */
  degradedSecrets(): readonly DegradedSecret[];
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** Everybody who asks within this time gets the same snapshot, milliseconds. */
const freshMs = 1000;
/** Sessions named in a summary. */
const recentSessions = 5;

/** No agent wakes up by itself yet. */
const noHeartbeat = { enabled: false, every: '0m', everyMs: null, prompt: '', target: 'none', ackMaxChars: 0 };

/** Functions that look at the gateway as a whole. */
export function createHealth(deps: HealthDeps) {
  const { agents, sessions, runs, models, eventLoop, systemEvents, configReload, lastRestart, version, startedAt } =
    deps;
  const countSessions = (agentId?: string): SessionCounts => {
    const { rows } = sessions.list({ limit: recentSessions, offset: 0, archived: 'all', agentId });
    const now = Date.now();
    return {
      path: sessions.path,
      count: sessions.count(agentId),
      recent: rows.map(({ key, updatedAt }) => ({ key, updatedAt, age: Math.max(0, now - updatedAt) })),
    };
  };

  const findOwners = () => [...new Set(deps.degradedSecrets().map(({ owner }) => owner.key))];

  let kept: HealthSnapshot | undefined;

  const look = (): HealthSnapshot => {
    const ts = Date.now();
    const degradedSecretOwners = findOwners();
    return {
      ok: true,
      ts,
      eventLoop: eventLoop.read(),
      plugins: { loaded: [], errors: [] },
      channels: {},
      channelOrder: [],
      channelLabels: {},
      heartbeatSeconds: 0,
      defaultAgentId: agents.default().id,
      agents: agents.list().map(({ id, name, isDefault }) => ({
        agentId: id,
        ...(name && { name }),
        isDefault,
        heartbeat: noHeartbeat,
        sessions: countSessions(id),
      })),
      sessions: countSessions(),
      ...(degradedSecretOwners.length > 0 && { degradedSecretOwners }),
      configReload: configReload(),
      ...(lastRestart && { lastRestart }),
      durationMs: Date.now() - ts,
    };
  };

  const findWindow = (reference: string): number | null =>
    models.list().find(({ provider, id }) => `${provider}/${id}` === reference)?.contextWindow ?? null;

  const sumUp = (): StatusSummary => {
    const { path, count, recent } = countSessions();
    const { model, reason } = models.fallback();
    const usual = agents.default().primary ?? model;
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    return {
      runtimeVersion: version,
      pid: process.pid,
      uptimeMs: Date.now() - startedAt,
      heartbeat: {
        defaultAgentId: agents.default().id,
        agents: agents.list().map(({ id }) => ({ agentId: id, enabled: false, every: '0m' })),
      },
      channelSummary: [],
      queuedSystemEvents: systemEvents.list(),
      sessions: {
        paths: [path],
        count,
        defaults: { model: usual, contextTokens: findWindow(usual) },
        recent,
        byAgent: agents.list().map(({ id }) => ({ agentId: id, ...countSessions(id) })),
      },
      runs: runs.counts(),
      models: agents
        .list()
        .map(({ id, primary }) =>
          primary ? { agentId: id, model: primary, reason: 'configured' } : { agentId: id, model, reason },
        ),
      degradedSecretOwners: findOwners(),
      ...(deps.degradedSecrets().length > 0 && { degradedSecrets: deps.degradedSecrets().map(toRow) }),
      degradedPlugins: [],
      configReload: configReload(),
      ...(lastRestart && { lastRestart }),
      eventLoop: eventLoop.read(),
      processMemory: { rss, heapUsed, heapTotal, external },
    };
  };

  return {
    /** A snapshot that is at most a second old, and newer than the last change of a session; `probe` takes one now. */
    takeHealth({ probe = false } = {}): HealthSnapshot {
      if (!kept || probe || Date.now() - kept.ts > freshMs) kept = look();
      return kept;
    },
    /** Something has changed that a snapshot shows. */
    touch() {
      kept = undefined;
    },
    sumUp,
  };
}

// --- internal ---

function toRow({ owner, path, state, reason }: DegradedSecret): DegradedSecretRow {
  return { owner: owner.key, path, state, reason };
}
