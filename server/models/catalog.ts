import type { Config } from '../config/config.ts';
import type { ProviderConfig } from '../config/provider-config.ts';
import { findKnownProvider, type KnownProvider, knownProviders } from './known-providers.ts';
import { toMs } from './timeouts.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** A model that a provider is known to have. */
export type CatalogModel = NonNullable<ProviderConfig['models']>[number];

/** A provider that can be named in a reference, and whether it can be called. */
export interface CatalogEntry {
  id: string;
  api: string;
  /** '' when nobody gave one; `obstacle` says so. */
  baseUrl: string;
  apiKey: string | undefined;
  /** What a person sets to give the key. */
  keyName: string;
  headers: Record<string, string> | undefined;
  /** True when the key goes into `Authorization`, whatever the API's own header is. */
  authHeader: boolean;
  /** Tokens of one answer, where a model says nothing. */
  maxTokens: number | undefined;
  params: ProviderConfig['params'];
  models: CatalogModel[];
  /** Milliseconds; undefined when nobody said. */
  idleMs: number | undefined;
  /** True for servers that load a model before their first word, and read the whole prompt on small machines. */
  startsSlowly: boolean;
  /** Model for embeddings, where one is known. */
  embeddingModel: string | undefined;
  /** Why it is offered, for people; follows "because". */
  reason: string;
  /** Why it cannot be called, and what to do. */
  obstacle: { kind: 'auth' | 'bad_request'; message: string } | undefined;
}

/**
 * The providers of the configuration, then those whose key is in the environment, in the order in which they are preferred.
 *
 * Configured providers come first: whoever wrote `models.providers` chose, while a key in the environment may be there for
 * another program. A key of the environment is sent only to the address that it belongs to: the provider's own, or the one
 * that the environment names. A configured provider with another address has the key that the configuration gives it, or none.
 */
export function readCatalog(config: Config, env: Env): CatalogEntry[] {
  const configured = Object.entries(config.models?.providers ?? {}).map(([id, provider]) =>
    toConfigured(id, provider, env),
  );
  const given = knownProviders.flatMap((known) => toGiven(known, env) ?? []);
  return [...configured, ...given.filter(({ id }) => !configured.some((entry) => entry.id === id))];
}

/** A known provider that nobody gave a key, so that naming it says which key is missing. */
export function readKeyless(id: string): CatalogEntry | undefined {
  const known = findKnownProvider(id);
  return known && known.keyVariables.length > 0 ? toConfigured(known.id, {}, {}) : undefined;
}

/** A local server that was found, as a provider. */
export function toLocalEntry(
  known: KnownProvider,
  baseUrl: string,
  found: { models: string[]; reason: string },
): CatalogEntry {
  const entry = toConfigured(known.id, { baseUrl, models: found.models.map((id) => ({ id })) }, {});
  return { ...entry, reason: found.reason, embeddingModel: found.models.find(isEmbeddingModel) };
}

/** Tells by its name whether a model makes vectors instead of text. */
export function isEmbeddingModel(id: string): boolean {
  return /embed|minilm|(^|[/:_-])(bge|gte|e5|gist|jina|voyage)[-:]/i.test(id);
}

function toConfigured(id: string, provider: ProviderConfig, env: Env): CatalogEntry {
  const known = findKnownProvider(id);
  const baseUrl = (provider.baseUrl?.trim() || known?.baseUrl || '').replace(/\/+$/, '');
  const atHome = known !== undefined && baseUrl === known.baseUrl;
  const fromEnv = atHome && provider.apiKey === undefined ? readKey(known, env) : undefined;
  const configuredKey = provider.apiKey !== undefined && !isUnresolved(provider.apiKey) ? provider.apiKey.trim() : '';
  const apiKey = configuredKey || fromEnv?.value;
  const variables = atHome ? known.keyVariables : [];
  const api =
    provider.api ?? (known && (atHome || known.api !== 'openai-responses') ? known.api : 'openai-completions');
  const entry: CatalogEntry = {
    id,
    api,
    baseUrl,
    apiKey,
    keyName: fromEnv?.name ?? `models.providers.${id}.apiKey`,
    headers: provider.request?.headers ? { ...provider.headers, ...provider.request.headers } : provider.headers,
    authHeader: provider.authHeader ?? false,
    maxTokens: provider.maxTokens,
    params: provider.params,
    models: provider.models ?? (known?.defaultModel && atHome ? [{ id: known.defaultModel }] : []),
    idleMs: toMs(provider.timeoutSeconds),
    startsSlowly: api === 'ollama' || known?.keyVariables.length === 0,
    embeddingModel:
      provider.models?.find((model) => isEmbeddingModel(model.id))?.id ?? (atHome ? known.embeddingModel : undefined),
    reason: `models.providers.${id} is configured`,
    obstacle: undefined,
  };
  return { ...entry, obstacle: findObstacle(entry, provider, variables) };
}

