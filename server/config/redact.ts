import { isPlainObject, type KeyPath, mapTree } from './key-path.ts';
import { findKey, isFree } from './key-tree.ts';
import { isHiddenKey, isSecretKey } from './secret-keys.ts';
import { isUnresolved } from './substitute.ts';

/** What stands where a secret stood. */
export const redacted = '__OPENCLAW_REDACTED__';

/** The same configuration with its secrets hidden. References (`${VAR}`, `{ source, provider, id }`) stay: they tell nothing. */
export function redactConfig<T>(config: T): T {
  return mapTree(config, (value, path) => {
    if (typeof value !== 'string') return value;
    if (isHiddenKey(inTable(path))) return value === '' || isReference(value) ? value : redacted;
    return value.replace(userPassword, `$1:${redacted}@`).replace(namedInUrl, `$1${redacted}`);
  });
}

/** `//user:password@host`. */
const userPassword = /(\/\/[^\s/:@]*):[^\s/@]+@/g;

/** `https://host/path?api_key=...`: behind a name such as a credential has. */
const namedInUrl =
  /([?&](?:[\w.-]*(?:key|token|secret|passw(?:or)?d|signature|credential)|sig|auth|jwt|pass)=)(?!\$\{)[^&#\s]+/gi;

/** The secrets in a configuration, for whoever has to keep them out of a log. */
export function listSecrets(config: unknown, path: KeyPath = []): string[] {
  if (typeof config === 'string')
    return isSecretKey(inTable(path)) && config !== '' && !isUnresolved(config) ? [config] : [];
  if (Array.isArray(config)) return config.flatMap((item, index) => listSecrets(item, [...path, index]));
  if (!isPlainObject(config)) return [];
  return Object.entries(config).flatMap(([name, value]) => listSecrets(value, [...path, name]));
}

/** A key as the table spells it, where names of the user's choice cannot look like those of secrets. */
function inTable(path: KeyPath): readonly PropertyKey[] {
  const node = findKey(path);
  return node && !isFree(node) ? node.path.split('.') : path;
}

function isReference(text: string): boolean {
  return /^\$(?:[A-Z_][A-Z0-9_]*|\{[^{}]*\})$/.test(text);
}
