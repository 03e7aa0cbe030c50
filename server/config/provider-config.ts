/** How a provider's API is spoken. */
export type ModelApi =
  | 'openai-completions'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'google-generative-ai'
  | 'ollama';

/** US dollars for a million tokens of each kind. */
export interface TokenRates {
  input?: number | undefined;
  output?: number | undefined;
  /** Default: the rate of `input`. */
  cacheRead?: number | undefined;
  /** Default: the rate of `input`. */
  cacheWrite?: number | undefined;
}

/** What a model costs; without rates for input and output it has no price. */
export interface ModelCost extends TokenRates {
  /** Rates by the size of the prompt, in place of those above. `range` is the first size and the one it ends before, if any. */
  tieredPricing?: (TokenRates & { range?: (number | null)[] | undefined })[] | undefined;
}

/** Sampling and other wishes of a call by name, as docs/models.md lists them. */
export type ModelParams = Record<string, string | number | boolean | object | null>;

/** What the provider calls a level of thinking; null for one that the model does not have. */
export type ThinkingLevelMap = {
  [level in 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max']?: string | null | undefined;
};

/** What a server takes, where it differs from the API that it speaks. */
export interface ModelCompat {
  supportsReasoningEffort?: boolean | undefined;
  supportsTemperature?: boolean | undefined;
  supportsTools?: boolean | undefined;
  /** False leaves the schema out and asks for JSON alone. */
  supportsJsonSchemaResponseFormat?: boolean | undefined;
  /** False does not ask for the usage at the end of a stream. */
  supportsUsageInStreaming?: boolean | undefined;
  supportsStrictMode?: boolean | undefined;
  supportsPromptCacheKey?: boolean | undefined;
  supportedReasoningEfforts?: string[] | undefined;
  reasoningEffortMap?: Record<string, string> | undefined;
  maxTokensField?: 'max_completion_tokens' | 'max_tokens' | undefined;
}

export interface ProviderConfig {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  api?: ModelApi | (string & {}) | undefined;
  /** Sent with every request. */
  headers?: Record<string, string> | undefined;
  /** Sent with every request; these win over `headers`. */
  request?: { headers?: Record<string, string> | undefined } | undefined;
  /** True sends the key as `Authorization: Bearer`, whatever the API's own header is. */
  authHeader?: boolean | undefined;
  /** Tokens of one answer, for models that have no limit of their own. */
  maxTokens?: number | undefined;
  /** Sampling of calls that say nothing of it. */
  params?: ModelParams | undefined;
  models?:
    | {
        id: string;
        name?: string | undefined;
        reasoning?: boolean | undefined;
        input?: ('text' | 'image' | 'video' | 'audio')[] | undefined;
        /** Tokens. */
        contextWindow?: number | undefined;
        /** Tokens. */
        maxTokens?: number | undefined;
        cost?: ModelCost | undefined;
        /** Sampling of calls that say nothing of it; wins over the provider's. */
        params?: ModelParams | undefined;
        /** Sent with every request; these win over the provider's. */
        headers?: Record<string, string> | undefined;
        thinkingLevelMap?: ThinkingLevelMap | undefined;
        compat?: ModelCompat | undefined;
      }[]
    | undefined;
  /** Seconds without a byte before a call is given up. */
  timeoutSeconds?: number | undefined;
}

export interface ModelsConfig {
  providers?: Record<string, ProviderConfig> | undefined;
}
