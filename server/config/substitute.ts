import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { isActedOn } from './acted-on.ts';
import type { Config } from './config.ts';
import { formatKey, isPlainObject, type KeyPath, mapTree, valueAt } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';
import { SecretRef } from './schema.ts';
import { readSecretFile, type SecretFile } from './secret-file.ts';

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
    const message = `the environment variable ${name} is not set, so the value stays \${${name}}: set it, then start again`;
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

/** What references are resolved with. */
export interface ReferenceSources {
  env: Environment;
  /** The configuration in effect: what cannot be read keeps the value it has there. */
  previous?: Config | undefined;
}

/**
 * Replaces `{ source, provider, id }`, on the secret keys that this version acts on, by the variable or the content of the
 * file that it names. What cannot be read, or is kept in a program or a store, keeps its previous value, or else becomes a
 * text that {@link isUnresolved} recognises; either way with a warning.
 */
export async function resolveSecretRefs(
  config: Config,
  { env, previous }: ReferenceSources,
): Promise<Substituted<Config>> {
  const warnings: ConfigIssue[] = [];
  const providers = memberOf(memberOf(config, 'secrets'), 'providers');
  const found = new Map<unknown, string>();
  for (const { path, ref } of listReferences(config)) {
    const secret = await readSecret(ref, memberOf(providers, ref.provider), env);
    if (secret.fault !== undefined) {
      const last = valueAt(previous, path);
      const isStale = typeof last === 'string' && !isUnresolved(last);
      const remark = isStale ? 'the value that was read before stays in use' : 'the secret is not available';
      warnings.push({ path: formatKey(path), message: `${secret.fault}; ${remark}` });
      found.set(valueAt(config, path), isStale ? last : `\${${ref.source}:${ref.provider}:${ref.id}}`);
    } else found.set(valueAt(config, path), secret.value);
  }
  return { value: mapTree(config, (value) => found.get(value) ?? value), warnings };
}

/** The references on the secret keys that this version acts on. */
export function listReferences(config: unknown, path: KeyPath = []): { path: KeyPath; ref: SecretRef }[] {
  if (Array.isArray(config)) return config.flatMap((item, index) => listReferences(item, [...path, index]));
  if (!isPlainObject(config)) return [];
  if (takesSecretAt(path) && isActedOn(path)) return [{ path, ref: SecretRef.parse(config) }];
  return Object.entries(config).flatMap(([name, member]) => listReferences(member, [...path, name]));
}

/** True for a secret that is still a reference: whatever needs it has to say that it is not available. */
export function isUnresolved(secret: string): boolean {
  return /\$\{(?:[A-Z_][A-Z0-9_]*|(?:env|file|exec|store):[^}]*)\}/.test(secret);
}

function takesSecretAt(path: KeyPath): boolean {
  const node = findKey(path);
  return node !== undefined && takesSecret(node);
}

type Secret = { value: string; fault?: undefined } | { value?: undefined; fault: string };

async function readSecret(ref: SecretRef, provider: unknown, env: Environment): Promise<Secret> {
  const source = memberOf(provider, 'source') ?? 'env';
  if (ref.source !== 'env' && ref.source !== 'file')
    return { fault: `this version reads secrets from the environment and from files, not from source "${ref.source}"` };
  if (provider === undefined && (ref.provider !== 'default' || ref.source === 'file'))
    return { fault: `secrets.providers has no entry "${ref.provider}"` };
  if (source !== ref.source)
    return { fault: `secrets.providers.${ref.provider} has source "${String(source)}", not "${ref.source}"` };
  return ref.source === 'file' ? readSecretFile(ref, provider as SecretFile) : readVariable(ref, provider, env);
}

function readVariable({ provider: name, id }: SecretRef, provider: unknown, env: Environment): Secret {
  if (!/^[A-Z][A-Z0-9_]{0,127}$/.test(id)) return { fault: `"${id}" cannot be the name of an environment variable` };
  const allowed = memberOf(provider, 'allowlist');
  if (Array.isArray(allowed) && !allowed.includes(id))
    return { fault: `"${id}" is not in secrets.providers.${name}.allowlist` };
  const value = env[id];
  return value ? { value } : { fault: `environment variable ${id} is not set` };
}

function memberOf(value: unknown, name: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
