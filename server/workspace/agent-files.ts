import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentFile, AgentPresentation } from '../../sdk/protocol/agents.ts';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import type { AgentSpec } from '../config/agents.ts';
import { type ConfinedFolder, confine } from './confined.ts';
import { readIdentity, resolveAvatar } from './identity.ts';

/** The files of a workspace that say who an agent is, in the order in which a model reads them. */
export const agentFileNames = [
  'AGENTS.md',
  'SOUL.md',
  'TOOLS.md',
  'IDENTITY.md',
  'USER.md',
  'HEARTBEAT.md',
  'BOOTSTRAP.md',
  'MEMORY.md',
] as const;
export type AgentFileName = (typeof agentFileNames)[number];

/** Those that an agent may well do without. */
const optional: ReadonlySet<string> = new Set(['TOOLS.md', 'USER.md', 'HEARTBEAT.md', 'BOOTSTRAP.md', 'MEMORY.md']);

/** The files of agents' workspaces that clients see and change; no others. */
export interface AgentFiles {
  /** Every one of the fixed set, there or not, without content. */
  list(workspace: string): Promise<AgentFile[]>;
  /** The text of a file that the caller can do without; undefined also when it may not be read. */
  text(workspace: string, name: AgentFileName): Promise<string | undefined>;
  /** How an agent presents itself, by its configuration and its `IDENTITY.md`. */
  identify(agent: Pick<AgentSpec, 'id' | 'name' | 'identity' | 'workspace'>): Promise<AgentPresentation>;
  /** True when the workspace is the root of a git repository. */
  isRepository(workspace: string): Promise<boolean>;
  /** @throws GatewayError INVALID_REQUEST: `unsupported file`, or one that cannot be read safely. */
  read(workspace: string, name: string): Promise<AgentFile>;
  /**
   * Writes a file; on disk when it resolves.
   * @throws as `read`; and INVALID_REQUEST with `details.type: 'agent_file_conflict'` and `currentHash` when the file is not the
   * one of `expectedHash`.
   */
  write(
    workspace: string,
    name: string,
    content: { text: string; expectedHash: string | undefined },
  ): Promise<AgentFile>;
}

/** @param forbidden folders and files that stay closed, even when a workspace holds them. */
export function createAgentFiles(forbidden: readonly string[]): AgentFiles {
  return {
    list: (workspace) =>
      Promise.all(
        agentFileNames.map(async (name) => {
          const facts = await confine(workspace, forbidden).look(name);
          return facts ? { ...toPlace(workspace, name), missing: false, ...facts } : toMissing(workspace, name);
        }),
      ),

    text: (workspace, name) => textOf(confine(workspace, forbidden), name),

    async identify({ id, name, identity = {}, workspace }) {
      const folder = confine(workspace, forbidden);
      const written = readIdentity((await textOf(folder, 'IDENTITY.md')) ?? '');
      const emoji = identity.emoji ?? written.emoji;
      return {
        agentId: id,
        ...toName({ identity: identity.name, agent: name, written: written.name }, id),
        ...(await resolveAvatar(identity.avatar ?? written.avatar, folder)),
        ...(emoji && { emoji }),
      };
    },

    isRepository: (workspace) =>
      lstat(join(workspace, '.git')).then(
        () => true,
        () => false,
      ),

    async read(workspace, name) {
      requireSupported(name);
      const file = await confine(workspace, forbidden).read(name);
      if (!file) return toMissing(workspace, name);
      const { bytes, ...facts } = file;
      return { ...toPlace(workspace, name), missing: false, ...facts, content: bytes.toString('utf8') };
    },

    async write(workspace, name, { text, expectedHash }) {
      requireSupported(name);
      const { created: _, ...facts } = await confine(workspace, forbidden).write(name, (now) => {
        if (expectedHash !== undefined && now?.hash !== expectedHash.toLowerCase()) throw conflict(name, now?.hash);
        return text;
      });
      return { ...toPlace(workspace, name), missing: false, ...facts, content: text };
    },
  };
}

// --- internal ---

async function textOf(folder: ConfinedFolder, name: AgentFileName): Promise<string | undefined> {
  try {
    return (await folder.read(name))?.bytes.toString('utf8');
  } catch (error) {
    // A link in place of a file, or one that is too large, is as good as none.
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}

function toName(
  names: { identity: string | undefined; agent: string | undefined; written: string | undefined },
  id: string,
): Pick<AgentPresentation, 'name' | 'nameSource'> {
  if (names.identity) return { name: names.identity, nameSource: 'config' };
  if (names.agent) return { name: names.agent, nameSource: 'agent' };
  if (names.written) return { name: names.written, nameSource: 'workspace' };
  return { name: id, nameSource: 'default' };
}

const toPlace = (workspace: string, name: string) => ({ name, path: join(workspace, name) });

function toMissing(workspace: string, name: string): AgentFile {
  return { ...toPlace(workspace, name), missing: true, ...(optional.has(name) && { expectedAbsent: true }) };
}

function requireSupported(name: string): void {
  if ((agentFileNames as readonly string[]).includes(name)) return;
  const message = `unsupported file "${name.slice(0, 200)}". There are: ${agentFileNames.join(', ')}`;
  throw new GatewayError('INVALID_REQUEST', message, { details: { code: 'UNSUPPORTED_FILE' } });
}

function conflict(name: string, currentHash: string | undefined): GatewayError {
  const message = `agent file "${name}" changed since it was read: read it again, then write what you mean`;
  return new GatewayError('INVALID_REQUEST', message, {
    details: { type: 'agent_file_conflict', name, ...(currentHash !== undefined && { currentHash }) },
  });
}
