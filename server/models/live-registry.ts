import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { ModelChoice } from '../../sdk/protocol/health.ts';
import type { ModelRow } from '../../sdk/protocol/models.ts';
import type { Config } from '../config/config.ts';
import type { ModelParams } from '../config/provider-config.ts';
import type { Log } from '../log/log.ts';
import { createCaller } from './caller.ts';
import { type CatalogEntry, type Env, isEmbeddingModel, readKeyless } from './catalog.ts';
import { checkProvider, type ProviderCheck } from './check.ts';
import { type LocalServer, localServers } from './discover.ts';
import { checkDimensions, embeddingOf, toTexts, withoutEmbeddings } from './embedding-choice.ts';
import { embedLexically, lexicalModel } from './lexical.ts';
import { unknownParams } from './model-settings.ts';
import { findNearest } from './nearest.ts';
import { createOffer } from './offer.ts';
import type { ModelProvider } from './provider.ts';
import { splitReference } from './reference.ts';
import type { Model, ModelQuery, ModelRegistry } from './registry.ts';
import type { RetryPolicy } from './retry.ts';
import { guideRow, type KnownEntry, toDiscoveredRows, toProviderAuth, toRows, toUnlistedRow } from './rows.ts';

export interface RegistryOptions {
  config: Config;
  /** Where provider keys are looked for; usually `process.env`. */
  env: Env;
  log: Log;
  /** Streams `builtin/guide`, the model that is always there. */
  guide: ModelProvider;
  /** Model servers to look for on this machine. Default: Ollama, LM Studio and llama.cpp at their usual ports. */
  servers?: readonly LocalServer[] | undefined;
  retry?: RetryPolicy | undefined;
}

export interface LiveModelRegistry extends ModelRegistry {
  /** Resolves when the search for local servers is over; what they have is known from then on. Never rejects. */
  readonly ready: Promise<void>;
  /**
   * Offers what another configuration has from now on. Providers that it leaves as they are keep their connections; calls
   * of the others go on to their end.
   */
  apply(config: Config): void;
}

/** Reference of the model that needs nothing. */
const guideModel = 'builtin/guide';

/** The guide runs here. */
const free = { input: 0, output: 0 };

