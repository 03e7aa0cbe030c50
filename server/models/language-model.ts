import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import type { Usage } from '../../sdk/protocol/usage.ts';
import { pulse } from './answer.ts';
import { toCounts } from './counts.ts';
import {
  type Callee,
  isNetworkError,
  toAnswerFailure,
  toCutFailure,
  toFailure,
  toMalformedFailure,
  toNetworkFailure,
} from './failure.ts';
import { type CallSettings, type TurnParts, toCallOptions } from './language-model-request.ts';
import type { ModelEvent, ModelFailure, ModelProvider, ModelRequest } from './provider.ts';
import { type DraftCall, toToolCalls } from './tool-calls.ts';
import { createTurnMemory } from './turn-memory.ts';
import type { Upstream } from './upstream.ts';

/** A provider package of the AI SDK, bound to one upstream. */
export interface LanguageModelPackage {
  upstream: Upstream;
  /** Imports the package; called once, at the first call. Answers what makes a model that calls through `fetch`. */
  open: () => Promise<(model: string, fetch: typeof globalThis.fetch) => LanguageModelV4>;
  settings?: CallSettings | undefined;
}

/** The `stream` of a provider that is spoken to through `doStream` of the AI SDK's specification v4. */
export function streamThrough({ upstream, open, settings = {} }: LanguageModelPackage): ModelProvider['stream'] {
  const memory = createTurnMemory<TurnParts>();
  let making: ReturnType<typeof open> | undefined;
  return async function* stream(model, request, signal) {
    const callee = upstream.callee(model);
    const session = request.session?.key;
    try {
      making ??= open();
      const recall = (callId: string) => memory.recall(session, callId);
      const options = toCallOptions(request, settings, { model, recall, signal });
      const called = (await making)(model, upstream.fetchWith(toWire(request, settings)));
      const answer = await called.doStream(options);
      // Whoever has sent the head is at work, however long the first word takes.
      yield pulse;
      const turn = createTurn(callee, (ids, parts) => memory.remember(session, ids, parts));
      for await (const part of partsOf(answer.stream)) {
        for (const event of turn.add(part)) {
          yield event;
          if (event.type === 'finish' || event.type === 'failure') return;
        }
      }
      if (!signal.aborted) yield { type: 'failure', failure: toCutFailure(callee) };
    } catch (error) {
      // The one road on which exceptions of the packages become events; after an abort nobody wants to hear them.
      if (!signal.aborted) yield { type: 'failure', failure: toThrownFailure(callee, error) };
    }
  };
}

function toWire({ wire, ...request }: ModelRequest, settings: CallSettings): ModelRequest['wire'] {
  const body = settings.body?.(request);
  return body ? { ...wire, body: { ...body, ...wire?.body } } : wire;
}

/** The parts of an answer. Leaving the loop cancels it, which cuts the connection, unless all but the end was there. */
async function* partsOf(stream: ReadableStream<LanguageModelV4StreamPart>): AsyncGenerator<LanguageModelV4StreamPart> {
  const reader = stream.getReader();
  let complete = false;
  try {
    while (true) {
      const { done, value } = await reader.read();
      complete = done || value.type === 'finish';
      if (done) return;
      yield value;
    }
  } finally {
    if (complete) void release(reader);
    // A stream that has failed refuses to be cancelled, and needs it no more.
    else reader.cancel().catch(() => undefined);
  }
}

/** Lets the few bytes behind the end arrive, so that the connection can be used again; cuts it when they do not. */
async function release(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  const timer = setTimeout(() => reader.cancel().catch(() => undefined), 1000).unref();
  try {
    while (!(await reader.read()).done);
  } catch {
    // The answer was complete: how its connection ended is nobody's concern.
  } finally {
    clearTimeout(timer);
  }
}

