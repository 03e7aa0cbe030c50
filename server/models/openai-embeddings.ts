import { type Batch, embedInBatches, postForJson, toVectors } from './embedding.ts';
import type { EmbeddingInput, EmbeddingRequest, Embeddings } from './provider.ts';
import type { Upstream } from './upstream.ts';

/**
 * Texts per request: far below the 2048 that OpenAI takes, since servers of this API have limits of their own. OpenAI takes
 * 300 000 tokens.
 */
const limits = { inputs: 256, tokens: 250_000 };

/** True for OpenAI's own models, to which tokens mean what they mean to their tokenizer. */
export const takesOpenAITokens = (model: string): boolean => /(^|\/)text-embedding-(3|ada)/.test(model);

/** Embeds inputs over `POST /embeddings` (OpenAI's API reference, "Create embeddings"). */
export function embedOverOpenAI(
  upstream: Upstream,
  { model, inputs, dimensions }: EmbeddingRequest & { model: string },
  signal: AbortSignal,
): Promise<Embeddings> {
  const embed = async (input: EmbeddingInput[], either: AbortSignal): Promise<Batch> => {
    const body = { model, input, dimensions, encoding_format: 'float' };
    const json = await postForJson(upstream, { path: '/embeddings', model, body }, either);
    const { data, usage } = (json ?? {}) as Answer;
    const vectors = toVectors(upstream, { model, json, count: input.length }, inOrder(data, input.length));
    const told = usage?.prompt_tokens;
    return { vectors, inputTokens: typeof told === 'number' && told > 0 ? told : undefined };
  };
  return embedInBatches(inputs, { limits, embed }, signal);
}

/** The members that we read; every one may be missing or of another type. */
interface Answer {
  data?: unknown;
  usage?: { prompt_tokens?: unknown } | null;
}

/** The embeddings by their `index`; rows that have none stand where they are. */
function inOrder(rows: unknown, count: number): unknown[] | undefined {
  if (!Array.isArray(rows) || rows.length !== count) return undefined;
  const ordered: unknown[] = new Array(count);
  for (const [at, row] of rows.entries()) {
    const index = row?.index ?? at;
    if (!Number.isInteger(index) || index < 0 || index >= count) return undefined;
    ordered[index] = row?.embedding;
  }
  return ordered;
}
