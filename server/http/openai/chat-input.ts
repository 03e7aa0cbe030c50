import type { RunInput } from '../../agent/runs.ts';
import type { AssistantPart, ModelMessage, UserPart } from '../../models/provider.ts';
import { refuse } from '../failure.ts';
import type { Attached } from './attachments.ts';
import type { ChatBody, ChatBodyMessage } from './chat-body.ts';
import { textPart, toConversation } from './conversation.ts';
import { withoutFunctions } from './legacy-functions.ts';
import type { FindToolName } from './past-calls.ts';
import { parseArguments, toSampling, toToolDeclaration, toWishes } from './shared-input.ts';
import { chooseTools, type ToolChoice } from './tool-choice.ts';

/** The part of a run's input that the body of a chat completion decides. */
export type ChatInput = Pick<
  RunInput,
  | 'content'
  | 'toolResults'
  | 'history'
  | 'extraSystemPrompt'
  | 'clientTools'
  | 'withoutTools'
  | 'maxToolCalls'
  | 'thinking'
  | 'request'
>;

/** @throws GatewayError that leaves as 400 with `param`. */
export function toChatInput(asked: ChatBody, findToolName: FindToolName, attached: Attached = new Map()): ChatInput {
  const body = withoutFunctions(asked);
  const messages = toModelMessages(body.messages, findToolName, attached);
  const declared = body.tools?.map((tool) => toToolDeclaration(tool.function));
  const { toolChoice, ...tools } = chooseTools(declared, toChoice(body.tool_choice));
  return {
    ...toConversation(messages),
    ...tools,
    thinking: body.reasoning_effort,
    request: {
      ...toWishes(body),
      toolChoice,
      sampling: toSampling({
        maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
        temperature: body.temperature,
        topP: body.top_p,
        stop: toStop(body.stop),
        seed: body.seed,
        frequencyPenalty: body.frequency_penalty,
        presencePenalty: body.presence_penalty,
        logitBias: body.logit_bias,
      }),
      responseFormat: toResponseFormat(body.response_format),
      verbosity: body.verbosity,
    },
  };
}

function toChoice(choice: ChatBody['tool_choice']): ToolChoice | undefined {
  if (typeof choice !== 'object') return choice;
  if (choice.type === 'function') return { name: choice.function.name };
  if (choice.type !== 'allowed_tools') return undefined;
  const { mode, tools } = choice.allowed_tools;
  return { mode, allowed: tools.map((tool) => tool.function.name) };
}

function toStop(stop: ChatBody['stop']): string[] | undefined {
  // Forms that are left empty send an empty sequence; no provider takes one.
  const sequences = [stop ?? []].flat().filter((sequence) => sequence !== '');
  return sequences.length > 0 ? sequences : undefined;
}

function toResponseFormat(format: ChatBody['response_format']): NonNullable<RunInput['request']>['responseFormat'] {
  if (!format || format.type === 'text') return undefined;
  return format.type === 'json_object' ? { type: 'json' } : { type: 'json', ...format.json_schema };
}

function toModelMessages(
  messages: readonly ChatBodyMessage[],
  findToolName: FindToolName,
  attached: Attached,
): ModelMessage[] {
  const called = new Map<string, string>();
  const nameOf: FindToolName = (callId) => called.get(callId) ?? findToolName(callId);
  return messages.map((message, index) => {
    if (message.role === 'assistant')
      for (const call of message.tool_calls ?? []) called.set(call.id, call.function.name);
    return toModelMessage(message, `messages[${index}]`, { nameOf, attached });
  });
}

interface Lookups {
  nameOf: FindToolName;
  attached: Attached;
}

function toModelMessage(message: ChatBodyMessage, param: string, { nameOf, attached }: Lookups): ModelMessage {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: toUserParts(message.content, `${param}.content`, attached) };
    case 'assistant':
      return { role: 'assistant', content: toAssistantParts(message, param) };
    case 'tool':
      return toToolMessage(message, param, nameOf);
    default:
      return { role: 'system', text: toText(message.content ?? '') };
  }
}

function toToolMessage(
  { tool_call_id: toolCallId, content }: Extract<ChatBodyMessage, { role: 'tool' }>,
  param: string,
  nameOf: FindToolName,
): ModelMessage {
  const toolName = nameOf(toolCallId);
  if (toolName !== undefined) return { role: 'tool', toolCallId, toolName, output: toText(content), isError: false };
  throw refuse(400, `${param}: no earlier message has a tool call with the id "${toolCallId}"`, {
    param: `${param}.tool_call_id`,
  });
}

function toText(content: string | { text: string }[]): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('\n');
}

type UserContent = Extract<ChatBodyMessage, { role: 'user' }>['content'];

function toUserParts(content: UserContent, param: string, attached: Attached): UserPart[] {
  if (typeof content === 'string') return textPart(content);
  return content.flatMap((part, index): UserPart[] =>
    part.type === 'text' ? [part] : [attached.get(`${param}[${index}]`) ?? []].flat(),
  );
}

function toAssistantParts(
  { content, refusal, tool_calls = [] }: Extract<ChatBodyMessage, { role: 'assistant' }>,
  param: string,
): AssistantPart[] {
  const said = content ?? refusal ?? [];
  const parts = typeof said === 'string' ? textPart(said) : said;
  const texts = parts.map((part) => (part.type === 'refusal' ? part.refusal : part.type === 'text' ? part.text : ''));
  return [
    ...texts.filter((text) => text !== '').map((text) => ({ type: 'text' as const, text })),
    ...tool_calls.map((call, index) => ({
      type: 'toolCall' as const,
      id: call.id,
      name: call.function.name,
      arguments: parseArguments(call.function.arguments, `${param}.tool_calls[${index}].function.arguments`),
    })),
  ];
}