function toGiven(known: KnownProvider, env: Env): CatalogEntry | undefined {
  const key = readKey(known, env);
  if (!key) return undefined;
  const baseUrl = known.baseUrlVariable ? env[known.baseUrlVariable]?.trim() : undefined;
  const models = known.defaultModel ? [{ id: known.defaultModel }] : [];
  const entry = toConfigured(known.id, { apiKey: key.value, models, ...(baseUrl && { baseUrl }) }, {});
  return { ...entry, keyName: key.name, reason: `${key.name} is set` };
}

const speakable = new Set([
  'openai-completions',
  'openai-responses',
  'anthropic-messages',
  'google-generative-ai',
  'ollama',
]);

function findObstacle(
  entry: CatalogEntry,
  provider: ProviderConfig,
  variables: readonly string[],
): CatalogEntry['obstacle'] {
  const place = `models.providers.${entry.id}`;
  const wrong = (message: string) => ({ kind: 'bad_request' as const, message });
  if (!speakable.has(entry.api)) {
    return wrong(
      `${place}.api is "${entry.api}", which this gateway does not speak. Use one of ${[...speakable].join(', ')}.`,
    );
  }
  if (entry.baseUrl === '') return wrong(`${place}.baseUrl is missing. Set it to the address of the provider's API.`);
  const url = URL.parse(entry.baseUrl);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    return wrong(
      `${place}.baseUrl is not an http or https address without a user name. Put credentials into ${place}.headers.`,
    );
  }
  const unread = Object.entries(entry.headers ?? {}).find(([, value]) => isReference(value));
  if (unread) return unavailable(`${place}.headers.${unread[0]}`);
  const carriesOwn = Object.keys(entry.headers ?? {}).some((name) =>
    /^(authorization|(x-)?(goog-)?api-key)$/i.test(name),
  );
  if (entry.apiKey && !/^[\x21-\x7e]+$/.test(entry.apiKey)) {
    return {
      kind: 'auth',
      message: `${entry.keyName} has characters that no API key has. Set it again, without spaces and line breaks.`,
    };
  }
  if (entry.apiKey || carriesOwn) return undefined;
  if (provider.apiKey !== undefined) {
    return isReference(provider.apiKey)
      ? unavailable(`${place}.apiKey`)
      : { kind: 'auth', message: `${place}.apiKey has no value: set it, or the environment variable that it names.` };
  }
  if (variables.length === 0) return undefined;
  return { kind: 'auth', message: `${entry.id} has no API key. Set ${variables.join(' or ')}, or ${place}.apiKey.` };
}

function readKey(known: KnownProvider, env: Env): { name: string; value: string } | undefined {
  for (const name of known.keyVariables) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return undefined;
}

/** The obstacle of a secret that could not be read. */
function unavailable(place: string): CatalogEntry['obstacle'] {
  const message = `${place} refers to a secret that is not available (SECRET_SURFACE_UNAVAILABLE): the gateway's log says why. Correct it, then openclaw secrets reload.`;
  return { kind: 'auth', message };
}

/** True for a text that holds a reference which could not be read. */
function isReference(text: string): boolean {
  return /\$\{[^}]*\}/.test(text);
}

/** True for an empty key, and for a reference to an environment variable that the configuration could not fill in. */
function isUnresolved(key: string): boolean {
  return key.trim() === '' || /\$\{[^}]*\}/.test(key) || /^\$[A-Z][A-Z0-9_]*$/.test(key.trim());
}
