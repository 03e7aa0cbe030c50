import { z } from 'zod';
import {
  functionFields,
  functionType,
  jsonObject,
  jsonSchemaFields,
  optional,
  outputTokens,
  reasoningEffort,
  samplingFields,
  tools,
  unsupported,
} from './fields.ts';

/*
 * The body of POST /v1/responses (https://platform.openai.com/docs/api-reference/responses/create). What an earlier answer
 * gave as output is taken back unchanged.
 */

const textPart = z.object({ type: z.enum(['input_text', 'output_text', 'text', 'summary_text']), text: z.string() });

const imageSource = z.discriminatedUnion('type', [
  z.object({ type: z.literal('base64'), media_type: z.string(), data: z.string() }),
  z.object({ type: z.literal('url'), url: z.string() }),
]);

const part = z.discriminatedUnion('type', [
  textPart,
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z
    .object({ type: z.literal('input_image'), image_url: optional(z.string()), source: optional(imageSource) })
    .refine(({ image_url, source }) => image_url ?? source, { error: 'expected image_url or source' }),
  z.object({ type: z.literal('input_audio') }).refine(() => false, unsupported('audio is not taken; send its text')),
  z.object({ type: z.literal('input_file') }).refine(() => false, unsupported('files are not taken; send their text')),
]);

export type ResponseBodyPart = z.output<typeof part>;

const content = z.union([z.string(), z.array(part)]);

const item = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message').nullish(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content,
  }),
  z.object({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('function_call_output'),
    call_id: z.string().min(1),
    name: optional(z.string()),
    output: content,
  }),
  z.object({ type: z.literal('reasoning') }),
  z.object({ type: z.literal('item_reference'), id: z.string().min(1) }),
]);

export type ResponseBodyItem = z.output<typeof item>;

const textFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), description: optional(z.string()), ...jsonSchemaFields }),
]);

const isAbsent = (value: unknown) => value === undefined || value === null || value === false;
const absent = (what: string) =>
  z
    .unknown()
    .refine(isAbsent, unsupported(`${what} is not offered`))
    .optional();

export const ResponseBody = z.object({
  model: z
    .string()
    .min(1)
    .nullish()
    .transform((model) => model ?? 'openclaw'),
  input: z.union([z.string(), z.array(item).min(1)]),
  instructions: optional(z.string()),
  stream: optional(z.boolean()),
  tools: tools(z.object({ type: functionType, ...functionFields })),
  tool_choice: optional(
    z.union([z.enum(['auto', 'none', 'required']), z.object({ type: z.literal('function'), name: z.string().min(1) })]),
  ),
  parallel_tool_calls: optional(z.boolean()),
  text: optional(z.object({ format: optional(textFormat), verbosity: optional(z.enum(['low', 'medium', 'high'])) })),
  max_output_tokens: outputTokens,
  max_tool_calls: outputTokens,
  ...samplingFields,
  reasoning: optional(
    z.object({ effort: reasoningEffort, summary: optional(z.enum(['auto', 'concise', 'detailed'])) }),
  ),
  metadata: optional(jsonObject),
  store: optional(z.boolean()),
  include: optional(z.array(z.string())),
  service_tier: optional(z.string()),
  prompt_cache_key: optional(z.string()),
  safety_identifier: optional(z.string()),
  truncation: optional(z.enum(['auto', 'disabled'])),
  user: optional(z.string()),
  previous_response_id: optional(z.string().min(1)),
  background: absent('background work'),
  conversation: absent('a stored conversation object'),
  prompt: absent('a stored prompt'),
});

export type ResponseBody = z.output<typeof ResponseBody>;
