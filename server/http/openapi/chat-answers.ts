import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Model } from 'openai/resources/models';
import { z } from 'zod';
import type { ErrorBody } from '../failure.ts';
import type { EmbeddingAnswer } from '../openai/embeddings.ts';

/*
 * What the routes of OpenAI's API answer, for the document. Bound to the types of OpenAI's own package: what is not one of
 * its answers does not compile. A test holds them against real answers, member by member.
 */

const seconds = z.int().describe('Seconds since the epoch.');
const count = z.int().min(0);
const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

/** Every refusal under /v1, and of who is not known on every route. */
export const ErrorAnswer = z.object({
  error: z.object({
    message: z.string().describe('What was wrong, where, and what to do.'),
    type: z
      .string()
      .describe(
        'The family: `invalid_request_error`, `unauthorized`, `forbidden`, `not_found_error`, `rate_limit_error`, `api_error`.',
      ),
    code: z.string().nullable().describe('Narrows `type` down, for example `model_not_found`; null when nothing does.'),
    param: z.string().nullable().describe('The member of the body, header or part of the path that is wrong.'),
  }),
}) satisfies z.ZodType<ErrorBody>;

export const ModelAnswer = z.object({
  id: z.string().describe('`openclaw`, `openclaw/default` or `openclaw/<agent>`.'),
  object: z.literal('model'),
  created: seconds,
  owned_by: z.literal('openclaw'),
}) satisfies z.ZodType<Model>;

export const ModelListAnswer = z.object({ object: z.literal('list'), data: z.array(ModelAnswer) });

const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
  completion_tokens_details: z.object({ reasoning_tokens: count }),
}) satisfies z.ZodType<CompletionUsage>;

const called = z.object({ name: z.string(), arguments: z.string().describe('JSON.') });

const message = z.object({
  role: z.literal('assistant'),
  content: z.string().nullable().describe('Null when there are tool calls and no text.'),
  refusal: z.string().nullable(),
  reasoning_content: z.string().optional().describe('What the model told of its reasoning.'),
  tool_calls: z
    .array(z.object({ id: z.string(), type: z.literal('function'), function: called }))
    .optional()
    .describe('Calls of tools that the request declared: the caller runs them and comes back with their results.'),
  function_call: called.optional().describe('In answer to the older `functions`.'),
});

const completionHead = { id: z.string(), created: seconds, model: z.string().describe('As it was asked for.') };

export const CompletionAnswer = z.object({
  ...completionHead,
  object: z.literal('chat.completion'),
  choices: z.array(z.object({ index: z.literal(0), message, logprobs: z.null(), finish_reason: finishReason })),
  usage,
}) satisfies z.ZodType<ChatCompletion>;

const delta = z.object({
  role: z.literal('assistant').optional(),
  content: z.string().nullable().optional(),
  refusal: z.string().nullable().optional(),
  reasoning_content: z.string().optional(),
  tool_calls: z
    .array(
      z.object({
        index: z.int().min(0),
        id: z.string().optional(),
        type: z.literal('function').optional(),
        function: z.object({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
      }),
    )
    .optional(),
  function_call: z.object({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
});

export const CompletionChunk = z.object({
  ...completionHead,
  object: z.literal('chat.completion.chunk'),
  choices: z
    .array(z.object({ index: z.literal(0), delta, logprobs: z.null(), finish_reason: finishReason.nullable() }))
    .describe('Empty in the chunk of usage.'),
  usage: usage.nullable().optional().describe('With `stream_options.include_usage`: null but in the last chunk.'),
}) satisfies z.ZodType<ChatCompletionChunk>;

export const EmbeddingsAnswer = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int().min(0),
      embedding: z.union([z.array(z.number()), z.string().describe('Base64 of little-endian 32-bit floats.')]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: count, total_tokens: count }),
}) satisfies z.ZodType<EmbeddingAnswer>;
