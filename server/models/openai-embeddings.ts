import { z } from 'zod';
import { embeddingError, postForJson } from './embedding.ts';
import { toMalformedFailure } from './failure.ts';
import type { Embeddings } from './provider.ts';
import type { Upstream } from './upstream.ts';

/** Texts per request: far below the 2048 that OpenAI takes, since servers of this API have limits of their own. */
const batch = 256;

const Answer = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative().optional(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.number().optional() }).nullish(),
});

/** Embeds texts over `POST /embeddings` (OpenAI's API reference, "Create embeddings"), a batch at a time. */
export async function embedOverOpenAI(
  upstream: Upstream,
  { model, texts, dimensions }: { model: string; texts: string[]; dimensions: number | undefined },
  signal: AbortSignal,
): Promise<Embeddings> {
  const vectors: Float32Array[] = [];
  let inputTokens = 0;
  for (let start = 0; start < texts.length; start += batch) {
    const input = texts.slice(start, start + batch);
    const body = { model, input, dimensions, encoding_format: 'float' };
    const json = await postForJson(upstream, { path: '/embeddings', model, body }, signal);
    const answer = Answer.safeParse(json);
    const rows = answer.data?.data ?? [];
    if (rows.length !== input.length) {
      throw embeddingError(toMalformedFailure(upstream.callee(model), 'embeddings', JSON.stringify(json) ?? ''));
    }
    for (const [at, { index, embedding }] of rows.entries())
      vectors[start + (index ?? at)] = Float32Array.from(embedding);
    inputTokens += answer.data?.usage?.prompt_tokens ?? 0;
  }
  return { vectors, inputTokens };
}
