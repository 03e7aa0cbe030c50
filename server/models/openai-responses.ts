import { streamThrough } from './language-model.ts';
import { embedOverOpenAI } from './openai-embeddings.ts';
import { createUpstream, type LiveProvider, type ProviderOptions } from './upstream.ts';

/** A provider that speaks OpenAI's Responses API, through `@ai-sdk/openai`. Nothing is stored at the provider. */
export function createOpenAIResponsesProvider(options: ProviderOptions): LiveProvider {
  const upstream = createUpstream(options, { name: 'authorization', prefix: 'Bearer ' });
  return {
    stream: streamThrough({
      upstream,
      async open() {
        const { createOpenAI } = await import('@ai-sdk/openai');
        const client = createOpenAI({ baseURL: options.baseUrl, apiKey: 'set by the upstream', fetch: upstream.fetch });
        return (model) => client.responses(model);
      },
      settings: {
        providerOptions: ({ parallelToolCalls, responseFormat }) => ({
          openai: {
            store: false,
            strictJsonSchema: responseFormat?.strict ?? false,
            ...(parallelToolCalls !== undefined && { parallelToolCalls }),
          },
        }),
      },
    }),
    embed: (model, texts, { dimensions }, signal) => embedOverOpenAI(upstream, { model, texts, dimensions }, signal),
    close: () => upstream.close(),
  };
}
