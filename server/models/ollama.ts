import { z } from 'zod';
import { streamAnswer } from './answer.ts';
import { embeddingError, postForJson } from './embedding.ts';
import { toMalformedFailure } from './failure.ts';
import { readOllamaLines } from './ollama-answer.ts';
import { toOllamaChatBody } from './ollama-request.ts';
import type { Embeddings } from './provider.ts';
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
    embed: (model, texts, { dimensions }, signal) => embedOverOllama(upstream, { model, texts, dimensions }, signal),
    close: () => upstream.close(),
  };
}

const Answer = z.object({ embeddings: z.array(z.array(z.number())), prompt_eval_count: z.number().optional() });

async function embedOverOllama(
  upstream: Upstream,
  { model, texts, dimensions }: { model: string; texts: string[]; dimensions: number | undefined },
  signal: AbortSignal,
): Promise<Embeddings> {
  const request = { path: '/api/embed', model, body: { model, input: texts, dimensions } };
  const json = await postForJson(upstream, request, signal);
  const answer = Answer.safeParse(json);
  if (answer.data?.embeddings.length !== texts.length) {
    throw embeddingError(toMalformedFailure(upstream.callee(model), 'embeddings', JSON.stringify(json) ?? ''));
  }
  return {
    vectors: answer.data.embeddings.map((vector) => Float32Array.from(vector)),
    inputTokens: answer.data.prompt_eval_count ?? 0,
  };
}