/** Knows every model of the configuration, the environment and this machine. Returns at once; the search for local servers goes on. */
export function createModelRegistry(options: RegistryOptions): LiveModelRegistry {
  const { env, log } = options;
  let { config } = options;
  const caller = createCaller({ ...options, config: () => config });
  const closing = new AbortController();
  const offer = createOffer(config, env);
  const checks = new WeakMap<CatalogEntry, ProviderCheck>();
  const lookAround = () => offer.discover(options.servers ?? localServers, closing.signal);
  const warnOfObstacles = () => {
    for (const { id, obstacle } of offer.entries())
      if (obstacle) log.warn(`model provider ${id} cannot be used: ${obstacle.message}`);
    for (const [place, params] of listParams(config))
      for (const name of unknownParams(params)) log.warn(`${place}.${name} is not a known parameter and has no effect`);
  };
  warnOfObstacles();
  let ready = lookAround();

  function find(reference: string): Model {
    const wanted = reference.trim();
    if (wanted === guideModel || wanted === 'guide') return caller.guide;
    const { provider, model: id } = splitReference(wanted);
    const named = provider && id ? entryOf(provider) : undefined;
    if (named) return caller.toModel(named, id);
    const listing = offer.entries().find(({ models }) => models.some((model) => model.id === wanted));
    if (listing) return caller.toModel(listing, wanted);
    const keyless = provider && id ? readKeyless(provider) : undefined;
    if (keyless) return caller.toModel(keyless, id);
    throw notFound(wanted, [...offer.entries().flatMap(referencesOf), guideModel]);
  }

  function entryOf(provider: string): CatalogEntry | undefined {
    const entries = offer.entries();
    return entries.find(({ id }) => id === provider) ?? entries.find(({ id }) => id === readKeyless(provider)?.id);
  }

  function fallback(): ModelChoice {
    for (const entry of offer.entries()) {
      const model = entry.obstacle ? undefined : entry.models.find(({ id }) => !isEmbeddingModel(id));
      if (model) return { model: `${entry.id}/${model.id}`, reason: entry.reason };
    }
    return { model: guideModel, reason: 'no model is configured: set OPENAI_API_KEY or agents.defaults.model.primary' };
  }

  const withCheck = (entry: CatalogEntry): KnownEntry => ({ entry, check: checks.get(entry) });

  function list({ view = 'default', primary: wanted, fallbacks = [] }: ModelQuery = {}): ModelRow[] {
    const entries = offer.entries().map(withCheck);
    const inConfig = entries.filter(({ entry }) => config.models?.providers?.[entry.id] !== undefined);
    const shown = view === 'configured' || view === 'provider-config' ? inConfig : entries;
    const rows = shown.flatMap((known) => [...toRows(known), ...(view === 'all' ? toDiscoveredRows(known) : [])]);
    if (view === 'provider-config') return rows;
    if (view !== 'configured') rows.push(guideRow);
    const setting = config.agents?.defaults?.model;
    const primary = wanted || (typeof setting === 'string' ? setting : setting?.primary) || fallback().model;
    const tagged = [...new Set([primary, ...fallbacks])].map((reference, index) => {
      const entry = entryOf(reference.split('/')[0] ?? '');
      const known = rows.find((row) => `${row.provider}/${row.id}` === reference || row.id === reference);
      const own = reference === guideModel ? guideRow : toUnlistedRow(reference, entry && withCheck(entry));
      return { known, row: { ...(known ?? own), tags: [index === 0 ? 'default' : `fallback-${index}`] } };
    });
    return [...tagged.map(({ row }) => row), ...rows.filter((row) => !tagged.some(({ known }) => known === row))];
  }

  let refreshing: Promise<void> | undefined;

  /** Asks everybody, once at a time however many want to know. */
  async function askAll(): Promise<void> {
    await offer.discover(options.servers ?? localServers, closing.signal, { again: true });
    await Promise.all(
      offer.entries().map(async (entry) => {
        const check = await checkProvider(entry, closing.signal);
        if (check) checks.set(entry, check);
      }),
    );
  }

  return {
    get ready() {
      return ready;
    },
    apply(next) {
      config = next;
      caller.retire(offer.renew(next));
      warnOfObstacles();
      ready = Promise.all([ready, lookAround()]).then(() => undefined);
    },
    find,
    facts(provider, model) {
      if (provider === 'builtin') return { contextWindow: undefined, cost: free };
      const listed = entryOf(provider)?.models.find(({ id }) => id === model);
      return { contextWindow: listed?.contextWindow, cost: listed?.cost };
    },
    fallback,
    list,
    limits: caller.limits,
    refresh() {
      refreshing ??= askAll().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
    providers: () => offer.entries().map((entry) => toProviderAuth(withCheck(entry))),
    async embed(reference, { inputs, dimensions, strict = false }, signal) {
      const isOwn = reference === undefined || reference === lexicalModel;
      const target = isOwn ? undefined : embeddingOf(reference, offer.entries(), strict);
      if (!target && strict && !isOwn) throw withoutEmbeddings(reference, offer.entries());
      const loan = target && caller.borrow(target.entry);
      try {
        const provider = loan?.provider;
        if (!target || !provider?.embed) {
          if (strict && !isOwn) throw withoutEmbeddings(reference, offer.entries());
          return { ...(await embedLexically(await toTexts(inputs), { dimensions }, signal)), model: lexicalModel };
        }
        const taken = provider.takesTokens?.(target.id) ? inputs : await toTexts(inputs);
        const embeddings = await provider.embed(target.id, { inputs: taken, dimensions }, signal);
        checkDimensions(embeddings.vectors[0]?.length, dimensions, target);
        return { ...embeddings, model: `${target.entry.id}/${target.id}` };
      } finally {
        loan?.giveBack();
      }
    },
    async close() {
      closing.abort();
      await Promise.all([ready, caller.close()]);
    },
  };
}

/** Every `params` of the configuration with its key. */
function listParams({ agents, models }: Config): [place: string, params: ModelParams | undefined][] {
  const { params, models: byReference = {} } = agents?.defaults ?? {};
  return [
    ['agents.defaults.params', params],
    ...Object.entries(byReference).map(
      ([id, own]) => [`agents.defaults.models.${id}.params`, own.params] as [string, ModelParams | undefined],
    ),
    ...Object.entries(models?.providers ?? {}).flatMap(([id, provider]) => [
      [`models.providers.${id}.params`, provider.params] as [string, ModelParams | undefined],
      ...(provider.models ?? []).map(
        (model) =>
          [`models.providers.${id}.models.${model.id}.params`, model.params] as [string, ModelParams | undefined],
      ),
    ]),
  ];
}

function referencesOf({ id, models }: CatalogEntry): string[] {
  return models.length > 0 ? models.map((model) => `${id}/${model.id}`) : [`${id}/<model>`];
}

function notFound(reference: string, known: string[]): GatewayError {
  const nearest = findNearest(reference, known, 3);
  const message = `No model "${reference.slice(0, 200)}". The nearest known: ${nearest.join(', ')}. \`openclaw models list\` shows all; models.providers adds more.`;
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'MODEL_NOT_FOUND', nearest } });
}
