import { createParser } from 'eventsource-parser';
import type { Usage } from '../../sdk/protocol/usage.ts';
import type { Reader } from './answer.ts';
import { toCounts } from './counts.ts';
import { type Callee, toAnswerFailure, toFailure, toMalformedFailure } from './failure.ts';
import type { TurnExtras } from './openai-completions-request.ts';
import type { ModelEvent } from './provider.ts';
import { type DraftCall, toToolCalls } from './tool-calls.ts';

/** Told once, before the end of an answer with tool calls, what they want back in the next request. */
export type Keep = (callIds: string[], extras: TurnExtras) => void;

/** Reads a streamed answer: server-sent events with one `chat.completion.chunk` each, `[DONE]` at the end. */
export function readChatStream(callee: Callee, keep: Keep): Reader {
  const draft = createDraft(callee, keep);
  let events: ModelEvent[] = [];
  let over = false;
  const add = (more: ModelEvent[]) => {
    if (over) return;
    for (const event of more) events.push(event);
    over = more.some(({ type }) => type === 'finish' || type === 'failure');
  };
  const parser = createParser({
    onEvent: ({ data }) => add(data === '[DONE]' ? draft.finish(true) : draft.add(data)),
    onError: (error) => {
      // Unknown fields are ignored by the rules of the format; a line without an end is not.
      if (error.type === 'max-buffer-size-exceeded') add(malformed(callee, 'an endless line', ''));
    },
    maxBufferSize: 16 * 1024 * 1024,
  });
  return {
    push(piece) {
      events = [];
      if (!over) parser.feed(piece);
      return events;
    },
    // Some servers leave `[DONE]` out; one that gave its reason to finish was done all the same.
    end: () => draft.finish(false),
  };
}

/** Reads the whole answer of a server that does not stream: one `chat.completion` object. */
export function readChatObject(callee: Callee, keep: Keep): Reader {
  const draft = createDraft(callee, keep);
  const pieces: string[] = [];
  return {
    push(piece) {
      pieces.push(piece);
      return [];
    },
    end() {
      const events = draft.add(pieces.join(''));
      return events.at(-1)?.type === 'failure' ? events : [...events, ...draft.finish(false)];
    },
  };
}

/** The members of a chunk that we read; every one may be missing or of another type. */
interface Chunk {
  error?: unknown;
  usage?: ChatUsage | null;
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[];
}

interface Delta {
  content?: unknown;
  refusal?: unknown;
  reasoning_content?: unknown;
  reasoning?: unknown;
  tool_calls?: ToolCallDelta[] | null;
}

interface ToolCallDelta {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown };
  extra_content?: unknown;
}

interface ChatUsage {
  prompt_tokens?: number;
  completion_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number } | null;
  completion_tokens_details?: { reasoning_tokens?: number } | null;
  prompt_cache_hit_tokens?: number;
}

/** An answer while it arrives. */
function createDraft(callee: Callee, keep: Keep) {
  const calls: (DraftCall & { extra?: unknown })[] = [];
  const thoughts: { name?: string; text: string } = { text: '' };
  let reason: string | undefined;
  let usage: ChatUsage | undefined;

  function add(data: string): ModelEvent[] {
    let chunk: Chunk | null;
    try {
      chunk = JSON.parse(data);
    } catch {
      return malformed(callee, 'a piece of JSON', data);
    }
    if (typeof chunk !== 'object' || chunk === null) return malformed(callee, 'an object', data);
    if (chunk.error)
      return [{ type: 'failure', failure: toAnswerFailure(callee, { status: 200, headers: {}, body: data }) }];
    if (chunk.usage) usage = chunk.usage;
    const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!choice) return [];
    if (choice.finish_reason) reason = choice.finish_reason;
    const delta = choice.delta ?? choice.message;
    return delta ? addDelta(delta) : [];
  }

  function addDelta(delta: Delta): ModelEvent[] {
    const events: ModelEvent[] = [];
    const name = typeof delta.reasoning_content === 'string' ? 'reasoning_content' : 'reasoning';
    const thought = delta[name];
    if (typeof thought === 'string' && thought !== '') {
      thoughts.name ??= name;
      thoughts.text += thought;
      events.push({ type: 'reasoning', delta: thought });
    }
    const text = textOf(delta.content) || textOf(delta.refusal);
    if (text !== '') events.push({ type: 'text', delta: text });
    if (Array.isArray(delta.tool_calls)) for (const call of delta.tool_calls) addCall(call);
    return events;
  }

  function addCall(delta: ToolCallDelta): void {
    const at = typeof delta.index === 'number' ? delta.index : calls.length;
    const open = calls.findLast((call) => call.index === at);
    // Gemini's endpoint numbers parallel calls 0, 0, 0: another id is another call.
    const call = open && (!delta.id || !open.id || delta.id === open.id) ? open : undefined;
    const target = call ?? { index: at, id: '', name: '', json: '' };
    if (!call) calls.push(target);
    if (delta.id) target.id = delta.id;
    if (delta.function?.name) target.name ||= delta.function.name;
    const json = delta.function?.arguments;
    if (json) target.json += typeof json === 'string' ? json : JSON.stringify(json);
    if (delta.extra_content !== undefined) target.extra = delta.extra_content;
  }

  function finish(marked: boolean): ModelEvent[] {
    if (reason === undefined && !marked) return [];
    if (reason === 'error') {
      return [
        {
          type: 'failure',
          failure: toFailure(callee, 'unavailable', { text: 'gave up in the middle of its answer', retryable: true }),
        },
      ];
    }
    const cut = reason === 'length';
    const made = toToolCalls(callee, calls, cut);
    if (!Array.isArray(made)) return [{ type: 'failure', failure: made }];
    if (made.length > 0) keepExtras(made.map(({ id }) => id));
    return [...made, { type: 'finish', reason: toReason(reason, made.length > 0), usage: toUsage(usage) }];
  }

  function keepExtras(ids: string[]): void {
    const extra = calls.filter((call) => call.extra !== undefined);
    if (!thoughts.name && extra.length === 0) return;
    keep(ids, {
      message: thoughts.name ? { [thoughts.name]: thoughts.text } : {},
      calls: Object.fromEntries(extra.map((call) => [call.id, { extra_content: call.extra }])),
    });
  }

  return { add, finish };
}

/** Text of a content that is a string, or parts of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (part?.type === 'text' && typeof part.text === 'string' ? part.text : '')).join('');
}

function toReason(reason: string | undefined, called: boolean): Extract<ModelEvent, { type: 'finish' }>['reason'] {
  if (reason === 'length') return 'length';
  if (reason === 'content_filter') return 'contentFilter';
  // Servers that say `stop` beside calls mean the calls.
  if (called) return 'toolCalls';
  return reason === 'stop' || reason === undefined || reason === 'tool_calls' ? 'stop' : 'other';
}

function toUsage(usage: ChatUsage = {}): Usage {
  return toCounts({
    prompt: usage.prompt_tokens ?? 0,
    output: usage.completion_tokens ?? 0,
    cacheRead: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens,
  });
}

function malformed(callee: Callee, what: string, excerpt: string): ModelEvent[] {
  return [{ type: 'failure', failure: toMalformedFailure(callee, what, excerpt) }];
}
