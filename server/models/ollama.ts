import { streamAnswer } from './answer.ts';
import { type Batch, embedInBatches, postForJson, toVectors } from './embedding.ts';
import { readOllamaLines } from './ollama-answer.ts';
import { toOllamaChatBody } from './ollama-request.ts';
import type { EmbeddingInput, EmbeddingRequest, Embeddings } from './provider.ts';
import { createUpstream, type LiveProvider, type ProviderOptions, type Upstream } from './upstream.ts';

/**
 * A provider that speaks Ollama's own API (docs/api.md of Ollama), with or without `/v1` at the end of `baseUrl`.
 * Not its OpenAI-compatible one, which cannot set the context length and silently drops what does not fit; and not a community
 * provider of the AI SDK: those that exist bring the whole `ai` package with them.
 */
export function createOllamaProvider(options: ProviderOptions): LiveProvider {
  const baseUrl = options.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
  const upstream = createUpstream({ ...options, baseUrl }, { name: 'authorization', prefix: 'Bearer ' });
  const windows = new Map(options.models?.map(({ id, contextWindow }) => [id, contextWindow]));
  return {
    stream: (model, request, signal) =>
      streamAnswer(
        upstream,
        {
          path: '/api/chat',
          model,
          wire: request.wire,
          body: toOllamaChatBody(request, { model, contextWindow: windows.get(model) }),
          readerFor: (_, callee) => readOllamaLines(callee),
        },
        signal,
      ),
    embed: (model, request, signal) => embedOverOllama(upstream, { model, ...request }, signal),
    close: () => upstream.close(),
  };
}

/** Texts per request: Ollama embeds one after the other, and should answer in time. */
const limits = { inputs: 64, tokens: 50_000 };

/** Embeds texts over `POST /api/embed`. */
function embedOverOllama(
  upstream: Upstream,
  { model, inputs, dimensions }: EmbeddingRequest & { model: string },
  signal: AbortSignal,
): Promise<Embeddings> {
  const embed = async (input: EmbeddingInput[], either: AbortSignal): Promise<Batch> => {
    const question = { path: '/api/embed', model, body: { model, input, dimensions } };
    const json = await postForJson(upstream, question, either);
    const { embeddings, prompt_eval_count: told } = (json ?? {}) as {
      embeddings?: unknown;
      prompt_eval_count?: unknown;
    };
    const values = Array.isArray(embeddings) ? embeddings : undefined;
    const vectors = toVectors(upstream, { model, json, count: input.length }, values);
    return { vectors, inputTokens: typeof told === 'number' && told > 0 ? told : undefined };
  };
  return embedInBatches(inputs, { limits, embed }, signal);
}
