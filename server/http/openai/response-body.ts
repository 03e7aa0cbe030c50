import { z } from 'zod';
import {
  functionFields,
  functionType,
  imageDetail,
  isNever,
  jsonObject,
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
import { allowedMode, choiceWord, foreignChoice } from './tool-choice.ts';

/*
 * The body of POST /v1/responses (https://platform.openai.com/docs/api-reference/responses/create). What an earlier answer
 * gave as output is taken back unchanged.
 */

const textPart = z.object({ type: z.enum(['input_text', 'output_text', 'text', 'summary_text']), text: z.string() });

const imageSource = z.discriminatedUnion('type', [
  z.object({ type: z.literal('base64'), media_type: z.string(), data: z.string() }),
  z.object({ type: z.literal('url'), url: z.string() }),
]);

const fileSource = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('base64'),
    media_type: optional(z.string()),
    data: z.string(),
    filename: optional(z.string()),
  }),
  z.object({ type: z.literal('url'), url: z.string(), filename: optional(z.string()) }),
]);

const part = z.discriminatedUnion('type', [
  textPart,
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z
    .object({
      type: z.literal('input_image'),
      image_url: optional(z.string()),
      source: optional(imageSource),
      detail: imageDetail,
      file_id: noFileId,
    })
    .refine(({ image_url, source }) => image_url ?? source, { error: 'expected image_url or source' }),
  z.object({ type: z.literal('input_audio') }).refine(() => false, unsupported('audio is not taken; send its text')),
  z
    .object({
      type: z.literal('input_file'),
      file_data: optional(z.string()),
      file_url: optional(z.string()),
      source: optional(fileSource),
      filename: optional(z.string()),
      file_id: noFileId,
    })
    .refine(({ file_data, file_url, source }) => file_data ?? file_url ?? source, {
      error: 'expected file_data, file_url or source',
    }),
]);

export type ResponseBodyPart = z.output<typeof part>;

const content = z.union([z.string(), z.array(part)]);

/** Items of tools that OpenAI runs itself, or that have no schema. */
const foreignItem = z.enum([
  ...(['web_search_call', 'file_search_call', 'computer_call', 'computer_call_output', 'mcp_call'] as const),
  ...(['mcp_list_tools', 'mcp_approval_request', 'mcp_approval_response', 'code_interpreter_call'] as const),
  ...(['image_generation_call', 'custom_tool_call', 'custom_tool_call_output', 'compaction'] as const),
  ...(['local_shell_call', 'local_shell_call_output', 'shell_call', 'shell_call_output'] as const),
  ...(['apply_patch_call', 'apply_patch_call_output', 'tool_search_call', 'tool_search_output'] as const),
]);

const knownItem = z.discriminatedUnion('type', [
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
  z.object({
    type: foreignItem.refine(
      isNever,
      unsupported('what OpenAI ran itself means nothing here; send the text that came of it as a message'),
    ),
  }),
]);

/** Without a type, what has a role is a message, and an id alone refers to an item. */
const item = z.preprocess((value) => {
  const { type, role, id } = (value ?? {}) as Record<string, unknown>;
  return type == null && role === undefined && typeof id === 'string' ? { type: 'item_reference', id } : value;
}, knownItem);

export type ResponseBodyItem = z.output<typeof item>;

const textFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({ type: z.literal('json_schema'), ...jsonSchemaFields }),
]);

const toolChoice = z.union([
  choiceWord,
  z.object({ type: z.literal('function'), name: z.string().min(1) }),
  z.object({
    type: z.literal('allowed_tools'),
    mode: allowedMode,
    tools: z.array(z.object({ type: functionType, name: z.string().min(1) })).min(1),
  }),
  foreignChoice,
]);

const isAbsent = (value: unknown) => value === undefined || value === null || value === false;
const absent = (why: string) => z.unknown().refine(isAbsent, unsupported(why)).optional();

export const ResponseBody = z.object({
  model,
  input: z.union([z.string(), z.array(item).min(1)]),
  instructions: optional(z.string()),
  stream: optional(z.boolean()),
  tools: tools(z.object({ type: functionType, ...functionFields })),
  tool_choice: optional(toolChoice),
  text: optional(z.object({ format: optional(textFormat), verbosity })),
  max_output_tokens: positive,
  max_tool_calls: positive,
  ...samplingFields,
  reasoning: optional(
    z.object({ effort: reasoningEffort, summary: optional(z.enum(['auto', 'concise', 'detailed'])) }),
  ),
  metadata: optional(jsonObject),
  store: optional(z.boolean()),
  include: optional(z.array(z.string())),
  stream_options: streamOptions,
  ...wishFields,
  top_logprobs: topLogprobs,
  truncation: optional(z.enum(['auto', 'disabled'])),
  previous_response_id: optional(z.string().min(1)),
  background: absent('background work is not offered; stream the response, or wait for it'),
  conversation: absent('there are no conversation objects; go on with previous_response_id or x-openclaw-session-key'),
  prompt: absent('prompts are not stored here; send instructions and input'),
});

export type ResponseBody = z.output<typeof ResponseBody>;
