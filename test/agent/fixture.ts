import { join } from 'node:path';
import type { EventName, EventPayload } from '../../sdk/protocol/events.ts';
import { createRuns } from '../../server/agent/live-runs.ts';
import { recoverRuns } from '../../server/agent/recover.ts';
import { createRunStore } from '../../server/agent/run-store.ts';
import type { RunInput } from '../../server/agent/runs.ts';
import { createSessionTools } from '../../server/agent/tools/sessions.ts';
import { createToolbox } from '../../server/agent/tools/tool.ts';
import { createRoster } from '../../server/config/agents.ts';
import { openDatabase } from '../../server/database/database.ts';
import type { Log } from '../../server/log/log.ts';
import { parseSessionKey } from '../../server/sessions/key.ts';
import { createSessionStore } from '../../server/sessions/store.ts';
import { scratch } from '../scratch.ts';
import { type Script, scriptedModels } from '../scripted-model.ts';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

export interface Published {
  event: EventName;
  payload: unknown;
  audience: unknown;
}

/** The agent's rooms on a real database, with scripted models and everything that was published. */
export async function openAgentRooms(
  scripts: Record<string, Script[]>,
  options: { maxConcurrent?: number; folder?: string } = {},
) {
  const folder = options.folder ? undefined : await scratch();
  const path = options.folder ?? folder?.path ?? '';
  const published: Published[] = [];
  const models = scriptedModels(scripts);
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
  const toKey = (key: string, agentId: string) => parseSessionKey(key, { agentId, mainKey: 'main' }).key;
  const config = { agents: { defaults: { model: { primary: 'test/one', fallbacks: Object.keys(scripts).slice(1) } } } };
  const agents = createRoster(() => config, path);
  const toolbox = createToolbox(createSessionTools({ sessions, agents, toKey }));
  const deps = { database, store, sessions, publish, log: silent };
  const recovered = recoverRuns({ ...deps, isLive: () => false });
  const maxConcurrent = () => options.maxConcurrent ?? 8;
  const runs = createRuns({ ...deps, models, toolbox, maxConcurrent, timeoutMs: () => 60_000 });
  const agent = agents.default();
  return {
    ...deps,
    runs,
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
      await database.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}
