import { streamThrough } from './language-model.ts';
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
        const client = createAnthropic({ baseURL: baseUrl, apiKey: 'set by the upstream', fetch: upstream.fetch });
        return (model) => client.languageModel(model);
      },
      settings: {
        thinksInOnePiece: true,
        providerOptions: ({ parallelToolCalls }) => ({
          anthropic: parallelToolCalls === undefined ? {} : { disableParallelToolUse: !parallelToolCalls },
        }),
      },
    }),
    close: () => upstream.close(),
  };
}

function toVersionedUrl(baseUrl: string): string {
  const bare = baseUrl.replace(/\/+$/, '');
  return bare.endsWith('/v1') ? bare : `${bare}/v1`;
}
