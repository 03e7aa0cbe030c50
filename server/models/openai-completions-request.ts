import type { ModelCompat } from '../config/provider-config.ts';
import type { AssistantPart, ModelMessage, ModelRequest, UserPart } from './provider.ts';

/** What a model of this API wants to get back with the tool calls it made; taken from its answer as it is. */
export interface TurnExtras {
  /** Members of the message, for example `reasoning_content`. */
  message: Record<string, unknown>;
  /** Members of single calls by call id, for example `extra_content` with Gemini's thought signature. */
  calls: Record<string, Record<string, unknown>>;
}

export interface RequestOptions {
  model: string;
  /** Finds what an earlier answer left for the turn with this call id. */
  recall: (callId: string) => TurnExtras | undefined;
  /** What the server takes, where it differs from the API. */
  compat?: ModelCompat | undefined;
  /** Host of the provider: OpenAI's own differs from those that follow it. */
  host: string;
}

/** The body of `POST /chat/completions` (OpenAI's API reference, "Create chat completion"), always streamed. */
export function toChatCompletionBody(request: ModelRequest, options: RequestOptions): Record<string, unknown> {
  const { sampling = {} } = request;
  const { compat = {} } = options;
  const tools = request.tools?.length ? request.tools : undefined;
  return {
    model: options.model,
    messages: toMessages(request, options.recall),
    stream: true,
    stream_options: compat.supportsUsageInStreaming === false ? undefined : { include_usage: true },
    tools: tools?.map(({ name, description, parameters, strict }) => ({
      type: 'function',
      function: { name, description, parameters, strict: compat.supportsStrictMode === false ? undefined : strict },
    })),
    tool_choice: tools && toToolChoice(request.toolChoice),
    parallel_tool_calls: tools && request.parallelToolCalls,
    [limitName(options)]: sampling.maxOutputTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    stop: sampling.stop?.length ? sampling.stop : undefined,
    seed: sampling.seed,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    logit_bias: sampling.logitBias,
    response_format: toResponseFormat(request.responseFormat),
    // `off` is not a level that providers agree on (`none`, `minimal`, an error): their own default stands for it.
    // Who asks for `none` by that name gets it.
    reasoning_effort: request.thinking === 'off' ? undefined : request.thinking,
    verbosity: request.verbosity,
    service_tier: request.serviceTier,
    prompt_cache_key: compat.supportsPromptCacheKey === false ? undefined : request.promptCacheKey,
    safety_identifier: request.safetyIdentifier,
    user: request.user,
  };
}

/**
 * `max_tokens` is what every server of this API knows; OpenAI's own reasoning models refuse it and want
 * `max_completion_tokens`, which other servers ignore or refuse.
 */
function limitName({ host, model, compat }: RequestOptions): 'max_completion_tokens' | 'max_tokens' {
  if (compat?.maxTokensField) return compat.maxTokensField;
  const openai = /(^|\.)openai\.(com|azure\.com)$/.test(host) || /(^|\/)(o\d|gpt-([5-9]|\d\d))/.test(model);
  return openai ? 'max_completion_tokens' : 'max_tokens';
}

function toMessages(request: ModelRequest, recall: RequestOptions['recall']): unknown[] {
  const messages = request.messages.map((message) => toMessage(message, recall));
  return request.system ? [{ role: 'system', content: request.system }, ...messages] : messages;
}

function toMessage(message: ModelMessage, recall: RequestOptions['recall']): unknown {
  if (message.role === 'system') return { role: 'system', content: message.text };
  if (message.role === 'user') return { role: 'user', content: toUserContent(message.content) };
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.toolCallId, content: message.output };
  return toAssistantMessage(message.content, recall);
}

/** Text alone stays a string: many servers take parts only from models that see. */
function toUserContent(parts: UserPart[]): unknown {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (texts.length === parts.length) return texts.join('\n');
  return parts.map((part) =>
    part.type === 'text'
      ? part
      : { type: 'image_url', image_url: { url: `data:${part.mimeType};base64,${part.data}` } },
  );
}

function toAssistantMessage(parts: AssistantPart[], recall: RequestOptions['recall']): unknown {
  const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  const calls = parts.filter((part) => part.type === 'toolCall');
  if (!calls[0]) return { role: 'assistant', content: text };
  const extras = recall(calls[0].id);
  return {
    ...extras?.message,
    role: 'assistant',
    content: text || null,
    tool_calls: calls.map((call) => ({
      ...extras?.calls[call.id],
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: JSON.stringify(call.arguments) },
    })),
  };
}

function toToolChoice(choice: ModelRequest['toolChoice']): unknown {
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice;
}

function toResponseFormat(format: ModelRequest['responseFormat']): unknown {
  if (!format) return undefined;
  if (!format.schema) return { type: 'json_object' };
  const { name = 'answer', description, schema, strict } = format;
  return { type: 'json_schema', json_schema: { name, description, schema, strict } };
}
