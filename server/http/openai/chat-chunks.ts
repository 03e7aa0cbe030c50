import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { CompletionUsage } from 'openai/resources/completions';
import type { Usage } from '../../../sdk/protocol/usage.ts';
import type { RunEnd } from '../../agent/runs.ts';
import { promptTokens } from '../../models/counts.ts';
import { type HttpFailure, toErrorBody } from '../failure.ts';
import type { Reply, ToolCall } from './reply.ts';

/** What every part of one answer repeats. */
export interface ChatHead {
  id: string;
  /** Seconds since the epoch. */
  created: number;
  /** As it was asked for. */
  model: string;
}

type FinishReason = ChatCompletion.Choice['finish_reason'];
type Delta = ChatCompletionChunk.Choice.Delta;

/** The text of each server-sent event of a streamed completion. */
export interface ChatChunks {
  role(): string;
  text(delta: string): string;
  /** The call as a delta that opens it and one that fills in its arguments. */
  toolCall(call: ToolCall): string;
  finish(end: RunEnd): string;
  error(failure: HttpFailure): string;
  done: string;
}

/** @param includeUsage `stream_options.include_usage`: usage in a chunk of its own, after the finish reason. */
export function createChatChunks(head: ChatHead, includeUsage: boolean): ChatChunks {
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
  const [before, after] = splitAtContent(toChunk({ content: contentMark }));

  return {
    role: () => toChunk({ role: 'assistant', content: '', refusal: null }),
    text: (delta) => before + JSON.stringify(delta) + after,
    toolCall: ({ id, name, arguments: input }) => {
      const index = calls++;
      const opening = { index, id, type: 'function' as const, function: { name, arguments: '' } };
      const filling = { index, function: { arguments: JSON.stringify(input) } };
      return toChunk({ tool_calls: [opening] }) + toChunk({ tool_calls: [filling] });
    },
    finish: (end) => {
      const chunk = toChunk({}, toFinishReason(end, calls > 0));
      return includeUsage ? chunk + toUsageChunk(head, end.usage) : chunk;
    },
    error: (failure) => toData(toErrorBody(failure)),
    done: 'data: [DONE]\n\n',
  };
}

/** A completion in one piece. */
export function toCompletion(head: ChatHead, { text, toolCalls, end }: Reply): ChatCompletion {
  const calls = toolCalls.map(({ id, name, arguments: input }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: JSON.stringify(input) },
  }));
  const message: ChatCompletion.Choice['message'] = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  const finish_reason = toFinishReason(end, calls.length > 0);
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage: toCompletionUsage(end.usage),
  };
}

const contentMark = '\u0000';

/** All that surrounds the text of a delta stays the same through a stream and is written out once. */
function splitAtContent(chunk: string): [before: string, after: string] {
  const mark = JSON.stringify(contentMark);
  const at = chunk.lastIndexOf(mark);
  return [chunk.slice(0, at), chunk.slice(at + mark.length)];
}

function toData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function toUsageChunk(head: ChatHead, usage: Usage): string {
  const chunk: ChatCompletionChunk = {
    ...head,
    object: 'chat.completion.chunk',
    choices: [],
    usage: toCompletionUsage(usage),
  };
  return toData(chunk);
}

function toCompletionUsage(usage: Usage): CompletionUsage {
  return {
    prompt_tokens: promptTokens(usage),
    completion_tokens: usage.output,
    total_tokens: usage.total,
    prompt_tokens_details: { cached_tokens: usage.cacheRead ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  };
}

function toFinishReason({ finish }: RunEnd, hasToolCalls: boolean): FinishReason {
  if (hasToolCalls) return 'tool_calls';
  if (finish === 'length') return 'length';
  return finish === 'contentFilter' ? 'content_filter' : 'stop';
}
