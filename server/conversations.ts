import type { Publish } from '../sdk/protocol/events.ts';
import type { StatusSummary } from '../sdk/protocol/health.ts';
import type { SessionRow } from '../sdk/protocol/session-row.ts';
import { createCompaction } from './agent/compaction/compaction.ts';
import { createInstructions } from './agent/instructions.ts';
import { createRuns } from './agent/live-runs.ts';
import { createNotes } from './agent/notes.ts';
import type { RunObserver } from './agent/observer.ts';
import { recoverRuns } from './agent/recover.ts';
import { createRunStore } from './agent/run-store.ts';
import { createSessionEvents } from './agent/session-events.ts';
import { createFileTools } from './agent/tools/files.ts';
import { createToolRegistry } from './agent/tools/registry.ts';
import { createSessionTools } from './agent/tools/sessions.ts';
import { createChatCommands } from './commands/registry.ts';
import type { Roster } from './config/agents.ts';
import type { Config } from './config/config.ts';
import type { Database } from './database/database.ts';
import type { Log } from './log/log.ts';
import { splitReference } from './models/reference.ts';
import type { ModelRegistry } from './models/registry.ts';
import { createResponseStore } from './responses/store.ts';
import { parseSessionKey } from './sessions/key.ts';
import { createSessionStore } from './sessions/live-store.ts';
import type { ModelOf } from './sessions/row.ts';
import type { SessionStore } from './sessions/store.ts';
import { createLedger } from './usage/ledger.ts';
import { createUsageReport } from './usage/report.ts';
import type { AgentFiles } from './workspace/agent-files.ts';
import { createPromptFiles } from './workspace/prompt-files.ts';

export interface ConversationDeps {
  database: Database;
  agents: Roster;
  models: ModelRegistry;
  agentFiles: AgentFiles;
  /** Folders and files that no tool may touch. */
  forbidden: readonly string[];
  /** The configuration in effect. */
  config(): Config;
  /** The last part of the key of an agent's main session, as it is now. */
  mainKey(): string;
  publish: Publish;
  /** Told how runs go. */
  observer: RunObserver;
  /** The gateway as a whole, for the command that tells it. */
  status(): StatusSummary;
  log: Log;
}

const defaultMaxConcurrent = 64;
const defaultRunSeconds = 600;

/** What people and agents say to each other: the sessions, the runs that work in them, and all that runs need. */
export function openConversations(deps: ConversationDeps) {
  const { database, agents, models, config, mainKey, publish, log } = deps;
  const priceOf = (provider: string, model: string) => models.facts(provider, model).cost;
  const modelOf = createModelOf(agents, models);
  const ledger = createLedger({ database, priceOf });
  const sessions = createSessionStore({ database, mainKey, modelOf, publish });
  const usage = createUsageReport({ database, priceOf, findSession: (key) => sessions.find(key) });
  const tools = createTools(deps, sessions);
  const store = createRunStore(database);
  const events = createSessionEvents(database);
  const compaction = createCompaction({
    database,
    sessions,
    ledger,
    models,
    publish,
    log: log.child('compaction'),
    config: () => config().agents?.defaults?.compaction ?? {},
    isBusy: (key) => runs.isBusy(key),
    observer: deps.observer,
  });
  const runs = createRuns({
    database,
    store,
    sessions,
    ledger,
    events,
    compaction,
    publish,
    observer: deps.observer,
    log: log.child('agent'),
    models,
    tools,
    instructions: createInstructions({
      files: createPromptFiles(deps.agentFiles),
      config,
      isMain: (key) => parseSessionKey(key, { agentId: '', mainKey: mainKey() }).rest === mainKey(),
    }),
    ...runSettings(config),
  });
  const commands = createChatCommands({
    sessions,
    runs,
    models,
    agents: agents.list,
    modelOf(agentId, key) {
      const { provider, model } = toModelName(sessions.find(key)) ?? modelOf(agentId, null);
      return `${provider}/${model}`;
    },
    status: deps.status,
    usage,
    compaction,
  });

  return {
    sessions,
    sessionEvents: events,
    runs,
    commands,
    responses: createResponseStore(database),
    notes: createNotes({ sessions, publish }),
    tools,
    usage,
    compaction,
    /** Goes on with what the last gateway left unfinished. Called once, when no other gateway can be working on it. */
    recover(): void {
      const isLive = (runId: string) => runs.live(runId) !== undefined;
      const count = recoverRuns({ database, store, sessions, ledger, isLive, log: log.child('gateway') });
      if (count > 0)
        log.child('gateway').warn(`${count} run(s) were interrupted when the gateway went down; their sessions say so`);
      sessions.startUpkeep(log.child('sessions'));
    },
    /** Each takes some of what nobody owns any more. */
    prunings: { sessions: sessions.prune, runs: runs.prune, usage: ledger.prune },
    async close(): Promise<void> {
      await compaction.close();
      sessions.close();
    },
  };
}

// --- internal ---

function createTools({ agents, config, forbidden, mainKey, log }: ConversationDeps, sessions: SessionStore) {
  const toKey = (key: string, agentId: string) => parseSessionKey(key, { agentId, mainKey: mainKey() });
  return createToolRegistry({
    tools: [...createFileTools({ agents, forbidden }), ...createSessionTools({ sessions, agents, config, toKey })],
    agents,
    config,
    sessions,
    log: log.child('tools'),
  });
}

/** What the configuration says of runs, as it is now. */
function runSettings(config: () => Config) {
  const defaults = () => config().agents?.defaults ?? {};
  return {
    compactsByItself: () => defaults().compaction?.enabled !== false,
    maxConcurrent: () => defaults().maxConcurrent ?? defaultMaxConcurrent,
    timeoutMs: () => (defaults().timeoutSeconds || defaultRunSeconds) * 1000,
    queueConfig: () => config().messages?.queue,
  };
}

/** Says which model answers a session of an agent. */
function createModelOf(agents: Roster, models: ModelRegistry): ModelOf {
  return (agentId, override) => {
    const name = splitReference(override ?? agents.find(agentId)?.primary ?? models.fallback().model);
    return { ...name, contextTokens: models.facts(name.provider, name.model).contextWindow };
  };
}

/** The model that a session's row names. */
function toModelName(row: SessionRow | undefined): { provider: string; model: string } | undefined {
  const { modelProvider: provider, model } = row ?? {};
  return provider && model ? { provider, model } : undefined;
}
