import type { Response as OpenAiResponse, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { z } from 'zod';
import type { ResponseObject } from '../openai/response-object.ts';
import { ErrorAnswer } from './chat-answers.ts';

/*
 * What POST /v1/responses answers, for the document; bound to OpenAI's types as chat-answers.ts.
 */

const status = z.enum(['in_progress', 'completed', 'incomplete']);
const count = z.int().min(0);

const outputText = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: z.array(z.never()),
});

const messageItem = z.object({
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  status,
  content: z.array(outputText),
});

const callItem = z.object({
  id: z.string(),
  type: z.literal('function_call'),
  status,
  call_id: z.string(),
  name: z.string(),
  arguments: z.string().describe('JSON.'),
});

const summaryText = z.object({ type: z.literal('summary_text'), text: z.string() });

const reasoningItem = z.object({
  id: z.string(),
  type: z.literal('reasoning'),
  status,
  summary: z.array(summaryText).describe('What the model told of its reasoning.'),
  encrypted_content: z.null(),
});

const item = z.discriminatedUnion('type', [messageItem, callItem, reasoningItem]);

const usage = z.object({
  input_tokens: count,
  input_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }),
  output_tokens: count,
  output_tokens_details: z.object({ reasoning_tokens: count }),
  total_tokens: count,
});

const format = z.union([
  z.object({ type: z.enum(['text', 'json_object']) }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string(),
    description: z.string().optional(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullable(),
  }),
]);

const tool = z.object({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
});

/** Members that repeat the request, or say nothing here. */
const echoes = {
  model: z.string().describe('As it was asked for.'),
  instructions: z.string().nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  metadata: z.record(z.string(), z.string()),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  prompt_cache_retention: z.null(),
  reasoning: z.object({
    effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullable(),
    summary: z.enum(['auto', 'concise', 'detailed']).nullable(),
  }),
  safety_identifier: z.string().nullable(),
  service_tier: z.literal('default'),
  temperature: z.number().nullable(),
  text: z.object({ format, verbosity: z.enum(['low', 'medium', 'high']).optional() }),
  tool_choice: z.union([
    z.enum(['auto', 'none', 'required']),
    z.object({ type: z.literal('function'), name: z.string() }),
    z.object({
      type: z.literal('allowed_tools'),
      mode: z.enum(['auto', 'required']),
      tools: z.array(z.object({ type: z.literal('function'), name: z.string() })),
    }),
  ]),
  tools: z.array(tool),
  top_logprobs: z.null(),
  top_p: z.number().nullable(),
  truncation: z.enum(['auto', 'disabled']),
  user: z.string().nullable(),
  access_programs: z.null(),
  background: z.literal(false),
  conversation: z.null(),
  moderation: z.null(),
  prompt: z.null(),
};

const error = z.object({
  code: z.enum(['rate_limit_exceeded', 'invalid_prompt', 'server_error']),
  message: z.string(),
  type: z.string(),
  param: z.string().nullable(),
});

export const ResponseAnswer = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int().describe('Seconds since the epoch.'),
  completed_at: z.int().nullable(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
  error: error.nullable(),
  incomplete_details: z.object({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
  output: z.array(item),
  output_text: z.string().describe('All text of `output` together.'),
  usage: usage.nullable(),
  ...echoes,
}) satisfies z.ZodType<ResponseObject>;

const numbered = { sequence_number: z.int().min(0).describe('From 0.') };
const itemPlace = { item_id: z.string(), output_index: count };
const summaryPlace = { ...itemPlace, summary_index: count };
const partPlace = { ...itemPlace, content_index: count };

/** One event of a streamed response. */
export const ResponseEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.enum([
      'response.created',
      'response.in_progress',
      'response.completed',
      'response.incomplete',
      'response.failed',
    ]),
    response: ResponseAnswer,
    ...numbered,
  }),
  z.object({
    type: z.enum(['response.output_item.added', 'response.output_item.done']),
    output_index: count,
    item,
    ...numbered,
  }),
  z.object({
    type: z.enum(['response.content_part.added', 'response.content_part.done']),
    ...partPlace,
    part: outputText,
    ...numbered,
  }),
  z.object({
    type: z.literal('response.output_text.delta'),
    ...partPlace,
    delta: z.string(),
    logprobs: z.array(z.never()),
    ...numbered,
  }),
  z.object({
    type: z.literal('response.output_text.done'),
    ...partPlace,
    text: z.string(),
    logprobs: z.array(z.never()),
    ...numbered,
  }),
  z.object({
    type: z.enum(['response.reasoning_summary_part.added', 'response.reasoning_summary_part.done']),
    ...summaryPlace,
    part: summaryText,
    ...numbered,
  }),
  z.object({
    type: z.literal('response.reasoning_summary_text.delta'),
    ...summaryPlace,
    delta: z.string(),
    ...numbered,
  }),
  z.object({
    type: z.literal('response.reasoning_summary_text.done'),
    ...summaryPlace,
    text: z.string(),
    ...numbered,
  }),
  z.object({
    type: z.literal('error').describe('Comes before `response.failed`.'),
    ...ErrorAnswer.shape.error.omit({ type: true }).shape,
    ...ErrorAnswer.shape,
    ...numbered,
  }),
  z.object({
    type: z.literal('response.function_call_arguments.delta'),
    ...itemPlace,
    delta: z.string(),
    ...numbered,
  }),
  z.object({
    type: z.literal('response.function_call_arguments.done'),
    ...itemPlace,
    arguments: z.string(),
    ...numbered,
  }),
]) satisfies z.ZodType<WithOurResponse<ResponseStreamEvent>>;

/** OpenAI's type leaves members out that ours always has. */
type WithOurResponse<E> = E extends { response: OpenAiResponse }
  ? Omit<E, 'response'> & { response: ResponseObject }
  : E;
