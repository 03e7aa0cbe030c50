import { join } from 'node:path';
import type { EventName, EventPayload } from '../../sdk/protocol/events.ts';
import { createCompaction } from '../../server/agent/compaction/compaction.ts';
import { createInstructions } from '../../server/agent/instructions.ts';
import { createRuns } from '../../server/agent/live-runs.ts';
import { recoverRuns } from '../../server/agent/recover.ts';
import { createRunStore } from '../../server/agent/run-store.ts';
import type { RunInput } from '../../server/agent/runs.ts';
import { createSessionEvents } from '../../server/agent/session-events.ts';
import { createFileTools } from '../../server/agent/tools/files.ts';
import { createToolRegistry } from '../../server/agent/tools/registry.ts';
import { createSessionTools } from '../../server/agent/tools/sessions.ts';
import type { Tool } from '../../server/agent/tools/tool.ts';
import { createRoster } from '../../server/config/agents.ts';
import type { Config } from '../../server/config/config.ts';
import { openDatabase } from '../../server/database/database.ts';
import type { Log } from '../../server/log/log.ts';
import { createMeters } from '../../server/metrics/meters.ts';
import type { ModelFacts } from '../../server/models/registry.ts';
import { parseSessionKey } from '../../server/sessions/key.ts';
import { createSessionStore } from '../../server/sessions/live-store.ts';
import { createLedger } from '../../server/usage/ledger.ts';
import { createUsageReport } from '../../server/usage/report.ts';
import { createAgentFiles } from '../../server/workspace/agent-files.ts';
import { createPromptFiles } from '../../server/workspace/prompt-files.ts';
import { scratch } from '../scratch.ts';
import { type Script, scriptedModels } from '../scripted-model.ts';

export const silent: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  redact: (text) => text,
  child: () => silent,
};

export interface Published {
  event: EventName;
  payload: unknown;
  audience: unknown;
}

/** The agent's rooms on a real database, with scripted models and everything that was published. */
export async function openAgentRooms(
  scripts: Record<string, Script[]>,
  options: {
    maxConcurrent?: number;
    folder?: string;
    config?: Config;
    /** Besides the built-in ones. */
    tools?: readonly Tool[];
    facts?: Record<string, Partial<ModelFacts>>;
  } = {},
) {
  const folder = options.folder ? undefined : await scratch();
  const path = options.folder ?? folder?.path ?? '';
  const published: Published[] = [];
  const models = scriptedModels(scripts, options.facts);
  const database = await openDatabase(join(path, 'openclaw.db'));
  const publish = <E extends EventName>(event: E, payload: EventPayload<E>, audience?: unknown) =>
    void published.push({ event, payload, audience });
  const sessions = createSessionStore({
    database,
    mainKey: () => 'main',
    publish,
    modelOf: () => ({ provider: 'test', model: 'one' }),
  });
  const store = createRunStore(database);
  const toKey = (key: string, agentId: string) => parseSessionKey(key, { agentId, mainKey: 'main' });
  const model = { primary: 'test/one', fallbacks: Object.keys(scripts).slice(1) };
  const config: Config = {
    ...options.config,
    agents: { ...options.config?.agents, defaults: { ...options.config?.agents?.defaults, model } },
  };
  const agents = createRoster(() => config, path);
  const sessionTools = createSessionTools({ sessions, agents, config: () => config, toKey });
  const fileTools = createFileTools({ agents, forbidden: [join(path, 'openclaw.db')] });
  const tools = createToolRegistry({
    tools: [...fileTools, ...sessionTools, ...(options.tools ?? [])],
    agents,
    config: () => config,
    sessions,
    log: silent,
  });
  const priceOf = (provider: string, model: string) => models.facts(provider, model).cost;
  const ledger = createLedger({ database, priceOf });
  const usage = createUsageReport({ database, priceOf, findSession: (key) => sessions.find(key) });
  const deps = { database, store, sessions, ledger, publish, log: silent };
  const recovered = recoverRuns({ ...deps, isLive: () => false });
  const maxConcurrent = () => options.maxConcurrent ?? 8;
  const instructions = createInstructions({
    files: createPromptFiles(createAgentFiles([])),
    config: () => config,
    isMain: (key) => key.endsWith(':main'),
  });
  const { runs: observer } = createMeters();
  const compaction = createCompaction({
    observer,
    ...deps,
    models,
    config: () => config.agents?.defaults?.compaction ?? {},
    isBusy: (key) => runs.isBusy(key),
  });
  const events = createSessionEvents(database);
  const runs = createRuns({
    observer,
    ...deps,
    events,
    compaction,
    compactsByItself: () => config.agents?.defaults?.compaction?.enabled !== false,
    models,
    tools,
    instructions,
    maxConcurrent,
    timeoutMs: () => 60_000,
    queueConfig: () => config.messages?.queue,
  });
  const agent = agents.default();
  return {
    ...deps,
    events,
    usage,
    compaction,
    agent,
    runs,
    tools,
    agents,
    models,
    published,
    recovered,
    path,
    /** The payloads of one event, in order. */
    told: <E extends EventName>(event: E) =>
      published.filter((entry) => entry.event === event).map((entry) => entry.payload as EventPayload<E>),
    start: (input: Partial<RunInput> & { runId: string; text?: string }) =>
      runs.start({
        agent,
        sessionKey: 'agent:main:main',
        content: [{ type: 'text', text: input.text ?? 'hello' }],
        ...input,
      }),
    async [Symbol.asyncDispose]() {
      await runs.drain(0);
      await compaction.close();
      await database.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}
