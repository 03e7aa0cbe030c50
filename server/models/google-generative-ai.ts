import { type Batch, embedInBatches, postForJson, toVectors } from './embedding.ts';
import { streamThrough } from './language-model.ts';
import type { EmbeddingInput, EmbeddingRequest, Embeddings } from './provider.ts';
import { createUpstream, type LiveProvider, type ProviderOptions, type Upstream } from './upstream.ts';

/** A provider that speaks Google's Gemini API, through `@ai-sdk/google`. `baseUrl` ends in the version, for example `/v1beta`. */
export function createGoogleGenerativeAIProvider(options: ProviderOptions): LiveProvider {
  const upstream = createUpstream(options, { name: 'x-goog-api-key' });
  return {
    stream: streamThrough({
      upstream,
      async open() {
        const { createGoogle } = await import('@ai-sdk/google');
        const client = { baseURL: options.baseUrl, apiKey: 'set by the upstream' };
        return (model, fetch) => createGoogle({ ...client, fetch }).languageModel(model);
      },
      settings: {
        providerOptions: ({ serviceTier }) => {
          const tier = serviceTiers[serviceTier ?? ''];
          return tier ? { google: { serviceTier: tier } } : undefined;
        },
      },
    }),
    embed: (model, request, signal) => embedOverGemini(upstream, { model, ...request }, signal),
    close: () => upstream.close(),
  };
}

/** OpenAI's words for Google's tiers. */
const serviceTiers: Readonly<Record<string, string>> = {
  default: 'standard',
  standard: 'standard',
  flex: 'flex',
  priority: 'priority',
};

/** Texts per request, the limit of `batchEmbedContents`. */
const limits = { inputs: 100, tokens: Number.POSITIVE_INFINITY };

/** Embeds texts over `models/<model>:batchEmbedContents`, which does not say how many tokens it read. */
function embedOverGemini(
  upstream: Upstream,
  { model, inputs, dimensions }: EmbeddingRequest & { model: string },
  signal: AbortSignal,
): Promise<Embeddings> {
  const name = `models/${model}`;
  const embed = async (batch: EmbeddingInput[], either: AbortSignal): Promise<Batch> => {
    const requests = batch.map((text) => ({
      model: name,
      content: { parts: [{ text }] },
      outputDimensionality: dimensions,
    }));
    const question = { path: `/${name}:batchEmbedContents`, model, body: { requests } };
    const json = await postForJson(upstream, question, either);
    const rows = ((json ?? {}) as { embeddings?: unknown }).embeddings;
    const values = Array.isArray(rows) ? rows.map((row) => row?.values) : undefined;
    return { vectors: toVectors(upstream, { model, json, count: batch.length }, values), inputTokens: undefined };
  };
  return embedInBatches(inputs, { limits, embed }, signal);
}
