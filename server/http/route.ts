import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventHandler } from 'h3';
import { findGatewayError } from '../../sdk/protocol/errors.ts';
import { isGranted, type OperatorScope, type Principal } from '../../sdk/protocol/scopes.ts';
import type { LiveConfig } from '../config/live.ts';
import type { Log } from '../log/log.ts';
import { redactAnswer } from '../log/redact-answer.ts';
import { type Access, authenticateRequest } from './auth.ts';
import { checkContentLength } from './body.ts';
import type { ExposedMetrics } from './deps.ts';
import { type HttpFailure, refuse, toErrorBody, toHttpFailure } from './failure.ts';
import { answerPreflight, isPreflight, tellOrigin } from './origins.ts';
import { forgoBody } from './unread-body.ts';

/*
 * One request:
 *
 *   id, headers -> path (404) -> method (405) -> authentication (401, 403, 429) -> announced length (413) -> handler -> log
 *                                            any error -> one JSON answer, or the end of the connection
 *
 * The handler is the first who reads the body.
 */

/** One request on its way to an answer. */
export interface Visit {
  /** Sent back as `x-request-id` and written in the log. */
  readonly id: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** As it came, without the query. */
  readonly path: string;
}

/** A request whose sender is known. */
export interface Call extends Visit {
  readonly principal: Principal;
}

/** Answers one request by writing to `res`. Contract: errors are thrown, and only before the head is sent. */
export type Handler<V extends Visit = Call> = (visit: V) => void | Promise<void>;
export type Methods<V extends Visit = Call> = Partial<Record<'GET' | 'HEAD' | 'POST' | 'DELETE', Handler<V>>>;

/** What is mounted at a path, with the methods that it answers (mounted.ts). */
export type Route = EventHandler & { readonly methods: readonly string[] };

export interface RouteDeps extends Access {
  config: Pick<LiveConfig, 'current'>;
  log: Log;
  metrics: Pick<ExposedMetrics, 'answeredRequest'>;
}

/** A request that is over. */
export interface AnsweredRequest {
  /** As the route is declared, for example `/v1/models/**`; `other` where there is none. */
  route: string;
  /** As it came. */
  method: string;
  /** What was answered; 499 when the caller went away before it was all there. */
  status: number;
  ms: number;
}

export interface GuardedRoute {
  /** What the caller must hold; null when the handler decides. */
  scope: OperatorScope | null;
  /** Bytes. */
  maxBodyBytes: number;
  methods: Methods;
  /** The body of an error answer. Default: OpenAI's shape. */
  toBody?: ((failure: HttpFailure) => unknown) | undefined;
}

/** A route for callers who prove who they are. */
export function guardedRoute(deps: RouteDeps, { scope, maxBodyBytes, methods, toBody }: GuardedRoute): Route {
  const guard =
    (handler: Handler): Handler<Visit> =>
    async (visit) => {
      const principal = await authenticateRequest(deps, visit.req, visit.id);
      if (scope && !isGranted(principal.scopes, scope))
        throw refuse(403, `missing scope: ${scope}`, { code: 'missing_scope' });
      checkContentLength(visit.req, maxBodyBytes);
      await handler({ ...visit, principal });
    };
  const guarded = Object.entries(methods).map(([method, handler]) => [method, guard(handler)]);
  return toEventHandler(Object.fromEntries(guarded), { deps, toBody });
}

/** A route for everybody, asked too often to be worth a line of the log each time. */
export function openRoute(deps: RouteDeps, methods: Methods<Visit>): Route {
  return toEventHandler(methods, { deps, quiet: true });
}

/** A route whose handlers find out themselves who calls. */
export function ownRoute(
  deps: RouteDeps,
  { methods, toBody }: Pick<GuardedRoute, 'toBody'> & { methods: Methods<Visit> },
): Route {
  return toEventHandler(methods, { deps, toBody });
}

/** A path that nothing answers. `toInstead` knows, of some, what serves in their place. */
export function unknownRoute(deps: RouteDeps, toInstead: Envelope['toInstead']): Route {
  return toEventHandler(undefined, { deps, toInstead });
}

/** Headers that every answer has, whatever was asked. */
export function standingHeaders({ config }: Pick<RouteDeps, 'config'>): Record<string, string> {
  const hsts = config.current().gateway?.http?.securityHeaders?.strictTransportSecurity;
  const isUsable = typeof hsts === 'string' && /^[ -~]+$/.test(hsts) && hsts.trim() !== '';
  return { 'x-content-type-options': 'nosniff', ...(isUsable && { 'strict-transport-security': hsts.trim() }) };
}

/** Sends a JSON answer. */
export function sendJson(res: ServerResponse, body: unknown, status = 200): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  res.end(text);
}

