import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { toAnswerFailure, toMalformedFailure, toNetworkFailure } from './failure.ts';
import type { EmbeddingInput, Embeddings, ModelFailure } from './provider.ts';
import { delayBefore } from './retry.ts';
import { estimateTokens } from './tokens.ts';
import { readText, type Upstream } from './upstream.ts';

/** One request for vectors. */
interface Question {
  path: string;
  model: string;
  body: unknown;
}

/** What a provider takes at once. */
export interface BatchLimits {
  inputs: number;
  /** About; an input that has more alone goes alone. */
  tokens: number;
}

/** The vectors of one batch, in its order. */
export interface Batch {
  vectors: Float32Array[];
  /** Tokens read; undefined when the provider did not say. */
  inputTokens: number | undefined;
}

/** Requests of one call that are under way at the same time. */
const parallel = 4;
/** Most characters of an answer with vectors that are taken. */
const maxAnswerChars = 64 * 1024 * 1024;

/** The error that `embed` rejects with; `details.failure` is the failure itself. */
function embeddingError(failure: ModelFailure): GatewayError {
  const asked = failure.kind === 'bad_request' || failure.kind === 'context_length' || failure.kind === 'not_found';
  return new GatewayError(asked ? 'INVALID_REQUEST' : 'UNAVAILABLE', failure.message, {
    details: { code: 'MODEL_FAILURE', failure },
    retryable: failure.retryable,
    retryAfterMs: failure.retryAfterMs,
  });
}

/**
 * Embeds inputs a batch at a time, several batches at once, in order. The first that fails ends the others.
 * @throws GatewayError as `embed` of a provider.
 */
export async function embedInBatches(
  inputs: readonly EmbeddingInput[],
  { limits, embed }: { limits: BatchLimits; embed: (batch: EmbeddingInput[], signal: AbortSignal) => Promise<Batch> },
  signal: AbortSignal,
): Promise<Embeddings> {
  const batches = toBatches(inputs, limits);
  const done: Batch[] = [];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < batches.length && !either.aborted) {
      const at = next++;
      done[at] = await embed(batches[at] ?? [], either);
    }
  };
  const workers = Array.from({ length: Math.min(parallel, batches.length) }, () =>
    work().catch((error) => {
      failed.abort();
      throw error;
    }),
  );
  const ends = await Promise.allSettled(workers);
  const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
  // Those that were ended by the first failure have nothing to say.
  const reason = reasons.find((each) => !(each instanceof GatewayError) || each.code !== 'CANCELLED') ?? reasons[0];
  if (reason) throw reason;
  if (signal.aborted) throw cancelled(signal);
  return {
    vectors: done.flatMap(({ vectors }) => vectors),
    inputTokens: done.reduce((sum, { inputTokens }, at) => sum + (inputTokens ?? countTokens(batches[at] ?? [])), 0),
  };
}

/**
 * Asks for vectors, again when the failure may pass (as `withRetries`), and reads the JSON of the answer.
 * @throws GatewayError with the failure in `details`; CANCELLED when the signal fired.
 */
export async function postForJson(upstream: Upstream, question: Question, signal: AbortSignal): Promise<unknown> {
  const deadline = performance.now() + upstream.patienceMs;
  for (let retries = 0; ; retries++) {
    const answer = await postOnce(upstream, question, { signal, limitMs: Math.max(1, deadline - performance.now()) });
    if ('json' in answer) return answer.json;
    const delayMs = delayBefore(answer.failure, { retries, deadline });
    if (delayMs === undefined) throw embeddingError(answer.failure);
    await sleep(delayMs, undefined, { signal }).catch(() => {
      throw cancelled(signal);
    });
  }
}

/**
 * The vector that a provider wrote as numbers, or as base64 of little-endian 32-bit floats; undefined when it is neither, is
 * empty or has members that are no finite numbers.
 */
function toVector(value: unknown): Float32Array | undefined {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64');
    if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
    const decoded = new Float32Array(new Uint8Array(bytes).buffer);
    return decoded.every(Number.isFinite) ? decoded : undefined;
  }
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((member) => typeof member === 'number' && Number.isFinite(Math.fround(member)))
    ? Float32Array.from(value)
    : undefined;
}

/**
 * The vectors of an answer in the order of their inputs.
 * @throws GatewayError when one is missing or cannot be read, or when they differ in length.
 */
export function toVectors(
  upstream: Upstream,
  { model, json, count }: { model: string; json: unknown; count: number },
  values: readonly unknown[] | undefined,
): Float32Array[] {
  const vectors = (values ?? []).flatMap((value) => toVector(value) ?? []);
  const isWhole = vectors.length === count && vectors.every(({ length }) => length === vectors[0]?.length);
  if (isWhole) return vectors;
  const excerpt = (JSON.stringify(json) ?? '').slice(0, 200);
  throw embeddingError(toMalformedFailure(upstream.callee(model), 'embeddings', excerpt));
}

// --- internal ---

function cancelled(signal: AbortSignal): GatewayError {
  return new GatewayError('CANCELLED', 'The embedding was cancelled.', { cause: signal.reason });
}

type Answered = { json: unknown } | { failure: ModelFailure };

async function postOnce(
  upstream: Upstream,
  { path, model, body }: Question,
  { signal, limitMs }: { signal: AbortSignal; limitMs: number },
): Promise<Answered> {
  const callee = upstream.callee(model);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limitMs);
  try {
    const answer = await upstream.post(path, body, AbortSignal.any([signal, late.signal]));
    const { status, headers } = answer;
    const text = await readText(answer.body, maxAnswerChars);
    if (status < 200 || status > 299) return { failure: toAnswerFailure(callee, { status, headers, body: text }) };
    try {
      return { json: JSON.parse(text) };
    } catch {
      return { failure: toMalformedFailure(callee, 'JSON', text) };
    }
  } catch (error) {
    // What the network does is the provider's failure, unless it is our own doing.
    if (signal.aborted) throw cancelled(signal);
    return { failure: late.signal.aborted ? tooSlow(callee, upstream.patienceMs) : toNetworkFailure(callee, error) };
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow({ provider, model }: { provider: string; model: string }, limitMs: number): ModelFailure {
  const key = `models.providers.${provider}.timeoutSeconds`;
  const message = `${provider} gave no embeddings within ${limitMs / 1000} s. Raise ${key} if ${model} needs longer.`;
  return { kind: 'timeout', message, provider, model, retryable: true };
}

function toBatches(inputs: readonly EmbeddingInput[], limits: BatchLimits): EmbeddingInput[][] {
  const batches: EmbeddingInput[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  for (const input of inputs) {
    // Three bytes to a token are more tokens than nearly any text has.
    const size = typeof input === 'string' ? Math.ceil(Buffer.byteLength(input) / 3) : input.length;
    const last = batches.at(-1);
    if (last && last.length < limits.inputs && tokens + size <= limits.tokens) {
      last.push(input);
      tokens += size;
    } else {
      batches.push([input]);
      tokens = size;
    }
  }
  return batches;
}

function countTokens(inputs: readonly EmbeddingInput[]): number {
  return inputs.reduce((sum, input) => sum + (typeof input === 'string' ? estimateTokens([input]) : input.length), 0);
}
