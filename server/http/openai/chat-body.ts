import { z } from 'zod';
import {
  functionFields,
  functionType,
  imageDetail,
  jsonSchemaFields,
  model,
  noFileId,
  optional,
  positive,
  reasoningEffort,
  samplingFields,
  streamOptions,
  tools,
  topLogprobs,
  unsupported,
  verbosity,
  wishFields,
} from './fields.ts';
import { legacyCall, legacyFields, legacyResult } from './legacy-functions.ts';
import { allowedMode, choiceWord, foreignChoice } from './tool-choice.ts';

/*
 * The body of POST /v1/chat/completions (https://platform.openai.com/docs/api-reference/chat/create).
 */

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const text = z.union([z.string(), z.array(textPart)]);

const userPart = z.discriminatedUnion('type', [
  textPart,
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string(), detail: imageDetail }) }),
  z.object({ type: z.literal('input_audio') }).refine(() => false, unsupported('audio is not taken; send its text')),
  z.object({
    type: z.literal('file'),
    file: z
      .object({ file_data: optional(z.string()), filename: optional(z.string()), file_id: noFileId })
      .refine(({ file_data }) => file_data !== undefined, { error: 'expected file_data', path: ['file_data'] }),
  }),
]);

const assistantPart = z.discriminatedUnion('type', [
  textPart,
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
]);

const toolCall = z.object({
  id: z.string().min(1),
  type: optional(functionType),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: text }),
  z.object({ role: z.literal('user'), content: z.union([z.string(), z.array(userPart).min(1)]) }),
  z.object({
    role: z.literal('assistant'),
    content: optional(z.union([z.string(), z.array(assistantPart)])),
    refusal: optional(z.string()),
    tool_calls: optional(z.array(toolCall)),
    function_call: optional(legacyCall),
  }),
  z.object({ role: z.literal('tool'), tool_call_id: z.string().min(1), content: text }),
  legacyResult,
]);

export type ChatBodyMessage = z.output<typeof message>;

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), json_schema: z.object(jsonSchemaFields) }),
]);

const functionChoice = z.object({ name: z.string().min(1) });

const toolChoice = z.union([
  choiceWord,
  z.object({ type: z.literal('function'), function: functionChoice }),
  z.object({
    type: z.literal('allowed_tools'),
    allowed_tools: z.object({
      mode: allowedMode,
      tools: z.array(z.object({ type: functionType, function: functionChoice })).min(1),
    }),
  }),
  foreignChoice,
]);

/** An answer is text; the model that would speak it is not asked. */
const modality = z
  .enum(['text', 'audio'])
  .refine((kind) => kind === 'text', unsupported('answers are text, not audio'));

export const ChatBody = z.object({
  model,
  messages: z.array(message).min(1),
  stream: optional(z.boolean()),
  stream_options: streamOptions,
  tools: tools(z.object({ type: functionType, function: z.object(functionFields) })),
  tool_choice: optional(toolChoice),
  ...legacyFields,
  max_tokens: positive,
  max_completion_tokens: positive,
  ...samplingFields,
  stop: optional(z.union([z.string(), z.array(z.string()).max(4)])),
  seed: optional(z.number().int()),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  presence_penalty: optional(z.number().min(-2).max(2)),
  response_format: optional(responseFormat),
  reasoning_effort: reasoningEffort,
  verbosity,
  ...wishFields,
  logit_bias: optional(z.record(z.string(), z.number().min(-100).max(100))),
  logprobs: optional(
    z
      .boolean()
      .refine((wanted) => !wanted, unsupported('log probabilities are not given; leave logprobs out or false')),
  ),
  top_logprobs: topLogprobs,
  modalities: optional(z.array(modality)),
  web_search_options: optional(
    z
      .unknown()
      .refine((options) => options == null, unsupported('there is no web search of OpenAI here; leave it out')),
  ),
  n: optional(
    z
      .number()
      .int()
      .min(1)
      .refine((n) => n === 1, unsupported('one choice is given for each request')),
  ),
  metadata: optional(z.unknown()),
});

export type ChatBody = z.output<typeof ChatBody>;
