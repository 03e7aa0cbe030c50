import type { ErrorObject } from 'openai/resources/shared';
import { errorCodes, findGatewayError, GatewayError } from '../../sdk/protocol/errors.ts';

/** What goes wrong with a request over HTTP, as the caller is told. */
export interface HttpFailure {
  status: number;
  /** The family a client branches on: `invalid_request_error`, `unauthorized`, `rate_limit_error`, `api_error`, ... */
  type: string;
  /** Narrows `type` down; null when nothing does. */
  code: string | null;
  message: string;
  /** The body member, header or path part that is wrong; null when it is none of them. */
  param: string | null;
  /** Sent with the answer, for example `retry-after`. */
  headers?: Record<string, string> | undefined;
}

/** The body of every error answer, in OpenAI's shape. */
export interface ErrorBody {
  error: ErrorObject;
}

const maxMessageChars = 4000;

export type Refusal = Partial<Pick<HttpFailure, 'type' | 'code' | 'param' | 'headers'>> & { cause?: unknown };

/** An error that leaves with exactly this status. The type follows from the status unless it is given. */
export function refuse(status: number, message: string, { cause, ...more }: Refusal = {}): GatewayError {
  // Names that callers gave are repeated to them, but not by the megabyte.
  const text = message.length > maxMessageChars ? `${message.slice(0, maxMessageChars)}…` : message;
  const http: HttpFailure = { status, type: typeOf(status), code: null, param: null, ...more, message: text };
  return new GatewayError(codeOf(status), text, { details: { http }, cause });
}

/** What the caller is told of any error; one that is not ours leaves without a word of its own. */
export function toHttpFailure(error: unknown, requestId: string): HttpFailure {
  const known = findGatewayError(error);
  if (!known) return internal(`internal error; the gateway's log has it as ${requestId}`);
  const http = known.details?.http as HttpFailure | undefined;
  if (http) return http;
  const status = errorCodes[known.code as keyof typeof errorCodes] ?? 500;
  const narrow = known.details?.code;
  return {
    status,
    type: typeOf(status),
    code: narrow === 'MODEL_NOT_FOUND' ? 'model_not_found' : null,
    message: known.message,
    param: narrow === 'MODEL_NOT_FOUND' ? 'model' : narrow === 'INVALID_SESSION_KEY' ? 'x-openclaw-session-key' : null,
    ...(known.retryAfterMs !== undefined && { headers: retryAfter(known.retryAfterMs) }),
  };
}

export function toErrorBody({ message, type, code, param }: HttpFailure): ErrorBody {
  return { error: { message, type, code, param } };
}

/** `Retry-After` counts in whole seconds, at least one. */
export function retryAfter(ms: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) };
}

function internal(message: string): HttpFailure {
  return { status: 500, type: 'api_error', code: null, message, param: null };
}

function typeOf(status: number): string {
  if (status >= 500) return 'api_error';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found_error';
  return status === 429 ? 'rate_limit_error' : 'invalid_request_error';
}

function codeOf(status: number): keyof typeof errorCodes {
  if (status === 403) return 'FORBIDDEN';
  if (status === 503) return 'UNAVAILABLE';
  if (status === 504) return 'AGENT_TIMEOUT';
  return status >= 500 ? 'INTERNAL' : 'INVALID_REQUEST';
}
