import { z } from 'zod';
import type { Config } from '../config/config.ts';
import type { CatalogEntry, CatalogModel } from './catalog.ts';
import type { ModelRequest, Sampling } from './provider.ts';

/** What the configuration says about calls of one model. */
export interface ModelSettings {
  /** What a call has unless it says otherwise. */
  defaults: { sampling: Sampling; wishes: Partial<ModelRequest> };
  /** Added to each HTTP request. */
  wire: NonNullable<ModelRequest['wire']>;
  /** Tokens; a call gets no more. */
  maxTokens: number | undefined;
  /** The provider's name of a level of thinking: undefined where nobody said, null where the model does not have the level. */
  toLevel(thinking: string): string | null | undefined;
  takesTemperature: boolean;
  takesSchema: boolean;
  takesTools: boolean;
}

type Params = Record<string, unknown>;

/** Reads the settings of a model: its provider's first, then its own, then those of `agents.defaults`; later ones win. */
export function readModelSettings(entry: CatalogEntry, id: string, config: Config): ModelSettings {
  const listed = entry.models.find((model) => model.id === id);
  const { params, models } = config.agents?.defaults ?? {};
  const merged: Params = { ...entry.params, ...listed?.params, ...params, ...models?.[`${entry.id}/${id}`]?.params };
  const { sampling, wishes } = toDefaults(merged);
  const { compat = {} } = listed ?? {};
  return {
    defaults: { sampling, wishes },
    wire: {
      ...(listed?.headers && { headers: listed.headers }),
      ...(Object.keys(toBody(merged)).length > 0 && { body: toBody(merged) }),
    },
    maxTokens: listed?.maxTokens ?? entry.maxTokens,
    toLevel: (thinking) => toLevel(listed, thinking),
    takesTemperature: compat.supportsTemperature !== false,
    takesSchema: compat.supportsJsonSchemaResponseFormat !== false,
    takesTools: compat.supportsTools !== false,
  };
}

/** A request as the model can take it: with what it lacks filled in, and without what the configuration says is not taken. */
export function fitTo(settings: ModelSettings, request: ModelRequest): ModelRequest {
  const { defaults, wire, maxTokens: most, takesTemperature, takesSchema, takesTools } = settings;
  const sampling: Sampling = { ...defaults.sampling, ...withoutUndefined(request.sampling ?? {}) };
  if (most !== undefined) sampling.maxOutputTokens = Math.min(sampling.maxOutputTokens ?? most, most);
  if (!takesTemperature) delete sampling.temperature;
  const fitted: ModelRequest = { ...defaults.wishes, ...withoutUndefined(request), sampling };
  if (fitted.thinking !== undefined) {
    const level = settings.toLevel(fitted.thinking);
    if (level !== undefined) fitted.thinking = level ?? undefined;
  }
  if (!takesTools) fitted.tools = undefined;
  // Asked for in words it may still come: JSON without a schema is what is left.
  if (!takesSchema && fitted.responseFormat?.schema) fitted.responseFormat = { type: 'json' };
  if (wire.headers || wire.body) fitted.wire = wire;
  return fitted;
}

/** Names of parameters that have no effect, for a warning. */
export function unknownParams(params: Params | undefined): string[] {
  return Object.keys(params ?? {}).filter((name) => !(name in names) && !bodyNames.has(name) && !extraNames.has(name));
}

// --- internal ---

const text = z.string().min(1);
const number = z.number();

const Defaults = z.object({
  temperature: number.optional().catch(undefined),
  topP: number.optional().catch(undefined),
  maxOutputTokens: number.int().positive().optional().catch(undefined),
  stop: z
    .union([text.transform((one) => [one]), z.array(text)])
    .optional()
    .catch(undefined),
  seed: number.int().optional().catch(undefined),
  frequencyPenalty: number.optional().catch(undefined),
  presencePenalty: number.optional().catch(undefined),
  logitBias: z.record(z.string(), number).optional().catch(undefined),
  thinking: text.optional().catch(undefined),
  reasoningSummary: z.enum(['auto', 'concise', 'detailed']).optional().catch(undefined),
  verbosity: z.enum(['low', 'medium', 'high']).optional().catch(undefined),
  serviceTier: text.optional().catch(undefined),
  promptCacheKey: text.optional().catch(undefined),
  parallelToolCalls: z.boolean().optional().catch(undefined),
});

/** How people write the parameters: as the gateway does, or as the providers' APIs do. */
const names: Readonly<Record<string, keyof z.output<typeof Defaults>>> = {
  temperature: 'temperature',
  topP: 'topP',
  top_p: 'topP',
  maxTokens: 'maxOutputTokens',
  max_tokens: 'maxOutputTokens',
  maxOutputTokens: 'maxOutputTokens',
  max_completion_tokens: 'maxOutputTokens',
  max_output_tokens: 'maxOutputTokens',
  stop: 'stop',
  seed: 'seed',
  frequencyPenalty: 'frequencyPenalty',
  frequency_penalty: 'frequencyPenalty',
  presencePenalty: 'presencePenalty',
  presence_penalty: 'presencePenalty',
  logitBias: 'logitBias',
  logit_bias: 'logitBias',
  thinking: 'thinking',
  reasoningEffort: 'thinking',
  reasoning_effort: 'thinking',
  reasoningSummary: 'reasoningSummary',
  verbosity: 'verbosity',
  textVerbosity: 'verbosity',
  serviceTier: 'serviceTier',
  service_tier: 'serviceTier',
  promptCacheKey: 'promptCacheKey',
  prompt_cache_key: 'promptCacheKey',
  parallelToolCalls: 'parallelToolCalls',
  parallel_tool_calls: 'parallelToolCalls',
};

/** Members of the body that are passed on as they are: OpenRouter's routing, and what vLLM, llama.cpp and Ollama sample by. */
const bodyNames = new Set([
  'provider',
  'chat_template_kwargs',
  'top_k',
  'min_p',
  'repetition_penalty',
  'repeat_penalty',
]);
const extraNames = new Set(['extra_body', 'extraBody']);

function toDefaults(params: Params): ModelSettings['defaults'] {
  const named = Object.entries(params).flatMap(([name, value]) => {
    const member = names[name];
    return member && value !== null ? [[member, value] as const] : [];
  });
  const read = withoutUndefined(Defaults.parse(Object.fromEntries(named)));
  const { thinking, reasoningSummary, verbosity, serviceTier, promptCacheKey, parallelToolCalls, ...sampling } = read;
  const wishes = { thinking, reasoningSummary, verbosity, serviceTier, promptCacheKey, parallelToolCalls };
  return { sampling, wishes: withoutUndefined(wishes) };
}

function toBody(params: Params): Params {
  const plain = Object.entries(params).filter(([name]) => bodyNames.has(name));
  const extra = params.extra_body ?? params.extraBody;
  return { ...Object.fromEntries(plain), ...(typeof extra === 'object' && extra) };
}

function toLevel(listed: CatalogModel | undefined, thinking: string): string | null | undefined {
  const { reasoning, thinkingLevelMap = {}, compat = {} } = listed ?? {};
  if (reasoning === false || compat.supportsReasoningEffort === false) return null;
  const name = thinking === 'none' ? 'off' : thinking;
  const mapped = (thinkingLevelMap as Record<string, string | null | undefined>)[name];
  if (mapped !== undefined) return mapped;
  const level = compat.reasoningEffortMap?.[name];
  if (level !== undefined) return level;
  const known = compat.supportedReasoningEfforts;
  return known && !known.includes(thinking) ? null : undefined;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
