import type { AttachedFile } from '../../sdk/protocol/message.ts';
import type { Usage } from '../../sdk/protocol/usage.ts';

/** What a model may call. */
export interface ToolDeclaration {
  name: string;
  description: string;
  /** JSON Schema of the arguments, an object schema. */
  parameters: Record<string, unknown>;
  /** True when the provider should hold the model to the schema. */
  strict?: boolean | undefined;
}

export type UserPart =
  /** A `file` is made into text before a provider sees it; until then `text` is only its name. */
  | { type: 'text'; text: string; file?: AttachedFile | undefined }
  /** `data` is base64, without a `data:` prefix. */
  | { type: 'image'; mimeType: string; data: string };

export type AssistantPart =
  | { type: 'text'; text: string }
  | { type: 'toolCall'; id: string; name: string; arguments: Record<string, unknown> };

/** One message of the conversation as a model reads it. */
export type ModelMessage =
  | { role: 'system'; text: string }
  | { role: 'user'; content: UserPart[] }
  | { role: 'assistant'; content: AssistantPart[] }
  | { role: 'tool'; toolCallId: string; toolName: string; output: string; isError: boolean };

/** What the caller wants of the sampling; a provider takes what it knows. */
export interface Sampling {
  maxOutputTokens?: number | undefined;
  /** 0 to 2. */
  temperature?: number | undefined;
  /** 0 to 1. */
  topP?: number | undefined;
  stop?: string[] | undefined;
  seed?: number | undefined;
  frequencyPenalty?: number | undefined;
  presencePenalty?: number | undefined;
  /** -100 to 100 by token id of the model. */
  logitBias?: Record<string, number> | undefined;
}

/** One call of a model. */
export interface ModelRequest {
  /** Instructions that stand before the conversation. */
  system?: string | undefined;
  messages: ModelMessage[];
  tools?: ToolDeclaration[] | undefined;
  /** Default `auto`. */
  toolChoice?: 'auto' | 'none' | 'required' | { name: string } | undefined;
  parallelToolCalls?: boolean | undefined;
  sampling?: Sampling | undefined;
  responseFormat?:
    | {
        type: 'json';
        name?: string | undefined;
        description?: string | undefined;
        schema?: Record<string, unknown> | undefined;
        strict?: boolean | undefined;
      }
    | undefined;
  /** `off`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, or a level that only the provider knows, for example `none`. */
  thinking?: string | undefined;
  /** How much of its reasoning the model should tell in summary, where the provider asks for that. */
  reasoningSummary?: 'auto' | 'concise' | 'detailed' | undefined;
  /** How long the answer should be. */
  verbosity?: 'low' | 'medium' | 'high' | undefined;
  /** Class of service, in the provider's own words. */
  serviceTier?: string | undefined;
  /** Brings calls with the same beginning together, where the provider keeps prompts. */
  promptCacheKey?: string | undefined;
  /** Names the person behind the call to the provider, without telling who it is. */
  safetyIdentifier?: string | undefined;
  /** The older name of the same. */
  user?: string | undefined;
  /** What the configuration adds to the HTTP request: headers that win over the provider's, members that win over ours. */
  wire?: { headers?: Record<string, string> | undefined; body?: Record<string, unknown> | undefined } | undefined;
  /** Who asks, for models that answer from the conversation's own state. */
  session?: { key: string; agentId: string } | undefined;
}

/** What a caller may want of a call besides the conversation itself. */
export type ModelWishes = Pick<
  ModelRequest,
  | 'toolChoice'
  | 'parallelToolCalls'
  | 'sampling'
  | 'responseFormat'
  | 'reasoningSummary'
  | 'verbosity'
  | 'serviceTier'
  | 'promptCacheKey'
  | 'safetyIdentifier'
  | 'user'
>;

/** Why a model call failed. Secrets are removed from `message`. */
export interface ModelFailure {
  kind:
    | 'auth'
    | 'rate_limit'
    | 'context_length'
    | 'quota'
    | 'refusal'
    | 'timeout'
    | 'not_found'
    | 'bad_request'
    | 'unavailable'
    | 'unknown';
  /** For people: provider, what it said, what to do. */
  message: string;
  provider: string;
  model: string;
  /** The provider's own status, when there was an answer. */
  httpStatus?: number | undefined;
  /** Of a `bad_request`: the member that it refuses, in the words of its API, and its code. */
  refused?: { param?: string | undefined; code?: string | undefined } | undefined;
  /** True when the same call may succeed later. */
  retryable: boolean;
  retryAfterMs?: number | undefined;
}

/** What comes out of a model, in order. The last one is always `finish` or `failure`, exactly once. */
export type ModelEvent =
  /** `pieces`: the deltas that it was sent in, when several arrived together. */
  | { type: 'text'; delta: string; pieces?: readonly string[] }
  | { type: 'reasoning'; delta: string }
  /** A complete call; `arguments` parsed from what the model wrote. */
  | { type: 'toolCall'; id: string; name: string; arguments: Record<string, unknown> }
  | { type: 'finish'; reason: 'stop' | 'length' | 'toolCalls' | 'contentFilter' | 'other'; usage: Usage }
  | { type: 'failure'; failure: ModelFailure };

/**
 * Streams one call of a model.
 * Contract: never throws for a model's failure; ends with `finish` or `failure`; stops soon after `signal` fires, then ends
 * with either or with nothing.
 */
export interface ModelProvider {
  stream(model: string, request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /**
   * Turns texts, or tokens where `takesTokens` says so, into vectors, one each, in order.
   * Contract: rejects with a GatewayError that carries the failure in `details`. Absent when the provider has no embeddings.
   */
  embed?(model: string, request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings>;
  /** True when tokens mean to a model for embeddings what they mean to OpenAI's. */
  takesTokens?(model: string): boolean;
}

/** What is to be turned into vectors. */
export interface EmbeddingRequest {
  inputs: readonly EmbeddingInput[];
  /** Numbers in a vector. Default: as many as the model gives. */
  dimensions?: number | undefined;
}

/** A text, or its tokens by cl100k_base. */
export type EmbeddingInput = string | readonly number[];

export interface Embeddings {
  vectors: Float32Array[];
  /** Tokens read, as the provider counts them; an estimate when it does not. */
  inputTokens: number;
}
