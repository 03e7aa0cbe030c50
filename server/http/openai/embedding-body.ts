import { z } from 'zod';
import type { EmbeddingInput } from '../../models/provider.ts';
import { isWithinTokens, maxInputTokens } from '../../models/tokens.ts';
import { refuse } from '../failure.ts';
import { optional } from './fields.ts';

/** Inputs in one request. */
const maxInputs = 2048;

type Input = string | EmbeddingInput[] | number[];

const text = { type: 'string' as const, minLength: 1 };
const tokens = {
  type: 'array' as const,
  items: { type: 'integer' as const, minimum: 0 },
  minItems: 1,
  maxItems: maxInputTokens,
};
const list = { type: 'array' as const, minItems: 1, maxItems: maxInputs };

/** Checked by hand: millions of tokens would cost a schema seconds, and as many wrong ones its memory. */
const input = z
  .unknown()
  .superRefine((value, context) => {
    const fault = findFault(value);
    if (!fault) return;
    const { message, path, code = null } = fault;
    context.addIssue({ code: 'custom', message, path, params: { code } });
  })
  .transform((value) => value as Input)
  .meta({ anyOf: [text, tokens, { ...list, items: text }, { ...list, items: tokens }] });

/** The body of POST /v1/embeddings (https://platform.openai.com/docs/api-reference/embeddings/create). */
export const EmbeddingBody = z.object({
  model: optional(z.string().min(1)),
  input,
  encoding_format: optional(z.enum(['float', 'base64'])),
  dimensions: optional(z.number().int().min(1)),
  user: optional(z.string()),
});

/** The inputs, one for each vector. @throws GatewayError that leaves as 400 when a text is too long. */
export async function toInputs(given: Input): Promise<EmbeddingInput[]> {
  if (typeof given !== 'string' && typeof given[0] === 'number') return [given as number[]];
  const inputs = typeof given === 'string' ? [given] : (given as EmbeddingInput[]);
  for (const [at, each] of inputs.entries()) {
    if (typeof each !== 'string' || (await isWithinTokens(each))) continue;
    const param = typeof given === 'string' ? 'input' : `input[${at}]`;
    throw refuse(400, `${param}: ${tooLong}`, { param, code: 'context_length_exceeded' });
  }
  return inputs;
}

// --- internal ---

const tooLong = `expected at most ${maxInputTokens} tokens; send it in parts`;

interface Fault {
  message: string;
  path: number[];
  code?: string;
}

function findFault(value: unknown): Fault | undefined {
  if (typeof value === 'string')
    return value === '' ? { message: 'Expected a text that is not empty', path: [] } : undefined;
  if (!Array.isArray(value)) return { message: 'Expected a text, texts, tokens or lists of tokens', path: [] };
  if (value.length === 0) return { message: 'Expected at least one input', path: [] };
  if (typeof value[0] === 'number') return findTokenFault(value, []);
  if (value.length > maxInputs)
    return { message: `Expected at most ${maxInputs} inputs, not ${value.length}`, path: [] };
  for (const [at, each] of value.entries()) {
    const fault = Array.isArray(each) ? findTokenFault(each, [at]) : findTextFault(each, at);
    if (fault) return fault;
  }
  return undefined;
}

function findTextFault(value: unknown, at: number): Fault | undefined {
  if (typeof value === 'string' && value !== '') return undefined;
  return {
    message: value === '' ? 'Expected a text that is not empty' : 'Expected a text or a list of tokens',
    path: [at],
  };
}

function findTokenFault(value: readonly unknown[], path: number[]): Fault | undefined {
  if (value.length === 0) return { message: 'Expected at least one token', path };
  if (value.length > maxInputTokens) return { message: tooLong, path, code: 'context_length_exceeded' };
  const wrong = value.findIndex((token) => !Number.isSafeInteger(token) || (token as number) < 0);
  return wrong < 0 ? undefined : { message: 'Expected a token, a whole number', path: [...path, wrong] };
}
