import type { JSONObject } from '@ai-sdk/provider';
import { streamThrough } from './language-model.ts';
import { dropUndefined } from './language-model-request.ts';
import { createUpstream, type LiveProvider, type ProviderOptions } from './upstream.ts';

/**
 * A provider that speaks Anthropic's Messages API, through `@ai-sdk/anthropic`. It has no embeddings.
 * `baseUrl` may end in `/v1` or before it: both are in use.
 */
export function createAnthropicMessagesProvider(options: ProviderOptions): LiveProvider {
  const baseUrl = toVersionedUrl(options.baseUrl);
  const upstream = createUpstream({ ...options, baseUrl }, { name: 'x-api-key' });
  return {
    stream: streamThrough({
      upstream,
      async open() {
        const { createAnthropic } = await import('@ai-sdk/anthropic');
        const client = { baseURL: baseUrl, apiKey: 'set by the upstream' };
        return (model, fetch) => createAnthropic({ ...client, fetch }).languageModel(model);
      },
      settings: {
        thinksInOnePiece: true,
        providerOptions: ({ parallelToolCalls, serviceTier, safetyIdentifier, user }) => ({
          anthropic: dropUndefined({
            disableParallelToolUse: parallelToolCalls === undefined ? undefined : !parallelToolCalls,
            serviceTier: serviceTiers[serviceTier ?? ''],
            metadata: (safetyIdentifier ?? user) ? { userId: safetyIdentifier ?? user } : undefined,
          }) as JSONObject,
        }),
      },
    }),
    close: () => upstream.close(),
  };
}

/** OpenAI's words for Anthropic's two tiers. */
const serviceTiers: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'standard_only',
  standard_only: 'standard_only',
};

function toVersionedUrl(baseUrl: string): string {
  const bare = baseUrl.replace(/\/+$/, '');
  return bare.endsWith('/v1') ? bare : `${bare}/v1`;
}
