import type { Fault } from './faults.ts';
import { type Found, hookPresets, listOf, toHooksPath, toPrefixes } from './hook-keys.ts';
import { findBadMapping } from './hook-mapping-faults.ts';
import { formatKey, isPlainObject, valueAt } from './key-path.ts';

/** First parts of paths that belong to other routes. */
const takenPaths: readonly string[] = [
  ...['v1', 'rpc', 'tools', 'metrics', 'openapi.json', 'api', 'ws'],
  ...['health', 'healthz', 'ready', 'readyz', 'startup', 'startupz'],
];

/** Settings of hooks that contradict each other, or that no request could ever be answered with. */
export function findHookFaults(file: Record<string, unknown>): Fault[] {
  const { hooks } = file;
  if (!isPlainObject(hooks)) return [];
  const found: Found[] = [
    ...findBadPath(hooks.path),
    ...(hooks.enabled === true ? [...findBadToken(hooks, file), ...findBadKeys(hooks)] : []),
    ...findBadPresets(hooks),
    ...findBadDir(hooks.transformsDir),
    ...listOf(hooks.mappings).flatMap((mapping, index) =>
      isPlainObject(mapping)
        ? findBadMapping(mapping, { hooks, agents: agentsOf(file) }).map(
            ([steps, message]): Found => [['mappings', index, ...steps], message],
          )
        : [],
    ),
  ];
  return found.map(([steps, message]) => {
    const place = ['hooks', ...steps];
    return { steps: place, path: formatKey(place), message };
  });
}

// --- internal ---

function findBadPath(path: unknown): Found[] {
  if (typeof path !== 'string') return [];
  const plain = toHooksPath(path);
  const [, first = ''] = plain.split('/');
  const isPlain = /^(?:\/[\w~-][\w.~-]*)+$/.test(plain);
  if (plain === '/') return [[['path'], 'hooks need a path of their own: use "/hooks"']];
  if (!isPlain)
    return [[['path'], `"${plain.slice(0, 60)}" is no plain path: use letters, digits, ".", "_", "~", "-"`]];
  if (!takenPaths.includes(first)) return [];
  return [[['path'], `"/${first}" belongs to other routes of the gateway: use "/hooks"`]];
}

function findBadToken({ token }: Record<string, unknown>, file: Record<string, unknown>): Found[] {
  if (token === undefined || token === '')
    return [[['token'], 'hooks are enabled, and there is no token: set a long random one, or hooks.enabled to false']];
  const same = ['token', 'password'].find((name) => {
    const secret = valueAt(file, ['gateway', 'auth', name]);
    return secret !== undefined && JSON.stringify(secret) === JSON.stringify(token);
  });
  if (!same) return [];
  const message = `it is the same as gateway.auth.${same}: whoever may send a hook could do everything. Set another one`;
  return [[['token'], message]];
}

/** Keys of sessions that the gateway would choose itself, and then refuse. */
function findBadKeys({ defaultSessionKey: key, allowedSessionKeyPrefixes }: Record<string, unknown>): Found[] {
  const prefixes = toPrefixes(allowedSessionKeyPrefixes);
  if (!prefixes) return [];
  const chosen = typeof key === 'string' && key.trim() !== '' ? key.trim() : undefined;
  if (prefixes.some((prefix) => (chosen ?? 'hook:').toLowerCase().startsWith(prefix))) return [];
  if (chosen) return [[['defaultSessionKey'], 'it begins with none of hooks.allowedSessionKeyPrefixes']];
  const message = 'sessions without a key of their own are hook:<id>: add "hook:", or set hooks.defaultSessionKey';
  return [[['allowedSessionKeyPrefixes'], message]];
}

function findBadPresets(hooks: Record<string, unknown>): Found[] {
  const { presets, mappings, allowRequestSessionKey, allowedSessionKeyPrefixes } = hooks;
  return listOf(presets).flatMap((preset, index): Found[] => {
    if (!hookPresets.some((name) => name === preset))
      return [[['presets', index], `there is no preset of that name; there are: ${hookPresets.join(', ')}`]];
    const isReplaced = listOf(mappings).some((mapping) => valueAt(mapping, ['match', 'path']) === preset);
    if (isReplaced || (allowRequestSessionKey === true && toPrefixes(allowedSessionKeyPrefixes))) return [];
    const message =
      'the session of each mail is named after the mail: set hooks.allowRequestSessionKey to true and ' +
      'hooks.allowedSessionKeyPrefixes to ["hook:"], or write a mapping for the path "gmail" with a fixed sessionKey';
    return [[['presets', index], message]];
  });
}

function findBadDir(dir: unknown): Found[] {
  if (typeof dir !== 'string' || !dir.split(/[\\/]/).includes('..')) return [];
  return [[['transformsDir'], 'it may not lead out of its place with "..": name a folder below hooks/transforms']];
}

/** Ids of the agents that a file configures; undefined when it lists none. */
function agentsOf(file: Record<string, unknown>): string[] | undefined {
  const entries = valueAt(file, ['agents', 'entries']);
  const list = listOf(valueAt(file, ['agents', 'list']));
  const ids = [
    ...(isPlainObject(entries) ? Object.keys(entries) : []),
    ...list.flatMap((agent) => (isPlainObject(agent) ? [String(agent.id)] : [])),
  ];
  return ids.length > 0 ? ids : ['main'];
}
