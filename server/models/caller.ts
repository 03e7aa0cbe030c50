import type { Config } from '../config/config.ts';
import type { Log } from '../log/log.ts';
import { redactAnswer } from '../log/redact-answer.ts';
import { createAnthropicMessagesProvider } from './anthropic-messages.ts';
import type { CatalogEntry } from './catalog.ts';
import { createGoogleGenerativeAIProvider } from './google-generative-ai.ts';
import { refuseImages, withoutImages } from './images.ts';
import { fitTo, type ModelSettings, readModelSettings } from './model-settings.ts';
import { createOllamaProvider } from './ollama.ts';
import { createOpenAICompletionsProvider } from './openai-completions.ts';
import { createOpenAIResponsesProvider } from './openai-responses.ts';
import type { ModelEvent, ModelProvider, ModelRequest } from './provider.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import type { Model, Patience } from './registry.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { defaultFirstMs, defaultIdleMs, defaultTotalMs, toMs, withTimeouts } from './timeouts.ts';
import type { LiveProvider, ProviderOptions } from './upstream.ts';

/** Makes callable models out of catalog entries: the right kind of provider, its limits, its retries. */
export interface Caller {
  /** `builtin/guide`. */
  guide: Model;
  toModel(entry: CatalogEntry, id: string): Model;
  /** Lends the entry's provider, made at first use; undefined when it cannot be called. */
  borrow(entry: CatalogEntry): Loan | undefined;
  /** Closes the providers of entries that are no longer offered, each when its last call has ended. */
  retire(entries: readonly CatalogEntry[]): void;
  /** What providers have told of their limits. */
  limits: RateLimits['list'];
  close(): Promise<void>;
}

/** A provider in use. */
export interface Loan {
  provider: ModelProvider;
  /** Has to be called once, when the call is over. */
  giveBack(): void;
}

export interface CallerOptions {
  /** The configuration in effect. */
  config(): Config;
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
  const limits = createRateLimits();
  const open = new Map<CatalogEntry, { provider: LiveProvider; calls: number }>();
  const retired = new WeakSet<CatalogEntry>();

  function closeIfDone(entry: CatalogEntry): void {
    const opened = open.get(entry);
    if (!opened || opened.calls > 0 || !retired.has(entry)) return;
    open.delete(entry);
    opened.provider
      .close()
      .catch((error: unknown) => log.warn(`provider ${entry.id} could not be closed`, { error: String(error) }));
  }

  function borrow(entry: CatalogEntry): Loan | undefined {
    if (entry.obstacle) return undefined;
    const provider =
      open.get(entry)?.provider ??
      kinds[entry.api]?.({ ...entry, onHeaders: (header) => limits.note(entry.id, header) });
    if (!provider) return undefined;
    const opened = open.get(entry) ?? { provider, calls: 0 };
    open.set(entry, opened);
    opened.calls++;
    const giveBack = () => {
      opened.calls--;
      closeIfDone(entry);
    };
    return { provider, giveBack };
  }

  /** One call of a provider that may be replaced while it runs. */
  async function* callBorrowed(
    entry: CatalogEntry,
    target: { model: string; request: ModelRequest; patience: Patience | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<ModelEvent> {
    const loan = borrow(entry);
    if (!loan) {
      yield* failAtOnce(entry, target.model);
      return;
    }
    try {
      const ownMs = entry.idleMs ?? (entry.startsSlowly ? defaultIdleMs : undefined);
      const events = call(loan.provider, { ...target, provider: entry.id, idleMs: entry.idleMs, ownMs }, signal);
      // What a provider says of a failure may hold another secret than the one that it was sent.
      for await (const event of events) yield event.type === 'failure' ? redactAnswer(event, log.redact) : event;
    } finally {
      loan.giveBack();
    }
  }

  /** One call with its limits, and with quick retries before its first event. */
  function call(provider: ModelProvider, target: Target, signal: AbortSignal): AsyncIterable<ModelEvent> {
    const { model, request, idleMs, ownMs } = target;
    const totalMs = toMs(config().agents?.defaults?.timeoutSeconds) ?? defaultTotalMs;
    const startedAt = performance.now();
    const withinMs = target.patience?.firstMs ?? retry?.withinMs ?? defaultFirstMs;
    const toLimits = () => ({
      idleMs,
      totalMs,
      firstMs: ownMs ?? Math.max(1, startedAt + withinMs - performance.now()),
    });
    return withRetries(
      () => {
        const timed = { provider: target.provider, model, limits: toLimits(), startedAt };
        return withTimeouts((cut) => provider.stream(model, request, cut), timed, signal);
      },
      {
        ...retry,
        withinMs,
        onRetry: ({ kind, message }, delayMs) =>
          log.warn(`model call failed, next try in ${Math.round(delayMs)} ms: ${message}`, {
            provider: target.provider,
            model,
            kind,
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
      stream: (request, signal, patience) =>
        call(guide, { provider: 'builtin', model: 'guide', request, patience }, signal),
    },
    toModel(entry, id) {
      const listed = entry.models.find((model) => model.id === id);
      let settings: ModelSettings | undefined;
      // OpenRouter's own models are the only ones whose ids begin with its name, which a reference need not say twice.
      const model = entry.id === 'openrouter' && !id.includes('/') ? `openrouter/${id}` : id;
      return {
        provider: entry.id,
        id: model,
        api: entry.api,
        contextWindow: listed?.contextWindow,
        stream: (request, signal, patience) => {
          settings ??= readModelSettings(entry, id, config());
          const fitting = withoutImages(listed, fitTo(settings, request));
          return (
            refuseImages(listed, request, { provider: entry.id, model }) ??
            callBorrowed(entry, { model, request: fitting, patience }, signal)
          );
        },
      };
    },
    limits: limits.list,
    borrow,
    retire(entries) {
      for (const entry of entries) {
        retired.add(entry);
        closeIfDone(entry);
      }
    },
    async close() {
      await Promise.all([...open.values()].map(({ provider }) => provider.close()));
    },
  };
}

interface Target {
  provider: string;
  model: string;
  request: ModelRequest;
  patience: Patience | undefined;
  idleMs?: number | undefined;
  /** Milliseconds until the first sign of life, where the provider has a limit of its own. */
  ownMs?: number | undefined;
}

async function* failAtOnce({ id, obstacle }: CatalogEntry, model: string): AsyncGenerator<ModelEvent> {
  const { kind, message = `models.providers.${id} cannot be used.` } = obstacle ?? {};
  // A setting of ours that is wrong is not the fault of whoever asks.
  const failure = { kind: kind === 'auth' ? kind : ('unavailable' as const), message, provider: id, model };
  yield { type: 'failure', failure: { ...failure, retryable: false } };
}
