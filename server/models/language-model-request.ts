import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4ReasoningPart,
  LanguageModelV4ToolCallPart,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import type { AssistantPart, ModelRequest, UserPart } from './provider.ts';

/** What a turn with tool calls needs besides what a conversation keeps: signed reasoning, and metadata of calls by call id. */
export interface TurnParts {
  reasoning: LanguageModelV4ReasoningPart[];
  calls: Record<string, SharedV4ProviderMetadata>;
}

/** How one API is to be asked. */
export interface CallSettings {
  /** Options of the provider package that the request decides. */
  providerOptions?: (request: ModelRequest, model: string) => LanguageModelV4CallOptions['providerOptions'];
  /** Members of the body that the package does not know, or takes for some models only. */
  body?: (request: ModelRequest) => Record<string, unknown> | undefined;
  /** True when the API refuses to think in a turn whose earlier thinking it does not get back. */
  thinksInOnePiece?: boolean | undefined;
}

/** A request of ours as call options of the AI SDK's specification v4. */
export function toCallOptions(
  request: ModelRequest,
  settings: CallSettings,
  { model, recall, signal }: { model: string; recall: (callId: string) => TurnParts | undefined; signal: AbortSignal },
): LanguageModelV4CallOptions {
  const { sampling = {}, tools, toolChoice } = request;
  const prompt = toPrompt(request, recall);
  const forgetful = settings.thinksInOnePiece === true && lacksReasoning(prompt);
  return dropUndefined({
    prompt,
    maxOutputTokens: sampling.maxOutputTokens,
    temperature: sampling.temperature,
    topP: sampling.topP,
    stopSequences: sampling.stop?.length ? sampling.stop : undefined,
    seed: sampling.seed,
    frequencyPenalty: sampling.frequencyPenalty,
    presencePenalty: sampling.presencePenalty,
    tools: tools?.length
      ? tools.map(({ name, description, parameters, strict }) =>
          dropUndefined({
            type: 'function' as const,
            name,
            description,
            inputSchema: parameters as JSONSchema7,
            strict,
          }),
        )
      : undefined,
    toolChoice: tools?.length && toolChoice ? toToolChoice(toolChoice) : undefined,
    responseFormat: toResponseFormat(request.responseFormat),
    reasoning: forgetful ? undefined : toReasoning(request.thinking),
    providerOptions: settings.providerOptions?.(request, model),
    abortSignal: signal,
  });
}

function toPrompt(request: ModelRequest, recall: (callId: string) => TurnParts | undefined): LanguageModelV4Message[] {
  const prompt: LanguageModelV4Message[] = request.system ? [{ role: 'system', content: request.system }] : [];
  for (const message of request.messages) {
    if (message.role === 'system') prompt.push({ role: 'system', content: message.text });
    else if (message.role === 'user') prompt.push({ role: 'user', content: message.content.map(toUserPart) });
    else if (message.role === 'assistant')
      prompt.push({ role: 'assistant', content: toAssistantParts(message.content, recall) });
    else {
      const { toolCallId, toolName, output, isError } = message;
      const type = isError ? ('error-text' as const) : ('text' as const);
      const part = { type: 'tool-result' as const, toolCallId, toolName, output: { type, value: output } };
      const last = prompt.at(-1);
      // The results of one turn belong in one message: Gemini counts them against its calls.
      if (last?.role === 'tool') last.content.push(part);
      else prompt.push({ role: 'tool', content: [part] });
    }
  }
  return prompt;
}

function toUserPart(part: UserPart) {
  if (part.type === 'text') return { type: 'text' as const, text: part.text };
  return { type: 'file' as const, mediaType: part.mimeType, data: { type: 'data' as const, data: part.data } };
}

type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'];

function toAssistantParts(parts: AssistantPart[], recall: (callId: string) => TurnParts | undefined): AssistantContent {
  const firstCall = parts.find((part) => part.type === 'toolCall');
  const kept = firstCall && recall(firstCall.id);
  const content: AssistantContent = [...(kept?.reasoning ?? [])];
  for (const part of parts) {
    if (part.type === 'text') content.push({ type: 'text', text: part.text });
    else {
      const call: LanguageModelV4ToolCallPart = {
        type: 'tool-call',
        toolCallId: part.id,
        toolName: part.name,
        input: part.arguments,
      };
      const metadata = kept?.calls[part.id];
      content.push(metadata ? { ...call, providerOptions: metadata } : call);
    }
  }
  return content;
}

/** True when a tool call since the last user message comes without the reasoning before it. */
function lacksReasoning(prompt: LanguageModelV4Message[]): boolean {
  const turn = prompt.slice(prompt.findLastIndex(({ role }) => role === 'user') + 1);
  return turn.some(
    ({ role, content }) =>
      role === 'assistant' &&
      content.some(({ type }) => type === 'tool-call') &&
      !content.some(({ type }) => type === 'reasoning'),
  );
}

const levels = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

function toReasoning(thinking: string | undefined): LanguageModelV4CallOptions['reasoning'] {
  return thinking === 'off' || thinking === 'none' ? 'none' : levels.find((level) => level === thinking);
}

function toToolChoice(choice: NonNullable<ModelRequest['toolChoice']>): LanguageModelV4CallOptions['toolChoice'] {
  return typeof choice === 'object' ? { type: 'tool', toolName: choice.name } : { type: choice };
}

function toResponseFormat(format: ModelRequest['responseFormat']): LanguageModelV4CallOptions['responseFormat'] {
  if (!format) return undefined;
  const { name, description, schema } = format;
  return dropUndefined({ type: 'json' as const, name, description, schema: schema as JSONSchema7 | undefined });
}

/** The specification's optional members may be missing, not undefined. */
export function dropUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
