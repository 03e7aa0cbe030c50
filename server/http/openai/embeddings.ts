import type { CreateEmbeddingResponse, Embedding } from 'openai/resources/embeddings';
import { z } from 'zod';
import { findGatewayError, type GatewayError } from '../../../sdk/protocol/errors.ts';
import { lexicalModel } from '../../models/lexical.ts';
import type { ModelFailure } from '../../models/provider.ts';
import { readJson } from '../body.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { refuse } from '../failure.ts';
import { type Call, type Handler, sendJson } from '../route.ts';
import { chooseAgent, findAgent, readHeader, readModelHeader } from './agent.ts';
import { optional } from './fields.ts';
import { toModelHttpFailure } from './model-failure.ts';

/** Texts in one request. */
const maxInputs = 2048;

const text = z.string().min(1);
/** Tokens are taken here so that they can be refused as what they are. */
const token = z.number();

/** The body of POST /v1/embeddings (https://platform.openai.com/docs/api-reference/embeddings/create). */
export const EmbeddingBody = z.object({
  model: optional(z.string().min(1)),
  input: z.union([
    text,
    z
      .array(z.union([text, token, z.array(token)]))
      .min(1)
      .max(maxInputs),
  ]),
  encoding_format: optional(z.enum(['float', 'base64'])),
  dimensions: optional(z.number().int().min(1)),
  user: optional(z.string()),
});

/** Answers POST /v1/embeddings. `x-openclaw-model` on the answer names what made the vectors. */
export function embeddings(deps: HttpDeps, limits: HttpLimits): Handler {
  return async (call) => {
    const { req, res } = call;
    const body = await readJson(req, EmbeddingBody, { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs });
    const { model = 'openclaw', dimensions, encoding_format = 'float' } = body;
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const named = chooseReference(deps, call, model);
    const reference = named ?? chooseAgent(deps.agents, req, model).primary;
    const made = await deps.models
      .embed(reference, toTexts(body.input), { dimensions }, gone.signal)
      .catch((error) => rethrow(error));
    if (named && named !== lexicalModel && made.model === lexicalModel) throw withoutEmbeddings(named);
    const data = made.vectors.map(
      (vector, index): Embedding => ({ object: 'embedding', index, embedding: encode(vector, encoding_format) }),
    );
    const usage = { prompt_tokens: made.inputTokens, total_tokens: made.inputTokens };
    res.setHeader('x-openclaw-model', made.model);
    sendJson(res, { object: 'list', data, model, usage } satisfies CreateEmbeddingResponse);
  };
}

/**
 * The model that the caller names, in the header or in place of an agent; undefined when the agent decides.
 * @throws GatewayError that leaves as 400 `model_not_found`.
 */
function chooseReference(deps: HttpDeps, call: Call, model: string): string | undefined {
  const namesAgent = readHeader(call.req, 'x-openclaw-agent-id') ?? findAgent(deps.agents, model);
  const reference = readModelHeader(call) ?? (namesAgent ? undefined : model);
  if (reference && reference !== lexicalModel) deps.models.find(reference);
  return reference;
}

function withoutEmbeddings(reference: string): GatewayError {
  return refuse(400, `the provider of "${reference}" has no embeddings; "openclaw" uses ${lexicalModel}`, {
    code: 'unsupported_parameter',
    param: 'model',
  });
}

function toTexts(input: z.output<typeof EmbeddingBody>['input']): string[] {
  const texts = [input].flat(2);
  if (texts.every((each) => typeof each === 'string')) return texts;
  throw refuse(400, 'input: token arrays cannot be read here; send the text', {
    code: 'unsupported_parameter',
    param: 'input',
  });
}

/** The type of OpenAI's package knows arrays only; base64 holds little-endian 32-bit floats. */
function encode(vector: Float32Array, format: 'float' | 'base64'): number[] {
  if (format === 'float') return Array.from(vector);
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return bytes.toString('base64') as unknown as number[];
}

/** A provider that fails to embed fails with the statuses of one that fails to write. */
function rethrow(error: unknown): never {
  const failure = findGatewayError(error)?.details?.failure as ModelFailure | undefined;
  if (!failure) throw error;
  const { status, message, ...more } = toModelHttpFailure(failure);
  throw refuse(status, message, { ...more, cause: error });
}
