import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { isActedOn } from './acted-on.ts';
import type { Config } from './config.ts';
import { formatKey, isPlainObject, type KeyPath, mapTree } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';
import { SecretRef } from './schema.ts';
import { readVariables, type SecretVariables } from './secret-env.ts';
import { askSecretProgram, type SecretProgram } from './secret-exec.ts';
import { readSecretFile, type SecretFile } from './secret-file.ts';
import { isActive, ownerOf, type SecretOwner } from './secret-owners.ts';
import { readNothing, type SecretReading, type SecretRequest } from './secret-reading.ts';
import type { Environment } from './substitute.ts';

/*
 * active references -> one request for each provider, all at the same time -> a reading for each reference
 *   value          -> in its place
 *   fault, known   -> "stale": the value of the last reading stays in use
 *   fault, unknown -> "cold": a text that isUnresolved recognises; who needs it says that it is not there
 */

/** What the references of a configuration stood for when they were read last. It is replaced as a whole, never changed. */
export interface SecretSnapshot {
  /** By what a reference and its provider say: another place has another reading. */
  readings: ReadonlyMap<string, SecretReading>;
  /** What could not be read. */
  degraded: readonly DegradedSecret[];
  /** Keys of references that nothing uses; they were not read. */
  inactive: readonly string[];
}

/** A reference that could not be read. */
export interface DegradedSecret {
  /** Key of the configuration. */
  path: string;
  owner: SecretOwner;
  /** `cold`: there is no value. `stale`: the value of an earlier time is in use. */
  state: 'cold' | 'stale';
  /** Never tells anything of a secret. */
  reason: string;
}

/** No reference, nothing read. */
export const noSecrets: SecretSnapshot = { readings: new Map(), degraded: [], inactive: [] };

/** What references are resolved with. */
export interface ReferenceSources {
  env: Environment;
  /** What was read before. */
  previous?: SecretSnapshot | undefined;
  /** True: nothing is read, what `previous` has is all there is. Default false. */
  isKnownOnly?: boolean | undefined;
}

/**
 * Replaces the references on the secret keys that this version acts on, `{ source, provider, id }` and `${VAR}` alone, by
 * what they stand for. Never rejects: what cannot be read is in `secrets.degraded`.
 */
export async function resolveSecretRefs(
  config: Config,
  { env, previous = noSecrets, isKnownOnly = false }: ReferenceSources,
): Promise<{ value: Config; secrets: SecretSnapshot }> {
  const found = listReferences(config);
  const active = found.filter(({ path }) => isActive(config, path, env));
  const wanted = active.map(({ path, ref }) => ({ path, ref, identity: identityOf(config, ref) }));
  const fresh = isKnownOnly ? recall(wanted, previous) : await readAll(config, wanted, env);
  const readings = new Map(
    [...fresh].map(([identity, reading]) => [identity, keepLast(reading, previous.readings.get(identity))]),
  );
  const degraded = wanted.flatMap(({ path, identity }) => toDegraded(path, readings.get(identity)));
  const inactive = found.filter((one) => !active.includes(one)).map(({ path }) => formatKey(path));
  const texts = new Map(found.map(({ path, ref }) => [formatKey(path), toPlaceholder(ref)]));
  for (const { path, identity } of wanted) {
    const value = readings.get(identity)?.value;
    if (value !== undefined) texts.set(formatKey(path), value);
  }
  const value = mapTree(config, (old, path) => (texts.size > 0 ? (texts.get(formatKey(path)) ?? old) : old));
  return { value, secrets: { readings, degraded, inactive } };
}

/** What people are told of references that could not be read. */
export function warnOfDegraded({ degraded }: SecretSnapshot): ConfigIssue[] {
  return degraded.map(({ path, owner, state, reason }) => ({
    path,
    message:
      state === 'stale'
        ? `not read: ${reason}; the value that was read before stays in use (${owner.name} is stale)`
        : `not read: ${reason}; the secret is not available (${owner.name} is cold): correct it, then openclaw secrets reload`,
  }));
}

