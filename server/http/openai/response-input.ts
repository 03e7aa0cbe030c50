import type { RunInput } from '../../agent/runs.ts';
import type { ModelMessage, UserPart } from '../../models/provider.ts';
import { refuse } from '../failure.ts';
import type { Attached } from './attachments.ts';
import type { ChatInput } from './chat-input.ts';
import { toConversation } from './conversation.ts';
import type { FindToolName } from './past-calls.ts';
import type { ResponseBody, ResponseBodyItem, ResponseBodyPart } from './response-body.ts';
import { toToolOutput, toUserParts, withToolImages } from './response-parts.ts';
import { joinNew } from './response-repeats.ts';
import { parseArguments, toSampling, toToolDeclaration, toWishes } from './shared-input.ts';
import type { FindItem } from './stored-items.ts';
import { chooseTools, type ToolChoice } from './tool-choice.ts';

export interface Lookups {
  findToolName: FindToolName;
  findItem: FindItem;
  /** True for an item that the conversation has already. */
  isRepeated?: ((item: ResponseBodyItem) => boolean) | undefined;
  /** Images and files of the body. */
  attached?: Attached | undefined;
}

/** The part of a run's input that the body of a response decides. @throws GatewayError that leaves as 400 with `param`. */
export function toResponseInput(body: ResponseBody, lookups: Lookups): ChatInput {
  const items = typeof body.input === 'string' ? [{ role: 'user' as const, content: body.input }] : body.input;
  const messages = toModelMessages(items, lookups);
  const { toolChoice, ...tools } = chooseTools(body.tools?.map(toToolDeclaration), toChoice(body.tool_choice));
  const conversation = toConversation(body.previous_response_id ? joinNew(messages) : messages);
  const extraSystemPrompt = [body.instructions, conversation.extraSystemPrompt].filter(Boolean).join('\n\n');
  return {
    ...conversation,
    ...tools,
    extraSystemPrompt: extraSystemPrompt || undefined,
    maxToolCalls: body.max_tool_calls,
    thinking: body.reasoning?.effort,
    request: {
      ...toWishes(body),
      toolChoice,
      sampling: toSampling({
        maxOutputTokens: body.max_output_tokens,
        temperature: body.temperature,
        topP: body.top_p,
      }),
      responseFormat: toResponseFormat(body.text?.format),
      reasoningSummary: body.reasoning?.summary,
      verbosity: body.text?.verbosity,
    },
  };
}

function toChoice(choice: ResponseBody['tool_choice']): ToolChoice | undefined {
  if (typeof choice !== 'object') return choice;
  if (choice.type === 'function') return { name: choice.name };
  return choice.type === 'allowed_tools'
    ? { mode: choice.mode, allowed: choice.tools.map(({ name }) => name) }
    : undefined;
}

type Format = NonNullable<ResponseBody['text']>['format'];

function toResponseFormat(format: Format): NonNullable<RunInput['request']>['responseFormat'] {
  if (!format || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  const { name, description, schema, strict } = format;
  return { type: 'json', name, description, schema, strict };
}

function toModelMessages(items: readonly ResponseBodyItem[], lookups: Lookups): ModelMessage[] {
  const called = new Map<string, string>();
  const images: Place['images'] = new Map();
  const messages = items.flatMap((item, index): ModelMessage[] => {
    if (lookups.isRepeated?.(item)) return [];
    const message = toModelMessage(item, {
      ...lookups,
      attached: lookups.attached ?? new Map(),
      called,
      images,
      param: `input[${index}]`,
    });
    if (message?.role === 'assistant')
      for (const part of message.content) if (part.type === 'toolCall') called.set(part.id, part.name);
    return message ? [message] : [];
  });
  return withToolImages(joinAssistantMessages(messages), images);
}

interface Place extends Lookups {
  /** Name of the tool by the id of its call, from the items before. */
  called: ReadonlyMap<string, string>;
  attached: Attached;
  /** Of results of tools. */
  images: Map<ModelMessage, UserPart[]>;
  param: string;
}

function toModelMessage(item: ResponseBodyItem, place: Place): ModelMessage | undefined {
  const { param } = place;
  switch (item.type) {
    case 'function_call': {
      // LobeChat sends the name of the tool in their place.
      const isName = item.arguments === item.name;
      const input = isName ? {} : parseArguments(item.arguments, `${param}.arguments`);
      return {
        role: 'assistant',
        content: [{ type: 'toolCall', id: item.call_id, name: item.name, arguments: input }],
      };
    }
    case 'function_call_output':
      return toToolMessage(item, place);
    case 'item_reference': {
      const found = place.findItem(item.id);
      if (found || item.id.startsWith('rs_')) return found;
      throw refuse(400, `${param}: no item with the id "${item.id}" is kept here`, { param: `${param}.id` });
    }
    case 'reasoning':
      return undefined;
    default:
      return toSpokenMessage(item, param, place.attached);
  }
}

function toSpokenMessage(
  { role, content }: Extract<ResponseBodyItem, { role: string }>,
  param: string,
  attached: Attached,
): ModelMessage {
  if (role === 'user') return { role, content: toUserParts(content, `${param}.content`, attached) };
  const text = toText(content);
  if (role !== 'assistant') return { role: 'system', text };
  return { role, content: text === '' ? [] : [{ type: 'text', text }] };
}

function toToolMessage(
  item: Extract<ResponseBodyItem, { output: unknown }>,
  { called, findToolName, param, attached, images }: Place,
): ModelMessage {
  const toolName = called.get(item.call_id) ?? item.name ?? findToolName(item.call_id);
  if (toolName !== undefined) {
    const { output, images: own } = toToolOutput(item.output, `${param}.output`, attached);
    const message: ModelMessage = { role: 'tool', toolCallId: item.call_id, toolName, output, isError: false };
    images.set(message, own);
    return message;
  }
  throw refuse(400, `${param}: no tool call with the id "${item.call_id}" came before`, { param: `${param}.call_id` });
}

/** Text and calls of one turn are items of their own here, but one message for a model. */
function joinAssistantMessages(messages: readonly ModelMessage[]): ModelMessage[] {
  const joined: ModelMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (message.role === 'assistant' && last?.role === 'assistant')
      joined[joined.length - 1] = { role: 'assistant', content: [...last.content, ...message.content] };
    else joined.push(message);
  }
  return joined;
}

function toText(content: string | readonly ResponseBodyPart[]): string {
  if (typeof content === 'string') return content;
  return content.map((part) => ('text' in part ? part.text : 'refusal' in part ? part.refusal : '')).join('\n');
}