/** A turn while it arrives: its calls wait for its end, its signatures for the next request. */
function createTurn(callee: Callee, keep: (callIds: string[], parts: TurnParts) => void) {
  const drafts: DraftCall[] = [];
  const reasoning = new Map<string, TurnParts['reasoning'][number]>();
  const calls: TurnParts['calls'] = {};

  function add(part: LanguageModelV4StreamPart): ModelEvent[] {
    switch (part.type) {
      case 'text-delta':
        return [{ type: 'text', delta: part.delta }];
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return addReasoning(part);
      case 'tool-call':
        if (part.providerExecuted) return [pulse];
        drafts.push({ index: drafts.length, id: part.toolCallId, name: part.toolName, json: part.input });
        if (part.providerMetadata) calls[part.toolCallId] = part.providerMetadata;
        return [pulse];
      case 'error':
        return [{ type: 'failure', failure: toThrownFailure(callee, part.error) }];
      case 'finish':
        return finish(part);
      default:
        return [pulse];
    }
  }

  function addReasoning(part: Extract<LanguageModelV4StreamPart, { type: `reasoning-${string}` }>): ModelEvent[] {
    if (!('id' in part)) return [pulse];
    const block = reasoning.get(part.id) ?? { type: 'reasoning', text: '' };
    reasoning.set(part.id, block);
    // The last metadata of a block is the one that counts: a signature comes after the text it signs.
    if (part.providerMetadata) block.providerOptions = part.providerMetadata;
    if (part.type !== 'reasoning-delta') return [pulse];
    block.text += part.delta;
    return [{ type: 'reasoning', delta: part.delta }];
  }

  function finish({ finishReason, usage }: Extract<LanguageModelV4StreamPart, { type: 'finish' }>): ModelEvent[] {
    const { unified } = finishReason;
    if (unified === 'interrupted') return [{ type: 'failure', failure: toCutFailure(callee) }];
    if (unified === 'error') {
      const text = 'gave up in the middle of its answer';
      const failure = toFailure(callee, 'unavailable', { text, detail: finishReason.raw, retryable: true });
      return [{ type: 'failure', failure }];
    }
    const made = toToolCalls(callee, drafts, unified === 'length');
    if (!Array.isArray(made)) return [{ type: 'failure', failure: made }];
    const signed = [...reasoning.values()].filter(({ providerOptions }) => providerOptions);
    if (made.length > 0 && (signed.length > 0 || Object.keys(calls).length > 0)) {
      keep(
        made.map(({ id }) => id),
        { reasoning: signed, calls },
      );
    }
    return [...made, { type: 'finish', reason: reasons[unified], usage: toUsage(usage) }];
  }

  return { add };
}

const reasons = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'contentFilter',
  'tool-calls': 'toolCalls',
  other: 'other',
} as const;

function toUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  return toCounts({
    prompt: inputTokens.total ?? 0,
    output: outputTokens.total ?? 0,
    cacheRead: inputTokens.cacheRead,
    cacheWrite: inputTokens.cacheWrite,
    reasoning: outputTokens.reasoning,
  });
}

/** The members that errors of the AI SDK have, and the plain objects it puts into streams. */
interface Thrown {
  name?: unknown;
  message?: unknown;
  type?: unknown;
  code?: unknown;
  statusCode?: unknown;
  responseHeaders?: Record<string, string>;
  responseBody?: unknown;
  text?: unknown;
  value?: unknown;
}

/** Recognises the AI SDK's errors by name: their classes would have to be imported before the first call. */
function toThrownFailure(callee: Callee, error: unknown): ModelFailure {
  const thrown: Thrown = typeof error === 'object' && error !== null ? error : {};
  const status = typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
  if (thrown.name === 'AI_JSONParseError' || thrown.name === 'AI_TypeValidationError') {
    return toMalformedFailure(callee, 'an event', String(thrown.text ?? JSON.stringify(thrown.value) ?? ''));
  }
  if (isNetworkError(error)) return toNetworkFailure(callee, error);
  if (thrown.name === 'AI_APICallError' && status !== undefined && status < 300) {
    return toMalformedFailure(callee, 'an answer', String(thrown.responseBody ?? thrown.message));
  }
  if (thrown.name === 'AI_UnsupportedFunctionalityError') {
    return toFailure(callee, 'bad_request', { text: 'cannot take this request', detail: String(thrown.message) });
  }
  // What the packages throw without a name of their own is about answers that they did not expect.
  if (thrown.name === 'Error' && status === undefined)
    return toMalformedFailure(callee, 'an answer', String(thrown.message));
  if (error instanceof Error && status === undefined) return toNetworkFailure(callee, error);
  const { message, type, code, responseHeaders = {}, responseBody } = thrown;
  const body = responseBody ? String(responseBody) : JSON.stringify({ error: { message, type, code } });
  return toAnswerFailure(callee, { status: status ?? 200, headers: responseHeaders, body });
}