/** The references on the secret keys that this version acts on. */
export function listReferences(config: unknown, path: KeyPath = []): { path: KeyPath; ref: SecretRef }[] {
  if (Array.isArray(config)) return config.flatMap((item, index) => listReferences(item, [...path, index]));
  if (typeof config === 'string') {
    const id = shorthandOf(config);
    return id !== undefined && takesReference(path) ? [{ path, ref: { source: 'env', provider: 'default', id } }] : [];
  }
  if (!isPlainObject(config)) return [];
  if (takesReference(path)) return [{ path, ref: SecretRef.parse(config) }];
  return Object.entries(config).flatMap(([name, member]) => listReferences(member, [...path, name]));
}

// --- internal ---

interface Wanted {
  path: KeyPath;
  ref: SecretRef;
  identity: string;
}

/** The variable of a text that is `${VAR}` or `$VAR` and nothing else. */
function shorthandOf(text: string): string | undefined {
  const [, braced, plain] = /^\$(?:\{([A-Z][A-Z0-9_]{0,127})\}|([A-Z][A-Z0-9_]{0,127}))$/.exec(text) ?? [];
  return braced ?? plain;
}

function takesReference(path: KeyPath): boolean {
  const node = findKey(path);
  return node !== undefined && takesSecret(node) && isActedOn(path);
}

function toPlaceholder({ source, provider, id }: SecretRef): string {
  const isShort = source === 'env' && provider === 'default' && shorthandOf(`$${id}`) === id;
  return isShort ? `\${${id}}` : `\${${source}:${provider}:${id}}`;
}

function identityOf(config: Config, { source, provider, id }: SecretRef): string {
  return JSON.stringify([source, provider, id, entryOf(config, provider) ?? null]);
}

function entryOf({ secrets }: Config, provider: string): unknown {
  return secrets?.providers && Object.hasOwn(secrets.providers, provider) ? secrets.providers[provider] : undefined;
}

async function readAll(config: Config, wanted: Wanted[], env: Environment): Promise<Map<string, SecretReading>> {
  const bySource = Map.groupBy(wanted, ({ ref }) => JSON.stringify([ref.source, ref.provider]));
  const readings = new Map<string, SecretReading>();
  await Promise.all(
    [...bySource.values()].map(async (group) => {
      const [{ ref } = { ref: undefined }] = group;
      if (!ref) return;
      const ids = [...new Set(group.map((one) => one.ref.id))];
      const read = await readProvider(ref.source, { provider: ref.provider, ids }, { config, env });
      for (const one of group) readings.set(one.identity, refuseMark(read.get(one.ref.id) ?? {}));
    }),
  );
  return readings;
}

async function readProvider(
  source: SecretRef['source'],
  request: SecretRequest,
  { config, env }: { config: Config; env: Environment },
): Promise<Map<string, SecretReading>> {
  const { provider } = request;
  const entry = entryOf(config, provider);
  if (source === 'store') return readNothing(request, 'this version keeps no secrets itself, it has no source "store"');
  if (entry === undefined && (provider !== 'default' || source !== 'env'))
    return readNothing(request, `secrets.providers has no entry "${provider}"`);
  const { source: kind = 'env' } = (entry ?? {}) as { source?: string };
  if (kind !== source)
    return readNothing(request, `secrets.providers.${provider} has source "${kind}", not "${source}"`);
  if (source === 'file') return readSecretFile(request, entry as SecretFile);
  if (source === 'exec') return askSecretProgram(request, entry as SecretProgram, env);
  return readVariables(request, (entry ?? {}) as SecretVariables, env);
}

/** What stands for a hidden secret got into the place where the secret should be. */
function refuseMark(reading: SecretReading): SecretReading {
  return reading.value?.includes('__OPENCLAW_REDACTED__')
    ? { fault: 'what is kept there is a redaction mark' }
    : reading;
}

function recall(wanted: readonly Wanted[], { readings }: SecretSnapshot): Map<string, SecretReading> {
  const unread = { fault: 'it has not been read yet' };
  return new Map(wanted.map(({ identity }) => [identity, readings.get(identity) ?? unread]));
}

function keepLast(reading: SecretReading, last: SecretReading | undefined): SecretReading {
  return reading.value === undefined && last?.value !== undefined ? { ...reading, value: last.value } : reading;
}

function toDegraded(path: KeyPath, { value, fault }: SecretReading = {}): DegradedSecret[] {
  if (fault === undefined) return [];
  const state = value === undefined ? 'cold' : 'stale';
  return [{ path: formatKey(path), owner: ownerOf(path), state, reason: fault }];
}
