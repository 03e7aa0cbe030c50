import type { ModelChoice } from '../../sdk/protocol/health.ts';
import type { ModelRow, ProviderAuth } from '../../sdk/protocol/models.ts';
import type { ProviderLimits } from '../../sdk/protocol/provider-limits.ts';
import type { ModelCost } from '../config/provider-config.ts';
import type { EmbeddingRequest, Embeddings, ModelEvent, ModelRequest } from './provider.ts';

/** A model that was found: what it is called, and how to call it. */
export interface Model {
  provider: string;
  /** Id at the provider. */
  id: string;
  /** How the provider's API is spoken, for example `openai-completions`. */
  api: string;
  /** Tokens; undefined when nobody said. */
  contextWindow: number | undefined;
  /** Streams one call, with its timeouts and retries. Contract: as ModelProvider.stream. */
  stream(request: ModelRequest, signal: AbortSignal, patience?: Patience): AsyncIterable<ModelEvent>;
}

/** How long a call may take to begin. */
export interface Patience {
  /**
   * Milliseconds until the provider's first sign of life, retries and waits included. Default 30 000. A provider that the
   * configuration gives more time, and one that has to load its model first, takes it all the same.
   */
  firstMs: number;
}

/** What is known of a model without calling it. */
export interface ModelFacts {
  /** Tokens; undefined when nobody said. */
  contextWindow: number | undefined;
  /** As the configuration has it; undefined when nobody said. */
  cost: ModelCost | undefined;
}

/** Which models a list shows, and for whom. */
export interface ModelQuery {
  /** `configured`: those the configuration names; `provider-config`: those of `models.providers`; `all`: also what providers told. */
  view?: 'default' | 'configured' | 'provider-config' | 'all' | undefined;
  /** Reference of the model that is used first; that of all agents when absent. */
  primary?: string | undefined;
  /** References of those that are tried after it. */
  fallbacks?: readonly string[] | undefined;
}

/** What is embedded, and whether by nothing but what was named. */
export interface NamedEmbeddingRequest extends EmbeddingRequest {
  /** True refuses a reference that has no embeddings, in place of the local ones: vectors of two models cannot be compared. */
  strict?: boolean | undefined;
}

/** Every model the configuration, the environment and this machine offer. */
export interface ModelRegistry {
  /**
   * Finds a model by `<provider>/<model>`, or by a bare id that one configured provider lists.
   * @throws GatewayError INVALID_REQUEST, `details.code: 'MODEL_NOT_FOUND'`, with the nearest known ones in the message.
   */
  find(reference: string): Model;
  /** What is known of a model; nothing when it is not listed anywhere. Cheap, and does not throw. */
  facts(provider: string, model: string): ModelFacts;
  /** The model used where the configuration names none, and why that one. */
  fallback(): ModelChoice;
  /** What providers have told of their limits since the gateway started. */
  limits(): ProviderLimits[];
  /** What can be used, the model that is used first at the top. */
  list(query?: ModelQuery): ModelRow[];
  /** Asks every provider for its models, within some seconds. Never rejects. */
  refresh(): Promise<void>;
  /** How the providers stand with their keys. */
  providers(): ProviderAuth[];
  /**
   * Embeds texts, or tokens of cl100k_base, with the provider of `reference`, or with the local lexical embedding when it has
   * none. Answers the name of what was used.
   * @throws GatewayError with a provider's failure in `details.failure`; INVALID_REQUEST, with `details.param`, for tokens
   * that nobody knows, for dimensions that the model does not have, and where only `strict` would do: MODEL_NOT_FOUND.
   */
  embed(
    reference: string | undefined,
    request: NamedEmbeddingRequest,
    signal: AbortSignal,
  ): Promise<Embeddings & { model: string }>;
  close(): Promise<void>;
}
