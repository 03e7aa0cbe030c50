import { z } from 'zod';

/*
 * Members that the bodies of several routes share. Unknown members are ignored.
 */

/** `null` means absent. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

/** Tools in one request. */
const maxTools = 128;

const toolName = z.string().regex(/^[\w-]{1,64}$/, 'expected 1 to 64 letters, digits, dashes or underscores');
/** Levels of what is passed on as it is. Beyond some thousands nothing could write it down again. */
export const maxDepth = 100;

/** An object of any members, which is passed on. */
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

/** The tools of the caller. */
export const tools = <S extends z.ZodType>(tool: S) => optional(z.array(tool).max(maxTools));

/** What both APIs take of sampling. */
export const samplingFields = {
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
};

/** A limit of tokens, or of calls. */
export const positive = optional(z.number().int().min(1));

/** Probabilities of tokens: no provider is asked for them here. */
export const topLogprobs = optional(
  z
    .number()
    .int()
    .min(0)
    .max(20)
    .refine((count) => count === 0, unsupported('log probabilities are not given; leave top_logprobs out')),
);

/** How much a model says. */
export const verbosity = optional(z.enum(['low', 'medium', 'high']));

/** What is passed on to providers that know it. */
export const wishFields = {
  parallel_tool_calls: optional(z.boolean()),
  service_tier: optional(z.string()),
  prompt_cache_key: optional(z.string()),
  safety_identifier: optional(z.string()),
  user: optional(z.string()),
};

/** `include_obfuscation` is accepted; nothing is padded here. */
export const streamOptions = optional(
  z.object({ include_usage: optional(z.boolean()), include_obfuscation: optional(z.boolean()) }),
);

/** Published values of `reasoning_effort`: the gateway's own levels, and `none`, which providers that have it are asked for by that name. */
export const reasoningEffort = optional(z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']));

/** A schema that the answer has to fit. */
export const jsonSchemaFields = {
  name: z.string().min(1),
  description: optional(z.string()),
  schema: optional(jsonObject),
  strict: optional(z.boolean()),
};

/** The agent that is asked, by one of its names; forms that are left empty mean the default one. */
export const model = z
  .string()
  .min(1)
  .nullish()
  .transform((name) => name ?? 'openclaw');

/** True for what has at most `levels` levels of nesting. */
export function isShallow(value: unknown, levels = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1));
}
