import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import type { AgentConfig, Config } from './config.ts';
import type { Fault } from './faults.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';

/**
 * The configuration that a file spells, with the `agents.list[]` of older files as `agents.entries.<id>`: in its order,
 * and before the entries.
 * @param file valid by the schema, with names that {@link findNameFaults} has passed.
 */
export function enterAgentList(file: Record<string, unknown>): Config {
  if (!isPlainObject(file.agents)) return file;
  const { list, entries, ...agents } = file.agents;
  if (list === undefined) return file;
  const listed = itemsOf(list).map(({ id, ...agent }): [string, AgentConfig] => [String(id), agent]);
  const entered = isPlainObject(entries) ? (Object.entries(entries) as [string, AgentConfig][]) : [];
  return { ...file, agents: { ...agents, entries: Object.fromEntries([...listed, ...entered]) } };
}

/** Names of the user's choice that could not be part of a session key, a folder or a model reference; and doubled ones. */
export function findNameFaults(file: Record<string, unknown>): Fault[] {
  const entries = namesAt(file, ['agents', 'entries']);
  const listed = itemsOf(valueAt(file, ['agents', 'list'])).map(({ id }) => String(id));
  return [
    ...entries.flatMap((id) => checkAgentId(id, ['agents', 'entries', id])),
    ...listed.flatMap((id, index) => {
      const steps = ['agents', 'list', index, 'id'];
      const isDouble = entries.includes(id) || listed.indexOf(id) < index;
      return isDouble
        ? [toFault(steps, `there is another agent "${id}"; ids have to differ`)]
        : checkAgentId(id, steps);
    }),
    ...namesAt(file, ['models', 'providers'])
      .filter((id) => !/^[^\s/]+$/.test(id))
      .map((id) => toFault(['models', 'providers', id], `a provider's name may hold no "/" and no spaces`)),
    ...checkMainKey(valueAt(file, ['session', 'mainKey'])),
  ];
}

/** A warning when more than one agent claims to be the default: the first one is. */
export function warnOfDefaults(config: Config): ConfigIssue[] {
  const claims = Object.entries(config.agents?.entries ?? {}).flatMap(([id, agent]) => (agent.default ? [id] : []));
  const [first, ...others] = claims;
  return others.map((id) => ({
    path: formatKey(['agents', 'entries', id, 'default']),
    message: `agent "${first}" is marked as the default too, and it comes first: it is the default`,
  }));
}

function checkMainKey(name: unknown): Fault[] {
  if (name === undefined || isMainKey(String(name))) return [];
  return [toFault(['session', 'mainKey'], 'the end of a session key has to be 1 to 128 visible characters')];
}

const isMainKey = (name: string) => name.length <= 128 && name.trim() === name && /^[^\p{Cc}\p{Cs}]+$/u.test(name);

function checkAgentId(id: string, steps: KeyPath): Fault[] {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(id)) return [];
  return [toFault(steps, `an agent's id has to be letters, digits, "-" and "_", 64 at most`)];
}

function toFault(steps: KeyPath, message: string): Fault {
  return { steps, path: formatKey(steps), message };
}

function namesAt(file: Record<string, unknown>, steps: KeyPath): string[] {
  const names = valueAt(file, steps);
  return isPlainObject(names) ? Object.keys(names) : [];
}

function itemsOf(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isPlainObject) : [];
}