function countHosts({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host')
    .length;
}

const methodOf = (req: IncomingMessage) => req.method as keyof Methods;

interface Envelope {
  deps: RouteDeps;
  /** True when an ordinary answer is not worth a line of the log. */
  quiet?: boolean | undefined;
  toBody?: ((failure: HttpFailure) => unknown) | undefined;
  toInstead?: ((path: string) => string | undefined) | undefined;
}

function toEventHandler(methods: Methods<Visit> | undefined, envelope: Envelope): Route {
  const handler: EventHandler = (event) => {
    const { req, res } = event.runtime?.node ?? {};
    if (!req || !res) throw new Error('these routes need a node:http server');
    const route = (methods && event.context.matchedRoute?.route) ?? 'other';
    const visit = open(req as IncomingMessage, res as ServerResponse, { ...envelope, route });
    void answer(visit, methods, envelope)
      .catch((error) => fail(visit, error, envelope))
      // An error that cannot even be told must end its own connection only.
      .catch(() => visit.res.destroy());
    // The answer goes straight to the node response. For h3 the request stays open: it must neither send nor end it.
    return new Promise<never>(() => {});
  };
  return Object.assign(handler, { methods: Object.keys(methods ?? {}) });
}

function open(req: IncomingMessage, res: ServerResponse, envelope: Envelope & { route: string }): Visit {
  const { deps, quiet = false, route } = envelope;
  const started = performance.now();
  const url = req.url ?? '/';
  const query = url.indexOf('?');
  const visit = { id: requestId(req), req, res, path: query < 0 ? url : url.slice(0, query) };
  res.setHeader('x-request-id', visit.id);
  for (const [name, value] of Object.entries(standingHeaders(deps))) res.setHeader(name, value);
  res.once('close', () => {
    const ms = performance.now() - started;
    const outcome = res.writableFinished ? String(res.statusCode) : `${res.statusCode}, cut off`;
    deps.log[quiet ? 'debug' : 'info'](`${req.method} ${visit.path} ${outcome} ${Math.round(ms)}ms`, {
      requestId: visit.id,
    });
    deps.metrics.answeredRequest({
      route,
      method: req.method ?? '',
      status: res.writableFinished ? res.statusCode : 499,
      ms,
    });
  });
  return visit;
}

async function answer(visit: Visit, methods: Methods<Visit> | undefined, { deps, toInstead }: Envelope): Promise<void> {
  const { req, res, path } = visit;
  const isReadable = tellOrigin(req, res, deps.allowedOrigins);
  if (req.headers.host === undefined && req.httpVersion === '1.1') throw refuse(400, 'the request has no Host header');
  // Node takes the first, what stands before the gateway perhaps the other (RFC 9112, 3.2).
  if (countHosts(req) > 1) throw refuse(400, 'the request has more than one Host header');
  const { expect } = req.headers;
  if (expect !== undefined && !/\b100-continue\b/i.test(expect))
    throw refuse(417, `nothing is known of the expectation "${expect}": leave the Expect header out`);
  if (!methods) throw refuse(404, `there is nothing at ${path}; ${toInstead?.(path) ?? 'the API is under /v1'}`);
  if (isReadable && isPreflight(req)) return answerPreflight(req, res, Object.keys(methods));
  const handler = Object.hasOwn(methods, methodOf(req)) ? methods[methodOf(req)] : undefined;
  if (handler) return await handler(visit);
  const allow = Object.keys(methods).join(', ');
  throw refuse(405, `${req.method} is not answered at ${path}; use ${allow}`, { headers: { allow } });
}

function fail({ id, req, res, path }: Visit, error: unknown, { deps: { log }, toBody = toErrorBody }: Envelope): void {
  const failure = redactAnswer(toHttpFailure(error, id), log.redact);
  if (!findGatewayError(error))
    log.error(`${path} failed`, { requestId: id, error: String((error as Error)?.stack ?? error) });
  else if (!res.destroyed) {
    const { status, type, code, message } = failure;
    log.warn(`${req.method} ${path} refused: ${message}`, { requestId: id, status, type, code });
  }
  if (res.destroyed || res.writableEnded) return;
  // A handler that has begun to answer cannot take it back: better no end than a normal one.
  if (res.headersSent) res.destroy();
  else {
    for (const [name, value] of Object.entries(failure.headers ?? {})) res.setHeader(name, value);
    forgoBody(req, res);
    sendJson(res, toBody(failure), failure.status);
  }
}

/** The caller's own id when it has one that fits in a header and a log. */
function requestId(req: IncomingMessage): string {
  const given = req.headers['x-request-id'];
  if (typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given)) return given;
  return `req_${randomUUID().replaceAll('-', '')}`;
}
