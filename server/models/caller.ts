import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import { createAnthropicMessagesProvider } from './anthropic-messages.ts';
import type { CatalogEntry, CatalogModel } from './catalog.ts';
import { createGoogleGenerativeAIProvider } from './google-generative-ai.ts';
import { createOllamaProvider } from './ollama.ts';
import { createOpenAICompletionsProvider } from './openai-completions.ts';
import { createOpenAIResponsesProvider } from './openai-responses.ts';
import type { ModelEvent, ModelProvider, ModelRequest } from './provider.ts';
import type { Model } from './registry.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { defaultTotalMs, toMs, withTimeouts } from './timeouts.ts';
import type { LiveProvider, ProviderOptions } from './upstream.ts';

/** Makes callable models out of catalog entries: the right kind of provider, its limits, its retries. */
export interface Caller {
  /** `builtin/guide`. */
  guide: Model;
  toModel(entry: CatalogEntry, id: string): Model;
  /** The entry's provider, made at first use; undefined when it cannot be called. */
  providerOf(entry: CatalogEntry): ModelProvider | undefined;
  close(): Promise<void>;
}

export interface CallerOptions {
  config: Config;
  log: Log;
  guide: ModelProvider;
  retry?: RetryPolicy | undefined;
}

const kinds: Readonly<Record<string, (options: ProviderOptions) => LiveProvider>> = {
  'openai-completions': createOpenAICompletionsProvider,
  'openai-responses': createOpenAIResponsesProvider,
  'anthropic-messages': createAnthropicMessagesProvider,
  'google-generative-ai': createGoogleGenerativeAIProvider,
  ollama: createOllamaProvider,
};

export function createCaller({ config, log, guide, retry }: CallerOptions): Caller {
  const providers = new Map<CatalogEntry, LiveProvider>();
  const totalMs = toMs(config.agents?.defaults?.timeoutSeconds) ?? defaultTotalMs;

  function providerOf(entry: CatalogEntry): LiveProvider | undefined {
    if (entry.obstacle) return undefined;
    const provider = providers.get(entry) ?? kinds[entry.api]?.(entry);
    if (provider) providers.set(entry, provider);
    return provider;
  }

  /** One call with its limits, and with quick retries before its first event. */
  function call(provider: ModelProvider, target: Target, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const { model, request, idleMs } = target;
    const timed = { provider: target.provider, model, limits: { idleMs, totalMs }, startedAt: performance.now() };
    return withRetries(
      () => withTimeouts((cut) => provider.stream(model, request, cut), timed, signal),
      {
        ...retry,
        onRetry: ({ message }, delayMs) =>
          log.warn(`model call failed, next try in ${Math.round(delayMs)} ms: ${message}`, {
            provider: target.provider,
            model,
          }),
      },
      signal,
    );
  }

  return {
    guide: {
      provider: 'builtin',
      id: 'guide',
      api: 'builtin',
      contextWindow: undefined,
      stream: (request, signal) => call(guide, { provider: 'builtin', model: 'guide', request }, signal),
    },
    toModel(entry, id) {
      const listed = entry.models.find((model) => model.id === id);
      // OpenRouter's own models are the only ones whose ids begin with its name, which a reference need not say twice.
      const model = entry.id === 'openrouter' && !id.includes('/') ? `openrouter/${id}` : id;
      return {
        provider: entry.id,
        id: model,
        api: entry.api,
        contextWindow: listed?.contextWindow,
        stream(request, signal) {
          const provider = providerOf(entry);
          if (!provider) return failAtOnce(entry, model);
          const fitted = fitTo(listed, request);
          return call(provider, { provider: entry.id, model, request: fitted, idleMs: entry.idleMs }, signal);
        },
      };
    },
    providerOf,
    async close() {
      await Promise.all([...providers.values()].map((provider) => provider.close()));
    },
  };
}

interface Target {
  provider: string;
  model: string;
  request: ModelRequest;
  idleMs?: number | undefined;
}

/** Leaves out what the configuration says the model cannot do. */
function fitTo(listed: CatalogModel | undefined, request: ModelRequest): ModelRequest {
  const thinking = listed?.reasoning === false ? undefined : request.thinking;
  const most = listed?.maxTokens;
  if (most === undefined) return thinking === request.thinking ? request : { ...request, thinking };
  const maxOutputTokens = Math.min(request.sampling?.maxOutputTokens ?? most, most);
  return { ...request, thinking, sampling: { ...request.sampling, maxOutputTokens } };
}

async function* failAtOnce({ id, obstacle }: CatalogEntry, model: string): AsyncGenerator<ModelEvent> {
  const { kind = 'bad_request', message = `models.providers.${id} cannot be used.` } = obstacle ?? {};
  yield { type: 'failure', failure: { kind, message, provider: id, model, retryable: false } };
}
