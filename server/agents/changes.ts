import { isAbsolute, join, resolve } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { AgentSpec, Roster } from '../config/agents.ts';
import type { ConfigFile } from '../config/config-file.ts';
import { expandHome } from '../config/home-path.ts';
import type { LiveConfig } from '../config/live.ts';
import type { Log } from '../log/log.ts';
import { isWithin } from '../workspace/confined.ts';
import type { Workspaces } from '../workspace/starter.ts';
import { type EntryChange, patchAgent, patchBindings, toAgentId } from './entries.ts';
import type { AgentSessions } from './purge.ts';

/** Makes, changes and removes agents: their entry in the configuration, their workspace, their conversations. */
export interface AgentChanges {
  /** @throws GatewayError INVALID_REQUEST: the name is taken or makes no id, no such model, no such workspace; and as ConfigFile.edit. */
  create(agent: AgentDraft & { name: string }, by: string): Promise<AgentSpec>;
  /** @throws as `create`; and INVALID_REQUEST `agent "x" not found`. */
  update(id: string, change: AgentDraft, by: string): Promise<void>;
  /** @throws as `update`; and INVALID_REQUEST for `main`, and for the only agent. */
  remove(id: string, options: { deleteFiles: boolean; by: string }): Promise<RemovedAgent>;
}

/** What a caller says of an agent; what is absent stays as it is. */
export interface AgentDraft {
  name?: string | undefined;
  workspace?: string | undefined;
  /** Null: that of all agents. */
  model?: string | null | undefined;
  /** Empty: none. */
  emoji?: string | undefined;
  /** Empty: none. */
  avatar?: string | undefined;
}

export interface RemovedAgent {
  removedBindings: number;
  removed: { path: string; method: 'trash' | 'missing' }[];
  failed: { path: string; reason: string }[];
  /** True when conversations of the agent are left. */
  purgeFailed: boolean;
}

export interface AgentChangesDeps {
  configFile: Pick<ConfigFile, 'edit'>;
  live: Pick<LiveConfig, 'current' | 'loaded'>;
  roster: Roster;
  workspaces: Workspaces;
  sessions: AgentSessions;
  stateDir: string;
  log: Log;
  /** @throws GatewayError INVALID_REQUEST when there is no such model. */
  requireModel(reference: string): void;
}

