import { z } from 'zod';
import { isPlainObject } from '../../config/key-path.ts';
import type { Sampling, ToolDeclaration } from '../../models/provider.ts';
import { refuse } from '../failure.ts';

/** Members that the bodies of several routes share. Unknown members are ignored; `null` means absent. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

/** Tools in one request. */
const maxTools = 128;

const toolName = z.string().regex(/^[\w-]{1,64}$/, 'expected 1 to 64 letters, digits, dashes or underscores');
/** Levels of what is passed on as it is. Beyond some thousands nothing could write it down again. */
const maxDepth = 100;
export const jsonObject = z
  .record(z.string(), z.unknown())
  .refine((value) => isShallow(value), `expected at most ${maxDepth} levels of nesting`);

/** A member that would need what this gateway cannot do. */
export const unsupported = (message: string) => ({ message, params: { code: 'unsupported_parameter' } });

/** How closely an image is looked at. Accepted; what models make of images is left to them. */
export const imageDetail = optional(z.enum(['auto', 'low', 'high', 'original']));

/** Files are not kept: each request carries its own. */
export const noFileId = z
  .unknown()
  .refine((id) => id === undefined || id === null, unsupported('there are no uploaded files; send the content itself'))
  .optional();

/** For what is known and never taken. */
export const isNever = (_value: unknown): _value is never => false;

/** The one kind of tool a caller can declare: those that OpenAI would run itself are not run here. */
export const functionType = z
  .string()
  .refine(
    (type) => type === 'function',
    unsupported(
      'only function tools are taken; what OpenAI would run itself is left to the tools that the agent has here',
    ),
  );

/** A function as a model may call it. */
export const functionFields = {
  name: toolName,
  description: optional(z.string()),
  parameters: optional(jsonObject),
  strict: optional(z.boolean()),
};

export const tools = <S extends z.ZodType>(tool: S) => optional(z.array(tool).max(maxTools));

export const samplingFields = {
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
};

export const outputTokens = optional(z.number().int().min(1));

/** Probabilities of tokens: no provider is asked for them here. */
export const topLogprobs = optional(
  z
    .number()
    .int()
    .min(0)
    .max(20)
    .refine((count) => count === 0, unsupported('log probabilities are not given; leave top_logprobs out')),
);

export const verbosity = optional(z.enum(['low', 'medium', 'high']));

/** What is passed on to providers that know it. */
export const wishFields = {
  service_tier: optional(z.string()),
  prompt_cache_key: optional(z.string()),
  safety_identifier: optional(z.string()),
  user: optional(z.string()),
};

export const streamOptions = optional(
  z.object({ include_usage: optional(z.boolean()), include_obfuscation: optional(z.boolean()) }),
);

/** Published values of `reasoning_effort`. */
export const reasoningEffort = optional(z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']));

export const jsonSchemaFields = {
  name: z.string().min(1),
  description: optional(z.string()),
  schema: optional(jsonObject),
  strict: optional(z.boolean()),
};

/** OpenAI's levels are the gateway's own, and `none`, which providers that have it are asked for by that name. */
export const toThinking = (effort: z.output<typeof reasoningEffort>): string | undefined => effort;

export function toToolDeclaration(tool: {
  name: string;
  description?: string | undefined;
  parameters?: Record<string, unknown> | undefined;
  strict?: boolean | undefined;
}): ToolDeclaration {
  const { name, description = '', parameters = { type: 'object', properties: {} }, strict } = tool;
  return { name, description, parameters, ...(strict !== undefined && { strict }) };
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

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isShallow(value: unknown, levels = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1));
}
