import type { IncomingMessage } from 'node:http';
import { type Attempts, limitAttempts } from '../auth/attempts.ts';
import { type Caller, toCaller } from '../auth/caller.ts';
import { AgentBody, WakeBody } from '../hooks/action.ts';
import type { Replayed } from '../hooks/answers.ts';
import type { HookRequest } from '../hooks/hooks.ts';
import type { HookMapping, HookSettings } from '../hooks/settings.ts';
import { toBearer } from './auth.ts';
import { checkBody, checkContentLength, readRaw } from './body.ts';
import { whileCallerWaits } from './caller-gone.ts';
import type { HttpDeps, HttpLimits } from './deps.ts';
import { type HttpFailure, refuse, retryAfter } from './failure.ts';
import { toHeaders, toPayload } from './hooks-body.ts';
import { decodePath } from './path.ts';
import { ownRoute, type Route, sendJson, type Visit } from './route.ts';

/*
 * One request below `hooks.path`:
 *
 *   no token in the query (400) -> token (401, 429) -> length (413) -> body (400, 408, 413)
 *        -> wake | agent | the first mapping that fits (404) -> accepted, on disk -> answer
 *
 * Where a mapping with a signature may be meant, the body comes first: the signature is over it.
 */

/** Bytes of a body. */
const maxBodyBytes = 256 * 1024;
const failureLimits = { maxAttempts: 20, windowMs: 60_000, lockoutMs: 60_000, exemptLoopback: false };

/** Answers what lies below `hooks.path` while hooks are on (docs/hooks.md), and leaves the rest to another route. */
export function hooksOr(other: Route, deps: HttpDeps, limits: HttpLimits): Route {
  const attempts = limitAttempts(() => failureLimits);
  const body = { maxBytes: Math.min(maxBodyBytes, limits.maxBodyBytes), idleMs: limits.bodyIdleMs };
  const POST = async (visit: Visit): Promise<void> => {
    const settings = deps.hooks.settings();
    const path = settings && pathBelow(settings, visit.req);
    // They were switched off in between.
    if (!settings || path === undefined) throw refuse(404, `there is nothing at ${visit.path}`);
    await answer({ deps, attempts, body, settings, path, caller: toHookCaller(visit.req, deps.proxies) }, visit);
  };
  const hooks = ownRoute(deps, { methods: { POST }, toBody });
  const handler: Route = Object.assign(
    (...[event]: Parameters<Route>) => {
      const settings = deps.hooks.settings();
      const req = event.runtime?.node?.req as IncomingMessage | undefined;
      return settings && req && pathBelow(settings, req) !== undefined ? hooks(event) : other(event);
    },
    { methods: other.methods },
  );
  return handler;
}

// --- internal ---

interface HookVisit {
  deps: HttpDeps;
  attempts: Attempts;
  body: { maxBytes: number; idleMs: number };
  settings: HookSettings;
  /** Below `hooks.path`, without slashes around it. */
  path: string;
  caller: Caller;
}

/** The path below `hooks.path`, undefined for one that is not below it. */
function pathBelow({ path }: HookSettings, { url = '/' }: IncomingMessage): string | undefined {
  const [asked = ''] = url.split('?', 1);
  if (asked !== path && !asked.startsWith(`${path}/`)) return undefined;
  return decodePath(asked.slice(path.length))?.replace(/^\/+|\/+$/g, '');
}

/** Failures are counted by address alone: whoever guesses could name another origin each time. */
function toHookCaller(req: IncomingMessage, proxies: HttpDeps['proxies']): Caller {
  return { ...toCaller(req, proxies), origin: undefined };
}

async function answer(hook: HookVisit, visit: Visit): Promise<void> {
  const { deps, settings, path, body } = hook;
  const { req, res } = visit;
  const url = new URL(req.url ?? '/', 'http://gateway');
  refuseTokenInQuery(url);
  const headers = toHeaders(req);
  const expected = deps.hooks.expectsSignature(settings, path, headers);
  const isSender = hasToken(hook, req);
  if (!isSender && !(expected.may && expected.is)) throw refuseSender(hook, req);
  if (isSender) hook.attempts.succeeded(hook.caller);
  if (path === '') throw refuse(404, `name a hook: ${settings.path}/wake, ${settings.path}/agent, or one of your own`);
  checkContentLength(req, body.maxBytes);
  const bytes = await readRaw(req, body);
  const request = { settings, requestId: visit.id, key: undefined as string | undefined };
  if (path === 'wake' || path === 'agent') {
    if (!isSender) throw refuseSender(hook, req);
    const payload = toPayload(bytes, req.headers['content-type']);
    const answered = await (path === 'wake' ? wake : run)(hook, visit, {
      ...request,
      key: toKey(req, payload),
      payload,
    });
    return send(visit, answered);
  }
  const payload = readable(() => toPayload(bytes, req.headers['content-type']));
  const mapping = deps.hooks.find(settings, { path, payload: payload.value });
  const deliveries =
    mapping?.signature && requireSignature(hook, mapping, { headers, body: bytes, payload: payload.value });
  if (!deliveries && !isSender) throw refuseSender(hook, req);
  if (!mapping) throw refuse(404, `no mapping of hooks.mappings fits ${visit.path} and this payload`);
  if (payload.error) throw payload.error;
  const greeting = mapping.signature && toGreeting(mapping, headers, payload.value);
  if (greeting) return sendJson(res, greeting);
  const query = Object.fromEntries(url.searchParams);
  const input = { payload: payload.value, headers, query, path, now: Date.now() };
  const key = toKey(req, payload.value);
  send(visit, await deps.hooks.map(mapping, input, { ...request, key, url, deliveries }));
}