export function createAgentChanges(deps: AgentChangesDeps): AgentChanges {
  const { configFile, live, roster, workspaces, sessions, stateDir, log } = deps;
  let line: Promise<unknown> = Promise.resolve();
  /** One after the other: each has to see what the one before has made of the file. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = line.then(work);
    line = done.catch(() => undefined);
    return done;
  };
  const mustFind = (id: string): AgentSpec => {
    const agent = roster.find(id);
    if (agent) return agent;
    throw refuse(`agent "${id}" not found`, { code: 'UNKNOWN_AGENT_ID', agentId: id });
  };
  const withoutStarters = (): readonly string[] => {
    const { skipBootstrap, skipOptionalBootstrapFiles = [] } = live.current().agents?.defaults ?? {};
    return skipBootstrap ? ['AGENTS.md', 'SOUL.md', 'IDENTITY.md', 'USER.md'] : skipOptionalBootstrapFiles;
  };
  const prepare = (folder: string, { id, name }: { id: string; name: string | undefined }, draft: AgentDraft) =>
    workspaces.prepare(folder, {
      name: draft.name ?? name ?? id,
      emoji: draft.emoji || undefined,
      avatar: draft.avatar || undefined,
      without: withoutStarters(),
    });
  const write = (patch: Record<string, unknown>, by: string, note: string) =>
    // A caller who may do this means it, also where the entry was half of the file.
    configFile.edit({ patch, by, note, allowDestructive: true });

  return {
    create: (draft, by) =>
      inTurn(async () => {
        const id = toAgentId(draft.name);
        if (roster.find(id)) throw refuse(`agent "${id}" already exists`, { code: 'AGENT_EXISTS', agentId: id });
        if (draft.model) deps.requireModel(draft.model);
        const workspace = toFolder(draft.workspace ?? join(stateDir, 'workspace', id), stateDir);
        const prepared = await prepare(workspace, { id, name: draft.name }, draft);
        try {
          await write(
            patchAgent(live.loaded().parsed, id, toEntry({ ...draft, workspace })),
            by,
            `agent ${id} created`,
          );
        } catch (error) {
          await prepared.undo();
          throw error;
        }
        log.info(`agent ${id} created`, { workspace });
        return mustFind(id);
      }),

    update: (id, draft, by) =>
      inTurn(async () => {
        const agent = mustFind(id);
        if (draft.model) deps.requireModel(draft.model);
        const workspace = draft.workspace === undefined ? undefined : toFolder(draft.workspace, stateDir);
        const prepared = workspace === undefined ? undefined : await prepare(workspace, agent, draft);
        try {
          const change = toEntry({ ...draft, workspace });
          if (Object.keys(change).length > 0)
            await write(patchAgent(live.loaded().parsed, id, change), by, `agent ${id} changed`);
        } catch (error) {
          await prepared?.undo();
          throw error;
        }
        const { name, emoji, avatar } = draft;
        if (name !== undefined || emoji !== undefined || avatar !== undefined)
          await workspaces.rename(workspace ?? agent.workspace, { name, emoji, avatar });
      }),

    remove: (id, { deleteFiles, by }) =>
      inTurn(async () => {
        const { workspace } = mustFind(id);
        if (id === 'main' || roster.list().length === 1)
          throw refuse(
            `agent "${id}" cannot be deleted: ${id === 'main' ? 'it is the main one' : 'it is the only one'}`,
            { code: 'AGENT_STAYS', agentId: id },
          );
        const file = live.loaded().parsed;
        const bindings = patchBindings(file, id);
        await write({ ...patchAgent(file, id, null), ...bindings.patch }, by, `agent ${id} deleted`);
        const purgeFailed = !(await sessions.purge(id));
        const others = roster.list().map((agent) => agent.workspace);
        // What is left of conversations may be needed to look into why.
        const discarded = deleteFiles && !purgeFailed ? [await workspaces.discard(workspace, others)] : [];
        log.info(`agent ${id} deleted`, { bindings: bindings.removed, purgeFailed });
        return {
          removedBindings: bindings.removed,
          removed: discarded.flatMap((one) => ('method' in one ? [one] : [])),
          failed: discarded.flatMap((one) => ('reason' in one ? [one] : [])),
          purgeFailed,
        };
      }),
  };
}

// --- internal ---

function toEntry({ name, workspace, model, emoji, avatar }: AgentDraft): EntryChange {
  const identity = {
    ...(emoji !== undefined && { emoji: emoji === '' ? null : emoji }),
    ...(avatar !== undefined && { avatar: avatar === '' ? null : avatar }),
  };
  return {
    ...(name !== undefined && { name }),
    ...(workspace !== undefined && { workspace }),
    ...(model !== undefined && { model }),
    ...(Object.keys(identity).length > 0 && { identity: identity as EntryChange['identity'] }),
  };
}

/** @throws GatewayError INVALID_REQUEST for a folder that no agent should have to itself. */
function toFolder(path: string, stateDir: string): string {
  const folder = expandHome(path);
  const wrong = (reason: string) => refuse(`workspace "${path}" ${reason}`, { code: 'INVALID_WORKSPACE' });
  if (!isAbsolute(folder) || folder.includes('\0')) throw wrong('has to be an absolute path, or begin with ~/');
  const plain = resolve(folder);
  if (isWithin(stateDir, plain)) throw wrong(`holds the state of the gateway (${stateDir}): use a folder of its own`);
  const isOurs = isWithin(plain, stateDir);
  const top = plain.slice(stateDir.length + 1).split(/[/\\]/)[0] ?? '';
  if (isOurs && !/^workspace(-|$)/.test(top))
    throw wrong(`is where the gateway keeps its state: use ${join(stateDir, 'workspace')}`);
  return plain;
}

function refuse(message: string, details: Record<string, unknown>): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details });
}
