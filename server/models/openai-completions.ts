import { streamAnswer } from './answer.ts';
import { readChatObject, readChatStream } from './openai-completions-answer.ts';
import { type TurnExtras, toChatCompletionBody } from './openai-completions-request.ts';
import { embedOverOpenAI, takesOpenAITokens } from './openai-embeddings.ts';
import { createTurnMemory } from './turn-memory.ts';
import { createUpstream, type LiveProvider, type ProviderOptions } from './upstream.ts';

/**
 * A provider that speaks OpenAI's chat completions: OpenRouter, LM Studio, llama.cpp, vLLM, most gateways.
 * It carries most of the traffic and is therefore our own instead of the AI SDK's: a third of the CPU for a stream of 50 chunks.
 */
export function createOpenAICompletionsProvider(options: ProviderOptions): LiveProvider {
  const upstream = createUpstream(options, { name: 'authorization', prefix: 'Bearer ' });
  const memory = createTurnMemory<TurnExtras>();
  const compat = new Map(options.models?.map((model) => [model.id, model.compat]));
  const host = new URL(options.baseUrl).hostname;
  return {
    stream(model, request, signal) {
      const session = request.session?.key;
      const recall = (callId: string) => memory.recall(session, callId);
      const keep = (ids: string[], extras: TurnExtras) => memory.remember(session, ids, extras);
      const body = toChatCompletionBody(request, { model, host, recall, compat: compat.get(model) });
      return streamAnswer(
        upstream,
        {
          path: '/chat/completions',
          model,
          body,
          wire: request.wire,
          readerFor: ({ headers }, callee) =>
            String(headers['content-type']).includes('json')
              ? readChatObject(callee, keep)
              : readChatStream(callee, keep),
        },
        signal,
      );
    },
    embed: (model, request, signal) => embedOverOpenAI(upstream, { model, ...request }, signal),
    takesTokens: takesOpenAITokens,
    close: () => upstream.close(),
  };
}
