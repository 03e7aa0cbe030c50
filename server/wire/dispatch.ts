import { randomUUID } from 'node:crypto';
import { TRPCError } from '@trpc/server';
import { methods } from '../../sdk/protocol/contract.ts';
import { type ErrorShape, findGatewayError, GatewayError, toErrorShape } from '../../sdk/protocol/errors.ts';
import { parseRequestFrame, type RequestFrame } from '../../sdk/protocol/frames.ts';
import type { CallContext, SecondAnswer } from '../../sdk/protocol/method.ts';
import { isGranted, type Principal } from '../../sdk/protocol/scopes.ts';
import type { Log } from '../log/log.ts';
import { redactAnswer } from '../log/redact-answer.ts';
import type { Answer } from './connection.ts';
import { describeIssues, type Issue } from './issues.ts';
import { askProcedure } from './procedure.ts';

/** Of a name that is none of ours, characters that are repeated. */
const maxMethodLength = 100;

/** Of the id of a frame, characters that the log has. */
const maxIdLength = 128;

/** Methods that a node may call: `health`, and those that only nodes call. All others are for operators. */
const nodeMethods = /^(health|node\.(?!(list|describe|rename|invoke|pair\..*)$).+)$/s;

/** What a request is asked with. */
export interface Asking {
  /** The caller's context; `follow` is set per request. */
  context: CallContext;
  signal: AbortSignal;
  log: Log;
  /** Called once, or twice when the method answers again at its end. Contract: does not throw. */
  reply(answer: Answer): void;
}

/** Reads a frame that came in after hello. @returns the request, the answer to a malformed one, or undefined for no JSON. */
export function readRequest(frame: Buffer): RequestFrame | Answer | undefined {
  const value = parseJson(frame);
  if (value === undefined) return undefined;
  const request = parseRequestFrame(value);
  if (!('invalid' in request)) return request;
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  const error: ErrorShape = { code: 'INVALID_REQUEST', message: `invalid request frame: ${request.invalid}` };
  return { type: 'res', id: typeof id === 'number' ? id : request.id, ok: false, error };
}

/** Reads one JSON value. @returns undefined when it is none. */
export function parseJson(frame: Buffer): unknown {
  try {
    return JSON.parse(frame.toString()) as unknown;
  } catch {
    // Whether this is worth an answer depends on when it happens, so it is no error yet.
    return undefined;
  }
}

/** The role's complaint about a method, or undefined when the role may call it. */
export function findRoleFault({ role }: Principal, method: string): ErrorShape | undefined {
  if (role === 'operator' || nodeMethods.test(method)) return undefined;
  return { code: 'INVALID_REQUEST', message: `unauthorized role: ${role}` };
}

/** Asks the procedure of the contract that the frame names, and replies. Never rejects: failures are answers. */
export async function dispatch(request: RequestFrame, asking: Asking): Promise<void> {
  const { context, signal, reply } = asking;
  const { id, method, traceparent } = request;
  const log = traceparent === undefined ? asking.log : withTrace(asking.log, traceparent);
  if (log !== asking.log) log.debug('request', { id, method: method.slice(0, maxMethodLength) });
  const refuse = (error: unknown): Answer => ({
    type: 'res',
    id,
    ok: false,
    error: toWireError(error, { id, method, log }),
  });
  let second: Promise<SecondAnswer> | undefined;
  try {
    const ctx: CallContext = {
      ...context,
      follow(answer) {
        second = answer;
      },
    };
    reply({ type: 'res', id, ok: true, payload: await ask(request, ctx, signal) });
  } catch (error) {
    // Nobody is left to hear of it, and a wait that was cut short is no fault.
    if (!signal.aborted) reply(refuse(error));
    return;
  }
  await second?.then(
    (answer) => reply({ type: 'res', id, ...answer }),
    (error: unknown) => reply(refuse(error)),
  );
}

/** Version, trace, span, flags (W3C Trace Context, 3.2); what later versions add behind is taken along. */
const traceContext = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/;