type DirectRequest = HookRequest & { payload: unknown };

function wake({ deps }: HookVisit, _: Visit, { payload, ...request }: DirectRequest): Promise<Replayed> {
  return deps.hooks.wake(checkBody(payload, WakeBody), request);
}

async function run({ deps }: HookVisit, { res }: Visit, { payload, ...request }: DirectRequest): Promise<Replayed> {
  const body = checkBody(payload, AgentBody);
  refuseDestination(body);
  const answered = await deps.hooks.run(body, request);
  const runId = answered.body?.runId;
  if (!body.waitForCompletion || typeof runId !== 'string') return answered;
  const completion = await whileCallerWaits(res, (signal) => deps.hooks.completion(runId, signal));
  return { ...answered, body: { ...answered.body, completion } };
}

function send({ res }: Visit, { status, body }: Replayed): void {
  if (res.destroyed) return;
  if (body) sendJson(res, body, status);
  else res.writeHead(status).end();
}

/** What could be read of a body, or why not: a sender that is not known is told of itself first. */
function readable(read: () => unknown): { value: unknown; error?: unknown } {
  try {
    return { value: read() };
  } catch (error) {
    // Thrown once the sender is known.
    return { value: undefined, error };
  }
}

function refuseTokenInQuery(url: URL): void {
  if (!url.searchParams.has('token')) return;
  throw refuse(
    400,
    'a token in the address ends up in logs and histories: send it in the header "Authorization: Bearer <token>"',
    { param: 'token' },
  );
}

/** The bearer when there is one, else the header of our own. */
function hasToken({ deps, settings }: HookVisit, { headers }: IncomingMessage): boolean {
  const presented = toBearer(headers) ?? headers['x-openclaw-token'];
  return typeof presented === 'string' && deps.hooks.isToken(settings, presented.trim());
}

function refuseSender({ attempts, caller, settings }: HookVisit, { headers }: IncomingMessage) {
  const isMissing = headers.authorization === undefined && headers['x-openclaw-token'] === undefined;
  const fault =
    settings.token === undefined
      ? 'hooks.token is not available (SECRET_SURFACE_UNAVAILABLE); the log of the gateway says why'
      : undefined;
  const what = isMissing ? 'this hook needs its token' : 'the token is not the one of hooks.token';
  return countFailure({ attempts, caller }, fault ?? `${what}: send "Authorization: Bearer <hooks.token>"`);
}

/** What a repetition has in common with the first. @throws GatewayError that leaves as 401 or 429. */
function requireSignature(
  hook: HookVisit,
  mapping: HookMapping,
  request: Parameters<HttpDeps['hooks']['check']>[1],
): string[] {
  const { deliveries, fault } = hook.deps.hooks.check(mapping, request);
  if (deliveries === undefined) throw countFailure(hook, fault);
  hook.attempts.succeeded(hook.caller);
  return deliveries;
}

/** Notes a failure. Once there are too many, what is right is still let in: others may come from the same address. */
function countFailure({ attempts, caller }: Pick<HookVisit, 'attempts' | 'caller'>, message: string) {
  const lockedMs = attempts.lockedForMs(caller);
  if (lockedMs > 0)
    return refuse(429, 'too many requests without a right token or signature came from this address', {
      code: 'rate_limit_exceeded',
      headers: retryAfter(lockedMs),
    });
  attempts.failed(caller);
  return refuse(401, message, { headers: { 'www-authenticate': 'Bearer' } });
}

/** What a sender asks while it is being set up, and wants answered without more. */
function toGreeting({ signature }: HookMapping, headers: Record<string, string>, payload: unknown): object | undefined {
  const { type, challenge } = (payload ?? {}) as { type?: unknown; challenge?: unknown };
  if (signature?.scheme === 'slack' && type === 'url_verification' && typeof challenge === 'string')
    return { challenge };
  return signature?.scheme === 'github' && headers['x-github-event'] === 'ping' ? { ok: true } : undefined;
}

const maxKeyChars = 256;

/** The idempotency key: of the headers, else of the body. What is no plain text of up to 256 characters is none. */
function toKey({ headers }: IncomingMessage, payload: unknown): string | undefined {
  const { idempotencyKey } = (payload ?? {}) as { idempotencyKey?: unknown };
  const given = [headers['idempotency-key'], headers['x-openclaw-idempotency-key'], idempotencyKey];
  return given
    .map((one) => (typeof one === 'string' ? one.trim() : ''))
    .find((one) => one !== '' && one.length <= maxKeyChars && one.isWellFormed());
}

function refuseDestination({ deliver, channel, to, accountId }: (typeof AgentBody)['_output']): void {
  const [asked] = Object.entries({ channel, to, accountId }).find(([, value]) => value !== undefined) ?? [];
  if (deliver === false || asked === undefined) return;
  const message =
    `${asked}: this version has no channels to deliver to. Leave channel, to and accountId out: ` +
    'the main session of the agent is told the result';
  throw refuse(400, message, { param: asked, code: 'unsupported_parameter' });
}

function toBody({ message }: HttpFailure): { ok: false; error: string } {
  return { ok: false, error: message };
}
