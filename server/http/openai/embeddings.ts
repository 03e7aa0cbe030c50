import type { ServerResponse } from 'node:http';
import type { CreateEmbeddingResponse, Embedding } from 'openai/resources/embeddings';
import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import type { Embeddings, ModelFailure } from '../../models/provider.ts';
import { readJson } from '../body.ts';
import { whileCallerWaits } from '../caller-gone.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { refuse } from '../failure.ts';
import { type Call, type Handler, sendJson } from '../route.ts';
import { chooseAgent, findAgent, readHeader, readModelHeader } from './agent.ts';
import { EmbeddingBody, toInputs } from './embedding-body.ts';
import { toModelHttpFailure } from './model-failure.ts';

/** What is answered. OpenAI's type knows vectors as numbers only, though its API writes base64 as well. */
export type EmbeddingAnswer = Omit<CreateEmbeddingResponse, 'data'> & { data: EncodedEmbedding[] };
type EncodedEmbedding = Omit<Embedding, 'embedding'> & { embedding: number[] | string };

/** Answers POST /v1/embeddings. `x-openclaw-model` on the answer names what made the vectors. */
export function embeddings(deps: HttpDeps, limits: HttpLimits): Handler {
  return async (call) => {
    const { req, res } = call;
    const body = await readJson(req, EmbeddingBody, { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs });
    const { model = 'openclaw', dimensions, encoding_format = 'float' } = body;
    const named = chooseReference(deps, call, model);
    const reference = named ?? chooseAgent(deps.agents, req, model).primary ?? deps.models.fallback().model;
    const inputs = await toInputs(body.input);
    const request = { inputs, dimensions, strict: named !== undefined };
    const made = await whileCallerWaits(res, (signal) => deps.models.embed(reference, request, signal)).catch(rethrow);
    res.setHeader('x-openclaw-model', encodeURI(made.model));
    await sendVectors(res, { ...made, model }, encoding_format);
  };
}

// --- internal ---

/** The model that the caller names, in the header or in place of an agent; undefined when the agent decides. */
function chooseReference(deps: HttpDeps, call: Call, model: string): string | undefined {
  const namesAgent = readHeader(call.req, 'x-openclaw-agent-id') ?? findAgent(deps.agents, model);
  return readModelHeader(call) ?? (namesAgent ? undefined : model);
}

type Format = 'float' | 'base64';

/** Numbers in an answer that is written in one piece. */
const smallAnswer = 100_000;

/** Sends the answer; a long one vector by vector, as fast as it is read, so that the whole text is never in memory. */
async function sendVectors(
  res: ServerResponse,
  { vectors, inputTokens, model }: Embeddings & { model: string },
  format: Format,
): Promise<void> {
  const toItem = (vector: Float32Array, index: number): EncodedEmbedding => ({
    object: 'embedding',
    index,
    embedding: encode(vector, format),
  });
  const head: Omit<EmbeddingAnswer, 'data'> = {
    object: 'list',
    model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  };
  if (vectors.length * (vectors[0]?.length ?? 0) <= smallAnswer)
    return sendJson(res, { ...head, data: vectors.map(toItem) } satisfies EmbeddingAnswer);
  res.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
  res.write(`${JSON.stringify(head).slice(0, -1)},"data":[`);
  for (const [index, vector] of vectors.entries()) {
    const isTaken = res.write(`${index === 0 ? '' : ','}${JSON.stringify(toItem(vector, index))}`);
    if (!isTaken) await whenRead(res);
    if (res.destroyed) return;
  }
  res.end(']}');
}

/** Resolves when there is room for more, or nobody reads any more. */
function whenRead(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      res.off('drain', settle).off('close', settle);
      resolve();
    };
    if (res.destroyed) settle();
    else res.on('drain', settle).on('close', settle);
  });
}

/** Base64 holds little-endian 32-bit floats. */
function encode(vector: Float32Array, format: Format): number[] | string {
  if (format === 'float') return Array.from(vector);
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return bytes.toString('base64');
}

/** A provider that fails to embed fails with the statuses of one that fails to write. */
function rethrow(error: unknown): never {
  const { failure, param, code } = (findGatewayError(error)?.details ?? {}) as Record<string, unknown>;
  if (failure) {
    const { status, message, ...more } = toModelHttpFailure(failure as ModelFailure);
    throw refuse(status, message, { ...more, cause: error });
  }
  if (typeof param !== 'string') throw error;
  const known = code === 'MODEL_NOT_FOUND' ? 'model_not_found' : null;
  throw refuse(400, (error as Error).message, { param, code: known, cause: error });
}
