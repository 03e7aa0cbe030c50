import type { FunctionTool, Response, ResponseError, ResponseUsage } from 'openai/resources/responses/responses';
import type { Usage } from '../../../sdk/protocol/usage.ts';
import type { RunEnd } from '../../agent/runs.ts';
import { promptTokens } from '../../models/counts.ts';
import type { HttpFailure } from '../failure.ts';
import type { ResponseBody } from './response-body.ts';
import type { OutputItem } from './response-items.ts';

/** Members of OpenAI's type that say nothing here and cannot be null. */
type Untold = 'image' | 'input_transformations' | 'prompt_cache_diagnostics' | 'prompt_cache_options' | 'tool_usage';

/** A response with every member that OpenAI's type has, null where there is nothing to say. */
export type ResponseObject = {
  [K in Exclude<keyof Response, Untold>]-?: undefined extends Response[K]
    ? Exclude<Response[K], undefined> | null
    : Response[K];
};

/** How far a response has got. */
export interface Progress {
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  output: OutputItem[];
  end?: RunEnd | undefined;
  failure?: HttpFailure | undefined;
}

export interface ResponseHead {
  id: string;
  /** Seconds since the epoch. */
  created: number;
  body: ResponseBody;
}

export function toResponseObject({ id, created, body }: ResponseHead, progress: Progress): ResponseObject {
  const { status, output, end, failure } = progress;
  return {
    id,
    object: 'response',
    created_at: created,
    completed_at: status === 'completed' ? Math.floor(Date.now() / 1000) : null,
    status,
    error: failure ? toResponseError(failure) : null,
    incomplete_details: status === 'incomplete' && end ? { reason: toIncompleteReason(end) } : null,
    output,
    output_text: toOutputText(output),
    usage: end && status !== 'failed' ? toResponseUsage(end.usage) : null,
    ...toEcho(body),
    access_programs: null,
    background: false,
    conversation: null,
    moderation: null,
    prompt: null,
    prompt_cache_retention: null,
    top_logprobs: null,
  };
}

/** `incomplete` when the model was cut off, else `completed`. */
export function toFinalStatus({ finish }: RunEnd): 'completed' | 'incomplete' {
  return finish === 'length' || finish === 'contentFilter' ? 'incomplete' : 'completed';
}

/** The members that repeat what was asked for. */
function toEcho(body: ResponseBody) {
  const choice = body.tool_choice;
  return {
    model: body.model,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: toMetadata(body.metadata),
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: 'default' as const,
    temperature: body.temperature ?? null,
    text: toTextConfig(body.text),
    tool_choice: choice ?? ('auto' as const),
    tools: (body.tools ?? []).map(toFunctionTool),
    top_p: body.top_p ?? null,
    truncation: body.truncation ?? ('disabled' as const),
    user: body.user ?? null,
  } satisfies Partial<ResponseObject>;
}

type Tool = NonNullable<ResponseBody['tools']>[number];

function toFunctionTool({ name, description, parameters, strict }: Tool): FunctionTool {
  return {
    type: 'function',
    name,
    description: description ?? null,
    parameters: parameters ?? null,
    strict: strict ?? null,
  };
}

function toTextConfig(text: ResponseBody['text']) {
  const format = text?.format;
  const shown = format?.type === 'json_schema' ? toShownSchema(format) : { type: format?.type ?? ('text' as const) };
  return { format: shown, ...(text?.verbosity && { verbosity: text.verbosity }) };
}

type Format = NonNullable<NonNullable<ResponseBody['text']>['format']>;

function toShownSchema({ type, name, description, schema = {}, strict }: Extract<Format, { type: 'json_schema' }>) {
  return { type, name, ...(description !== undefined && { description }), schema, strict: strict ?? null };
}

function toMetadata(metadata: ResponseBody['metadata']): Record<string, string> {
  const entries = Object.entries(metadata ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function toOutputText(output: readonly OutputItem[]): string {
  const parts = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  return parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
}

function toResponseUsage(usage: Usage): ResponseUsage {
  return {
    input_tokens: promptTokens(usage),
    input_tokens_details: { cached_tokens: usage.cacheRead ?? 0, cache_write_tokens: usage.cacheWrite ?? 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.total,
  };
}

function toIncompleteReason({ finish }: RunEnd): 'max_output_tokens' | 'content_filter' {
  return finish === 'contentFilter' ? 'content_filter' : 'max_output_tokens';
}

function toResponseError({ status, message, code, type, param }: HttpFailure): ResponseError {
  const known = status === 429 ? 'rate_limit_exceeded' : status < 500 ? 'invalid_prompt' : 'server_error';
  return { code: known, message, type: code ?? type, param };
}