/** A log whose lines carry the caller's trace; what is none is left out, as if it had not been sent. */
function withTrace(log: Log, traceparent: string): Log {
  if (!traceContext.test(traceparent)) return log;
  const carry =
    (level: 'debug' | 'info' | 'warn' | 'error'): Log['info'] =>
    (message, fields) =>
      log[level](message, { ...fields, traceparent });
  return {
    debug: carry('debug'),
    info: carry('info'),
    warn: carry('warn'),
    error: carry('error'),
    redact: log.redact,
    child: (name) => withTrace(log.child(name), traceparent),
  };
}

async function ask({ method, params, expectedProfileId }: RequestFrame, ctx: CallContext, signal: AbortSignal) {
  const spec = methods.get(method);
  if (!spec) throw unknownMethod(method, ctx.principal);
  if (expectedProfileId !== undefined) throw wrongProfile();
  return await askProcedure({ path: method, type: spec.kind, ctx, signal, getRawInput: async () => params ?? {} });
}

function unknownMethod(method: string, { role, scopes }: Principal): GatewayError {
  // A node has no scopes that it could lack.
  if (role === 'operator' && !isGranted(scopes, 'operator.admin')) {
    // Who may not know all methods is not told which ones exist.
    return new GatewayError('FORBIDDEN', 'missing scope: operator.admin', {
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.admin', requiredScopes: ['operator.admin'] },
    });
  }
  const message =
    method === 'connect'
      ? 'connect is only valid as the first request'
      : `unknown method: ${method.slice(0, maxMethodLength)}`;
  return new GatewayError('INVALID_REQUEST', message);
}

/** Callers with a shared secret have no profile, so none can be theirs. */
function wrongProfile(): GatewayError {
  return new GatewayError('INVALID_REQUEST', 'expectedProfileId is not the profile of this connection', {
    details: { reason: 'EXPECTED_PROFILE_MISMATCH', execution: 'not_started' },
  });
}

/** The request that an error is the answer to. */
export interface FailedRequest {
  /** Of the frame, and so of the answer: what the caller and the log have in common. */
  id: string | number;
  method: string;
  log: Log;
}

/** The one gate from an unknown error to the wire. What is not ours leaves as an id that the log knows, too. */
export function toWireError(error: unknown, { id, method, log }: FailedRequest): ErrorShape {
  const request = { id: String(id).slice(0, maxIdLength), method: method.slice(0, maxMethodLength) };
  const refusal = toRefusal(error, method);
  if (refusal) {
    const told = redactAnswer(refusal, log.redact);
    const { code, message, details } = told;
    log.warn(`request refused: ${message}`, { ...request, code, details });
    return told;
  }
  const requestId = randomUUID();
  log.error('request failed', { requestId, ...request, error: toLogText(error) });
  return { code: 'INTERNAL', message: `internal error, request id ${requestId}`, details: { requestId } };
}

/** The error of a caller who can do something about it. */
function toRefusal(error: unknown, method: string): ErrorShape | undefined {
  const known = findGatewayError(error);
  if (known) return toErrorShape(known);
  if (!(error instanceof TRPCError) || error.code !== 'BAD_REQUEST' || !isValidation(error.cause)) return undefined;
  return { code: 'INVALID_REQUEST', message: `invalid ${method} params: ${describeIssues(error.cause.issues)}` };
}

/** The stacks of an error and of what caused it. */
function toLogText(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, stack = error.message } = error;
  // tRPC wraps what a handler throws and gives the wrapping the same stack.
  if (depth > 4 || cause === undefined || (cause instanceof Error && cause.stack === stack)) return stack;
  return `${stack}\ncaused by ${toLogText(cause, depth + 1)}`;
}

function isValidation(cause: unknown): cause is { issues: readonly Issue[] } {
  return typeof cause === 'object' && cause !== null && 'issues' in cause && Array.isArray(cause.issues);
}
