/**
 * Every code a `GatewayError` can carry, with the HTTP status it maps to.
 * The first group travels on the wire (docs/protocol.md, "Errors"); the second is raised by clients of the gateway.
 */
export const errorCodes = {
  INVALID_REQUEST: 400,
  FORBIDDEN: 403,
  NOT_PAIRED: 403,
  APPROVAL_NOT_FOUND: 404,
  UNAVAILABLE: 503,
  AGENT_TIMEOUT: 504,
  INTERNAL: 500,

  /** The gateway could not be reached at all: nothing was sent. */
  UNREACHABLE: 503,
  /** The gateway's certificate is not the one whose fingerprint is expected: nothing was sent. */
  TLS_FINGERPRINT_MISMATCH: 502,
  /** The connection went away while the request was in flight; `details.mayHaveExecuted` says whether it was sent. */
  CONNECTION_LOST: 503,
  /** The caller's own deadline passed. */
  TIMEOUT: 504,
  /** The caller's `AbortSignal` fired. */
  CANCELLED: 499,
  /** The client was closed by its owner. */
  CLOSED: 499,
  /** The configuration file is wrong; the process exits with 78. */
  INVALID_CONFIG: 500,
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The error member of a `res` frame (docs/protocol.md). */
export interface ErrorShape {
  /** One of {@link errorCodes}; other gateways may send codes of their own. */
  code: string;
  /** For people: what was wrong, where, and what to do next. */
  message: string;
  /** For programs; `details.code` narrows `code` down, for example `MISSING_SCOPE`. */
  details?: unknown;
  /** True when the same request may succeed later. */
  retryable?: boolean | undefined;
  /** Milliseconds to wait before trying again. */
  retryAfterMs?: number | undefined;
}

export interface GatewayErrorOptions {
  /** For programs; `details.code` narrows the code down. */
  details?: Record<string, unknown> | undefined;
  /** True when the same request may succeed later. Default false. */
  retryable?: boolean | undefined;
  /** Milliseconds to wait before trying again. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** The one error class of the gateway, the SDK and the CLI. Recognise it with {@link isGatewayError}, not `instanceof`. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /** One of {@link errorCodes}, or a code of another gateway. */
  readonly code: string;
  /** For programs; `details.code` narrows `code` down. */
  readonly details: Record<string, unknown> | undefined;
  /** True when the same request may succeed later. */
  readonly retryable: boolean;
  /** Milliseconds to wait before trying again. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode | (string & {}), message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Narrows an unknown error; true across realms and bundled copies of this package. */
export function isGatewayError(error: unknown): error is GatewayError {
  return error instanceof Error && error.name === 'GatewayError' && 'code' in error;
}

/** The GatewayError in an error's chain of causes, or undefined when the error is not ours. */
export function findGatewayError(error: unknown): GatewayError | undefined {
  for (let link = error, depth = 0; link instanceof Error && depth < 8; link = link.cause, depth++) {
    if (isGatewayError(link)) return link;
  }
  return undefined;
}

/** Of a message; what a caller sent may stand in it, and nobody needs more of that back. */
const maxMessageChars = 4000;

/** The wire form of an error of ours. */
export function toErrorShape(error: GatewayError): ErrorShape {
  const { message } = error;
  return {
    code: error.code,
    message: message.length <= maxMessageChars ? message : `${message.slice(0, maxMessageChars).toWellFormed()}…`,
    ...(error.details && { details: error.details }),
    ...(error.retryable && { retryable: true }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  };
}

/** An error of ours from its wire form. */
export function fromErrorShape(shape: ErrorShape): GatewayError {
  return new GatewayError(shape.code, shape.message, {
    details: typeof shape.details === 'object' && shape.details !== null ? { ...shape.details } : undefined,
    retryable: shape.retryable,
    retryAfterMs: shape.retryAfterMs,
  });
}
