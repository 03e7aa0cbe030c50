import { type Found, toPrefixes } from './hook-keys.ts';
import { isTemplated, parseTemplate } from './hook-template.ts';
import { isPlainObject } from './key-path.ts';

/** What a mapping is judged beside. */
export interface MappingSurroundings {
  hooks: Record<string, unknown>;
  /** Ids of the configured agents. */
  agents: readonly string[] | undefined;
}

/** What is wrong with one item of `hooks.mappings`. */
export function findBadMapping(mapping: Record<string, unknown>, { hooks, agents }: MappingSurroundings): Found[] {
  const { agentId } = mapping;
  const isKnown = typeof agentId !== 'string' || !agents || agents.includes(agentId);
  return [
    ...findShadowed(mapping.match),
    ...findSilent(mapping),
    ...templated.flatMap((name) => findBadTemplate(name, mapping[name])),
    ...findBadKey(mapping, hooks),
    ...(isKnown ? [] : [[['agentId'], `there is no agent of that name; there are: ${agents?.join(', ')}`] as Found]),
    ...findBadForEach(mapping.forEach),
    ...findBadTransform(mapping.transform),
    ...findBadSignature(mapping.signature),
  ];
}

// --- internal ---

const templated = ['messageTemplate', 'textTemplate', 'name', 'sessionKey', 'model', 'thinking'] as const;

function findShadowed(match: unknown): Found[] {
  const path =
    isPlainObject(match) && typeof match.path === 'string' ? match.path.replace(/^\/+|\/+$/g, '') : undefined;
  if (path !== 'wake' && path !== 'agent') return [];
  return [[['match', 'path'], `"${path}" is answered by the gateway itself: choose another name`]];
}

/** A mapping that could not say anything to anybody. */
function findSilent({ action = 'agent', messageTemplate, textTemplate, transform }: Record<string, unknown>): Found[] {
  const [name, text] = action === 'wake' ? ['textTemplate', textTemplate] : ['messageTemplate', messageTemplate];
  if (transform !== undefined || (typeof text === 'string' && text.trim() !== '')) return [];
  return [[[name as string], `the action "${String(action)}" has nothing to say without it: write one`]];
}

function findBadTemplate(name: string, text: unknown): Found[] {
  const fault = typeof text === 'string' ? parseTemplate(text).fault : undefined;
  return fault ? [[[name], fault]] : [];
}

function findBadKey(
  { action, sessionKey, sessionMode }: Record<string, unknown>,
  hooks: Record<string, unknown>,
): Found[] {
  const key = typeof sessionKey === 'string' ? sessionKey.trim() : '';
  if (sessionMode === 'persistent' && action !== 'wake' && key === '' && !hooks.defaultSessionKey)
    return [[['sessionMode'], 'a session that persists needs a name: set sessionKey, or hooks.defaultSessionKey']];
  if (key === '') return [];
  const prefixes = toPrefixes(hooks.allowedSessionKeyPrefixes);
  if (!isTemplated(key))
    return !prefixes ||
      prefixes.some((prefix) =>
        key
          .toLowerCase()
          .replace(/^agent:[^:]*:/, '')
          .startsWith(prefix),
      )
      ? []
      : [[['sessionKey'], 'it begins with none of hooks.allowedSessionKeyPrefixes']];
  if (prefixes && hooks.allowRequestSessionKey === true) return [];
  const message =
    'the sender has a say in it: set hooks.allowRequestSessionKey to true and hooks.allowedSessionKeyPrefixes, ' +
    'for example to ["hook:"], or write a fixed key';
  return [[['sessionKey'], message]];
}

function findBadForEach(key: unknown): Found[] {
  if (typeof key !== 'string' || /^[\w$-]+$/.test(key)) return [];
  return [[['forEach'], 'it has to be the name of a list at the top of the payload, for example "messages"']];
}

function findBadTransform(transform: unknown): Found[] {
  if (!isPlainObject(transform)) return [];
  const { module } = transform;
  if (typeof module !== 'string' || module.trim() === '')
    return [[['transform'], 'it needs a module: the name of a file below hooks.transformsDir']];
  const isPlain = /^(?:[\w@~-][\w.@~-]*\/)*[\w@~-][\w.@~-]*\.m?[jt]s$/.test(module);
  if (isPlain) return [];
  const message =
    'it has to be a .js, .mjs, .ts or .mts file below hooks.transformsDir, without ".." and without a URL';
  return [[['transform', 'module'], message]];
}

function findBadSignature(signature: unknown): Found[] {
  if (!isPlainObject(signature)) return [];
  const missing = ['scheme', 'secret'].filter((name) => signature[name] === undefined || signature[name] === '');
  return missing.map((name): Found => [['signature'], `it needs a ${name}`]);
}
