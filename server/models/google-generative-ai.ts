import { z } from 'zod';
import { embeddingError, postForJson } from './embedding.ts';
import { toMalformedFailure } from './failure.ts';
import { streamThrough } from './language-model.ts';
import type { Embeddings } from './provider.ts';
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
    embed: (model, texts, { dimensions }, signal) => embedOverGemini(upstream, { model, texts, dimensions }, signal),
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
const batch = 100;

const Answer = z.object({ embeddings: z.array(z.object({ values: z.array(z.number()) })) });

/** Embeds texts over `models/<model>:batchEmbedContents`, which does not say how many tokens it read. */
async function embedOverGemini(
  upstream: Upstream,
  { model, texts, dimensions }: { model: string; texts: string[]; dimensions: number | undefined },
  signal: AbortSignal,
): Promise<Embeddings> {
  const name = `models/${model}`;
  const vectors: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += batch) {
    const requests = texts.slice(start, start + batch).map((text) => ({
      model: name,
      content: { parts: [{ text }] },
      outputDimensionality: dimensions,
    }));
    const request = { path: `/${name}:batchEmbedContents`, model, body: { requests } };
    const json = await postForJson(upstream, request, signal);
    const rows = Answer.safeParse(json).data?.embeddings ?? [];
    if (rows.length !== requests.length) {
      throw embeddingError(toMalformedFailure(upstream.callee(model), 'embeddings', JSON.stringify(json) ?? ''));
    }
    for (const { values } of rows) vectors.push(Float32Array.from(values));
  }
  return { vectors, inputTokens: 0 };
}
