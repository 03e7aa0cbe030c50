import type { z } from 'zod';
import { isPlainObject } from '../../config/key-path.ts';
import type { ModelWishes, Sampling, ToolDeclaration } from '../../models/provider.ts';
import { refuse } from '../failure.ts';
import { type functionFields, isShallow, maxDepth, type wishFields } from './fields.ts';

/*
 * What bodies of both APIs come to in the same way.
 */

/** A function as a model is told of it. */
export function toToolDeclaration(tool: Members<typeof functionFields>): ToolDeclaration {
  const { name, description = '', parameters = { type: 'object', properties: {} }, strict } = tool;
  return { name, description, parameters, ...(strict !== undefined && { strict }) };
}

/** What is passed on to the provider as it was asked for. */
export function toWishes(body: Members<typeof wishFields>): ModelWishes {
  return {
    parallelToolCalls: body.parallel_tool_calls,
    serviceTier: body.service_tier,
    promptCacheKey: body.prompt_cache_key,
    safetyIdentifier: body.safety_identifier,
    user: body.user,
  };
}

/** Sampling without the members that were not given. */
export function toSampling(sampling: Sampling): Sampling {
  return Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined));
}

/**
 * The arguments of a call in a conversation that the caller brings along. What some model wrote badly before is told as it was
 * written, in `arguments`: a conversation must not end over it, and OpenAI takes any text.
 * @throws GatewayError that leaves as 400 for what is nested too deeply.
 */
export function parseArguments(text: string, param: string): Record<string, unknown> {
  // Models write nothing, or null, where a function takes nothing.
  if (/^\s*(null\s*)?$/.test(text)) return {};
  const value = parseJson(text);
  if (!isPlainObject(value)) return { arguments: text };
  if (isShallow(value)) return value;
  throw refuse(400, `${param}: expected a JSON object of at most ${maxDepth} levels`, { param });
}

// --- internal ---

/** Of a body that has these fields. */
type Members<Fields extends z.ZodRawShape> = z.output<z.ZodObject<Fields>>;

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
