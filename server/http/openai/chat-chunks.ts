import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Usage } from '../../../sdk/protocol/usage.ts';
import type { RunEnd } from '../../agent/runs.ts';
import { promptTokens } from '../../models/counts.ts';
import { toErrorBody } from '../failure.ts';
import { createReasoningBreaks, type Reply, type ToolCall } from './reply.ts';
import { endOfStream, type ReplyWriter } from './stream.ts';

/** What every part of one answer repeats. */
export interface ChatHead {
  id: string;
  /** Seconds since the epoch. */
  created: number;
  /** As it was asked for. */
  model: string;
  /** The caller declared `functions` and reads `function_call`, of which there is one at most. */
  isLegacy: boolean;
}

/** Reasoning has no member in OpenAI's type; clients read it where DeepSeek's API has it. */
interface Reasoned {
  reasoning_content?: string;
}

type FinishReason = ChatCompletion.Choice['finish_reason'];
type Delta = ChatCompletionChunk.Choice.Delta & Reasoned;

/**
 * Writes a reply as chunks. A call of a tool is a delta that opens it and one that fills in its arguments.
 * @param includeUsage `stream_options.include_usage`: usage in a chunk of its own, after the finish reason.
 */
export function createChatChunks({ isLegacy, ...head }: ChatHead, includeUsage: boolean): ReplyWriter {
  let calls = 0;
  const toChunk = (delta: Delta, finish_reason: FinishReason | null = null): string => {
    const chunk: ChatCompletionChunk = {
      ...head,
      object: 'chat.completion.chunk',
      ...(includeUsage && { usage: null }),
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    };
    return toData(chunk);
  };
  const [before, after] = splitAtMark(toChunk({ content: mark }));
  const [beforeThought, afterThought] = splitAtMark(toChunk({ reasoning_content: mark }));
  const breaks = createReasoningBreaks();

  return {
    head: () => toChunk({ role: 'assistant', content: '', refusal: null }),
    turn: () => {
      breaks.turn();
      return '';
    },
    reasoning: (delta) => beforeThought + JSON.stringify(breaks.before(delta)) + afterThought,
    text: (delta) => before + JSON.stringify(delta) + after,
    toolCall: ({ id, name, arguments: input }) => {
      const index = calls++;
      const [opening, filling] = [{ name, arguments: '' }, { arguments: JSON.stringify(input) }];
      if (isLegacy) return index > 0 ? '' : toChunk({ function_call: opening }) + toChunk({ function_call: filling });
      const first = { index, id, type: 'function' as const, function: opening };
      return toChunk({ tool_calls: [first] }) + toChunk({ tool_calls: [{ index, function: filling }] });
    },
    done: (end) => {
      const chunk = toChunk({}, toFinishReason(end, { hasCalled: calls > 0, isLegacy }));
      return (includeUsage ? chunk + toUsageChunk(head, end.usage) : chunk) + endOfStream;
    },
    failed: (failure) => toData(toErrorBody(failure)) + endOfStream,
  };
}

/** A completion in one piece. */
export function toCompletion(
  { isLegacy, ...head }: ChatHead,
  reply: Reply,
): ChatCompletion & { usage: CompletionUsage } {
  const { text, reasoning, toolCalls, end } = reply;
  const hasCalled = toolCalls.length > 0;
  const message: ChatCompletion.Choice['message'] & Reasoned = {
    role: 'assistant',
    content: text === '' && hasCalled ? null : text,
    refusal: null,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(hasCalled && toCalls(toolCalls, isLegacy)),
  };
  const finish_reason = toFinishReason(end, { hasCalled, isLegacy });
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage: toCompletionUsage(end.usage),
  };
}

function toCalls(toolCalls: readonly ToolCall[], isLegacy: boolean) {
  const calls = toolCalls.map(({ id, name, arguments: input }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: JSON.stringify(input) },
  }));
  const [first] = calls;
  return isLegacy && first ? { function_call: first.function } : { tool_calls: calls };
}

const mark = '\u0000';

/** All that surrounds the text of a delta stays the same through a stream and is written out once. */
function splitAtMark(chunk: string): [before: string, after: string] {
  const written = JSON.stringify(mark);
  const at = chunk.lastIndexOf(written);
  return [chunk.slice(0, at), chunk.slice(at + written.length)];
}

function toData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function toUsageChunk(head: Omit<ChatHead, 'isLegacy'>, usage: Usage): string {
  const chunk: ChatCompletionChunk = {
    ...head,
    object: 'chat.completion.chunk',
    choices: [],
    usage: toCompletionUsage(usage),
  };
  return toData(chunk);
}

function toCompletionUsage(usage: Usage): Required<CompletionUsage> {
  return {
    prompt_tokens: promptTokens(usage),
    completion_tokens: usage.output,
    total_tokens: usage.total,
    prompt_tokens_details: { cached_tokens: usage.cacheRead ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  };
}

function toFinishReason(
  { finish }: RunEnd,
  { hasCalled, isLegacy }: { hasCalled: boolean; isLegacy: boolean },
): FinishReason {
  if (hasCalled) return isLegacy ? 'function_call' : 'tool_calls';
  if (finish === 'length') return 'length';
  return finish === 'contentFilter' ? 'content_filter' : 'stop';
}
