import type { ModelRow, ProviderAuth } from '../../sdk/protocol/models.ts';
import { type CatalogEntry, isEmbeddingModel, readKeyless } from './catalog.ts';
import type { ProviderCheck } from './check.ts';
import { findKnownProvider } from './known-providers.ts';
import { splitReference } from './reference.ts';

/** A provider with what it said when it was asked. */
export interface KnownEntry {
  entry: CatalogEntry;
  check: ProviderCheck | undefined;
}

/** Levels of thinking that every model takes that can think. */
const thinkingLevels = ['off', 'minimal', 'low', 'medium', 'high'].map((id) => ({ id, label: id }));

export const guideRow: ModelRow = { id: 'guide', name: 'Guide', provider: 'builtin', available: true, local: true };

/** The models that the configuration or a server of this machine lists. */
export function toRows({ entry, check }: KnownEntry): ModelRow[] {
  return entry.models.map(({ id, name, contextWindow, reasoning, input }) => ({
    ...toUnlistedRow(`${entry.id}/${id}`, { entry, check }),
    ...(name && { name }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(reasoning !== undefined && { reasoning }),
    ...(reasoning === true && { thinkingLevels }),
    ...(input && { input }),
  }));
}

/** The models that only the provider itself named. */
export function toDiscoveredRows({ entry, check }: KnownEntry): ModelRow[] {
  const listed = new Set(entry.models.map(({ id }) => id));
  return (check?.models ?? [])
    .filter((id) => !listed.has(id) && !isEmbeddingModel(id))
    .map((id) => toUnlistedRow(`${entry.id}/${id}`, { entry, check }));
}

/** The row of a model of which only the reference is known. */
export function toUnlistedRow(reference: string, known: KnownEntry | undefined): ModelRow {
  const { entry, check } = known ?? { entry: undefined, check: undefined };
  const { provider: named, model: id } = splitReference(reference);
  const provider = entry?.id ?? named;
  const obstacle = entry ? entry.obstacle : readKeyless(provider)?.obstacle;
  const isRejected = check?.status === 'auth-rejected';
  return {
    id,
    name: id,
    provider: provider || 'unknown',
    available: entry !== undefined && obstacle === undefined && !isRejected,
    ...(obstacle?.kind === 'auth' && { unavailableReason: 'missing-auth' as const }),
    ...(isRejected && { unavailableReason: 'auth-failed' as const }),
    ...(entry && { local: isLocal(entry), apiKeySupported: takesKey(entry) }),
  };
}

/** How a provider stands with its key; never the key. */
export function toProviderAuth({ entry, check }: KnownEntry): ProviderAuth {
  const { id, apiKey, keyName, obstacle } = entry;
  const isEnv = /^[A-Z][A-Z0-9_]*$/.test(keyName);
  const source = isEnv ? ({ source: 'env', envVar: keyName } as const) : ({ source: 'config' } as const);
  return {
    provider: id,
    authProvider: id,
    displayName: findKnownProvider(id)?.name ?? id,
    status: obstacle?.kind === 'auth' ? 'missing' : apiKey ? 'static' : 'ok',
    profiles: [],
    apiKeySupported: takesKey(entry),
    ...(apiKey && obstacle?.kind !== 'auth' && { apiKey: source }),
    ...(obstacle && { problem: obstacle.message }),
    ...(check && { check: { status: check.status, at: check.at } }),
  };
}

/** True when people give this provider a key. */
function takesKey({ id, apiKey }: CatalogEntry): boolean {
  return apiKey !== undefined || (findKnownProvider(id)?.keyVariables.length ?? 1) > 0;
}

function isLocal({ baseUrl }: CatalogEntry): boolean {
  const host = URL.parse(baseUrl)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}
