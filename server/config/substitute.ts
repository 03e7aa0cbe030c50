import type { ConfigIssue } from '../../sdk/protocol/config.ts';
import { isActedOn } from './acted-on.ts';
import type { Config } from './config.ts';
import { formatKey, isPlainObject, type KeyPath, mapTree } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';
import { SecretRef } from './schema.ts';

export type Environment = Record<string, string | undefined>;

/** A configuration with its references filled in, and what could not be. */
export interface Substituted<T> {
  value: T;
  warnings: ConfigIssue[];
}

/**
 * Replaces `${VAR}` in every string; on a secret key `$VAR` alone does the same. Names are upper case, digits and `_`.
 * `$${VAR}` stands for the text `${VAR}`. A variable that is missing or empty stays visible as `${VAR}`, with a warning.
 */
export function substituteVariables<T>(file: T, env: Environment): Substituted<T> {
  const warnings: ConfigIssue[] = [];
  const read = (name: string, path: KeyPath) => {
    if (env[name]) return env[name];
    const message = `environment variable ${name} is not set, so the value stays \${${name}}: set it, then start again`;
    warnings.push({ path: formatKey(path), message });
    return `\${${name}}`;
  };
  const value = mapTree(file, (text, path) => {
    if (typeof text !== 'string') return text;
    const [, alone] = takesSecretAt(path) ? (/^\$([A-Z_][A-Z0-9_]*)$/.exec(text) ?? []) : [];
    if (alone) return read(alone, path);
    return text.replace(
      /\$(\$\{[A-Z_][A-Z0-9_]*\})|\$\{([A-Z_][A-Z0-9_]*)\}/g,
      (_, literal?: string, name = '') => literal ?? read(name, path),
    );
  });
  return { value, warnings };
}

/**
 * Replaces `{ source: 'env', provider, id }`, on the secret keys that this version acts on, by the variable it names.
 * What cannot be read, or is kept in a file, a program or a store, becomes a text that {@link isUnresolved} recognises,
 * with a warning.
 */
export function resolveSecretRefs(config: Config, env: Environment): Substituted<Config> {
  const warnings: ConfigIssue[] = [];
  const providers = memberOf(memberOf(config, 'secrets'), 'providers');
  const value = mapTree(config, (ref, path) => {
    if (!isPlainObject(ref) || !takesSecretAt(path) || !isActedOn(path)) return ref;
    const { source, provider, id } = SecretRef.parse(ref);
    const fault = findFault({ source, provider, id }, memberOf(providers, provider), env);
    if (fault) warnings.push({ path: formatKey(path), message: `${fault}; the secret is not available` });
    return fault ? `\${${source}:${provider}:${id}}` : env[id];
  });
  return { value, warnings };
}

/** True for a secret that is still a reference: whatever needs it has to say that it is not available. */
export function isUnresolved(secret: string): boolean {
  return /\$\{(?:[A-Z_][A-Z0-9_]*|(?:env|file|exec|store):[^}]*)\}/.test(secret);
}

function takesSecretAt(path: KeyPath): boolean {
  const node = findKey(path);
  return node !== undefined && takesSecret(node);
}

function findFault(ref: SecretRef, provider: unknown, env: Environment): string | undefined {
  if (ref.source !== 'env') return `this version reads secrets from the environment, not from source "${ref.source}"`;
  if (provider === undefined && ref.provider !== 'default') return `secrets.providers has no entry "${ref.provider}"`;
  const source = memberOf(provider, 'source') ?? 'env';
  if (source !== 'env') return `secrets.providers.${ref.provider} has source "${String(source)}", not "env"`;
  if (!/^[A-Z][A-Z0-9_]{0,127}$/.test(ref.id)) return `"${ref.id}" cannot be the name of an environment variable`;
  const allowed = memberOf(provider, 'allowlist');
  if (Array.isArray(allowed) && !allowed.includes(ref.id))
    return `"${ref.id}" is not in secrets.providers.${ref.provider}.allowlist`;
  return env[ref.id] ? undefined : `environment variable ${ref.id} is not set`;
}

function memberOf(value: unknown, name: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
