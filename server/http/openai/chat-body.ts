import { z } from 'zod';
import {
  functionFields,
  functionType,
  jsonSchemaFields,
  optional,
  outputTokens,
  reasoningEffort,
  samplingFields,
  tools,
  unsupported,
} from './fields.ts';

/*
 * The body of POST /v1/chat/completions (https://platform.openai.com/docs/api-reference/chat/create).
 */

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const text = z.union([z.string(), z.array(textPart)]);

const userPart = z.discriminatedUnion('type', [
  textPart,
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
  z.object({ type: z.literal('input_audio') }).refine(() => false, unsupported('audio is not taken; send its text')),
  z.object({ type: z.literal('file') }).refine(() => false, unsupported('files are not taken; send their text')),
]);

const assistantPart = z.discriminatedUnion('type', [
  textPart,
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
]);

const toolCall = z.object({
  id: z.string().min(1),
  type: z.literal('function').optional(),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: text }),
  z.object({ role: z.literal('user'), content: z.union([z.string(), z.array(userPart)]) }),
  z.object({
    role: z.literal('assistant'),
    content: optional(z.union([z.string(), z.array(assistantPart)])),
    tool_calls: optional(z.array(toolCall)),
  }),
  z.object({ role: z.literal('tool'), tool_call_id: z.string().min(1), content: text }),
]);

export type ChatBodyMessage = z.output<typeof message>;

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), json_schema: z.object(jsonSchemaFields) }),
]);

export const ChatBody = z.object({
  model: z
    .string()
    .min(1)
    .nullish()
    .transform((model) => model ?? 'openclaw'),
  messages: z.array(message).min(1),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  tools: tools(z.object({ type: functionType, function: z.object(functionFields) })),
  tool_choice: optional(
    z.union([
      z.enum(['auto', 'none', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string().min(1) }) }),
    ]),
  ),
  parallel_tool_calls: optional(z.boolean()),
  max_tokens: outputTokens,
  max_completion_tokens: outputTokens,
  ...samplingFields,
  stop: optional(z.union([z.string(), z.array(z.string()).max(4)])),
  seed: optional(z.number().int()),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  presence_penalty: optional(z.number().min(-2).max(2)),
  response_format: optional(responseFormat),
  reasoning_effort: reasoningEffort,
  user: optional(z.string()),
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
