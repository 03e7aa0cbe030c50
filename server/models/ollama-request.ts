import type { ModelMessage, ModelRequest, ToolDeclaration } from './provider.ts';

/** The body of `POST /api/chat`. Ollama has no `tool_choice`: a choice narrows the tools that are offered. */
export function toOllamaChatBody(
  request: ModelRequest,
  { model, contextWindow }: { model: string; contextWindow: number | undefined },
): Record<string, unknown> {
  const { sampling = {} } = request;
  const messages = request.messages.map(toMessage);
  const format = request.responseFormat;
  return {
    model,
    messages: request.system ? [{ role: 'system', content: request.system }, ...messages] : messages,
    stream: true,
    tools: offeredTools(request)?.map(toTool),
    format: format ? (format.schema ?? 'json') : undefined,
    think: toThink(request.thinking),
    options: {
      num_ctx: contextWindow,
      num_predict: sampling.maxOutputTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      stop: sampling.stop?.length ? sampling.stop : undefined,
      seed: sampling.seed,
      frequency_penalty: sampling.frequencyPenalty,
      presence_penalty: sampling.presencePenalty,
    },
  };
}

function offeredTools({ tools, toolChoice }: ModelRequest): ToolDeclaration[] | undefined {
  if (!tools?.length || toolChoice === 'none') return undefined;
  return typeof toolChoice === 'object' ? tools.filter(({ name }) => name === toolChoice.name) : tools;
}

function toTool({ name, description, parameters }: ToolDeclaration): unknown {
  return { type: 'function', function: { name, description, parameters } };
}

function toMessage(message: ModelMessage): unknown {
  if (message.role === 'system') return { role: 'system', content: message.text };
  if (message.role === 'tool') {
    return { role: 'tool', tool_name: message.toolName, tool_call_id: message.toolCallId, content: message.output };
  }
  if (message.role === 'user') {
    const images = message.content.flatMap((part) => (part.type === 'image' ? [part.data] : []));
    return { role: 'user', content: textOf(message.content), images: images.length ? images : undefined };
  }
  const calls = message.content.filter((part) => part.type === 'toolCall');
  return {
    role: 'assistant',
    content: textOf(message.content),
    tool_calls: calls.length
      ? calls.map(({ id, name, arguments: args }) => ({ id, function: { name, arguments: args } }))
      : undefined,
  };
}

function textOf(parts: { type: string; text?: string }[]): string {
  return parts.flatMap((part) => (part.type === 'text' && part.text ? [part.text] : [])).join('\n');
}

/** Three levels are known; every other one means "on", which models without levels take too. */
function toThink(thinking: string | undefined): boolean | string | undefined {
  if (thinking === undefined) return undefined;
  if (thinking === 'off' || thinking === 'none') return false;
  return ['low', 'medium', 'high'].includes(thinking) ? thinking : true;
}
