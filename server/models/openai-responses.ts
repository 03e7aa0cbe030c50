import type { JSONObject } from '@ai-sdk/provider';
import { streamThrough } from './language-model.ts';
import { dropUndefined } from './language-model-request.ts';
import { embedOverOpenAI, takesOpenAITokens } from './openai-embeddings.ts';
import type { ModelRequest } from './provider.ts';
import { createUpstream, type LiveProvider, type ProviderOptions } from './upstream.ts';

const levels = new Set(['', 'off', 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

/** A provider that speaks OpenAI's Responses API, through `@ai-sdk/openai`. Nothing is stored at the provider. */
export function createOpenAIResponsesProvider(options: ProviderOptions): LiveProvider {
  const reasoning = new Set(options.models?.flatMap((model) => (model.reasoning ? [model.id] : [])));
  /** The package knows OpenAI's models; of others it would leave the level out. */
  const isReasoning = (model: string, { thinking = 'off' }: ModelRequest) =>
    reasoning.has(model) || (!/^(gpt-|o\d|chatgpt|codex)/.test(model) && thinking !== 'off' && thinking !== 'none');
  const upstream = createUpstream(options, { name: 'authorization', prefix: 'Bearer ' });
  return {
    stream: streamThrough({
      upstream,
      async open() {
        const { createOpenAI } = await import('@ai-sdk/openai');
        const client = { baseURL: options.baseUrl, apiKey: 'set by the upstream' };
        return (model, fetch) => createOpenAI({ ...client, fetch }).responses(model);
      },
      settings: {
        body: ({ serviceTier }) => (serviceTier ? { service_tier: serviceTier } : undefined),
        providerOptions: (request, model) => ({
          openai: dropUndefined({
            store: false,
            strictJsonSchema: request.responseFormat?.strict ?? false,
            parallelToolCalls: request.parallelToolCalls,
            textVerbosity: request.verbosity,
            promptCacheKey: request.promptCacheKey,
            safetyIdentifier: request.safetyIdentifier,
            user: request.user,
            reasoningSummary: request.reasoningSummary,
            forceReasoning: isReasoning(model, request) || undefined,
            // What is neither ours nor OpenAI's is a level that the configuration named.
            reasoningEffort: levels.has(request.thinking ?? '') ? undefined : request.thinking,
          }) as JSONObject,
        }),
      },
    }),
    embed: (model, request, signal) => embedOverOpenAI(upstream, { model, ...request }, signal),
    takesTokens: takesOpenAITokens,
    close: () => upstream.close(),
  };
}
