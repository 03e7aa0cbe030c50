import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { AgentConfig } from '../config/config.ts';
import { isPlainObject, valueAt } from '../config/key-path.ts';

/** A change of one agent's entry; null takes a member out. */
export type EntryChange = { [K in keyof AgentConfig]?: AgentConfig[K] | null };

/** The id of an agent by its name: `Quill & Co` is `quill-co`. @throws GatewayError INVALID_REQUEST when nothing is left. */
export function toAgentId(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const id = plain
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^[-_]+/g, '')
    .slice(0, 64)
    .replaceAll(/-+$/g, '');
  if (id !== '') return id;
  throw new GatewayError(
    'INVALID_REQUEST',
    `"${name}" makes no id: use at least one letter or digit of a to z and 0 to 9`,
    {
      details: { code: 'INVALID_AGENT_NAME' },
    },
  );
}

/**
 * The patch of a configuration file that changes an agent, wherever the file has it: in `agents.entries`, in the
 * `agents.list` of older files, or nowhere yet.
 * @param file as it was parsed. @param change null takes the agent out.
 */
export function patchAgent(file: unknown, id: string, change: EntryChange | null): Record<string, unknown> {
  const list = valueAt(file, ['agents', 'list']);
  if (Array.isArray(list) && list.some((item) => isPlainObject(item) && item.id === id))
    return {
      agents: {
        list: list.flatMap((item) => (isPlainObject(item) && item.id === id ? changeItem(item, change) : [item])),
      },
    };
  return { agents: { entries: { ...(change && introduceMain(file, id)), [id]: change } } };
}

/** The routes of messages that are left without an agent, and how many led to it; nothing to patch when none did. */
export function patchBindings(file: unknown, id: string): { removed: number; patch: Record<string, unknown> } {
  const bindings = valueAt(file, ['bindings']);
  if (!Array.isArray(bindings)) return { removed: 0, patch: {} };
  const kept = bindings.filter((binding) => !(isPlainObject(binding) && binding.agentId === id));
  const removed = bindings.length - kept.length;
  return { removed, patch: removed > 0 ? { bindings: kept } : {} };
}

// --- internal ---

/** An agent that a file does not name is there only as long as it names no other. */
function introduceMain(file: unknown, id: string): Record<string, object> {
  const list = valueAt(file, ['agents', 'list']);
  const entries = valueAt(file, ['agents', 'entries']);
  const isEmpty =
    (Array.isArray(list) ? list.length : 0) + (isPlainObject(entries) ? Object.keys(entries).length : 0) === 0;
  return isEmpty && id !== 'main' ? { main: {} } : {};
}

function changeItem(item: Record<string, unknown>, change: EntryChange | null): Record<string, unknown>[] {
  if (change === null) return [];
  const identity = { ...(isPlainObject(item.identity) ? item.identity : {}), ...change.identity };
  const merged = { ...item, ...change, ...(change.identity && { identity: withoutNulls(identity) }) };
  return [withoutNulls(merged)];
}

function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null && member !== undefined));
}
