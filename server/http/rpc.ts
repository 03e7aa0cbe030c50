import type { IncomingMessage, ServerResponse } from 'node:http';
import { TRPCError } from '@trpc/server';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { H3 } from 'h3';
import { contract } from '../../sdk/protocol/contract.ts';
import { errorCodes, findGatewayError, GatewayError } from '../../sdk/protocol/errors.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import type { Principal } from '../../sdk/protocol/scopes.ts';
import { type Caller, toCaller } from '../auth/caller.ts';
import { redactError } from '../log/redact-answer.ts';
import { type BodyLimits, readText } from './body.ts';
import type { ExposedMetrics } from './deps.ts';
import { type HttpFailure, refuse } from './failure.ts';
import { decodePath } from './path.ts';
import { type Call, guardedRoute, type RouteDeps } from './route.ts';

export interface RpcDeps extends RouteDeps {
  callContext(principal: Principal, caller: Caller): CallContext;
  metrics: ExposedMetrics;
}

const mountPath = '/rpc/';
/** Of what an error says. */
const maxLoggedChars = 500;

/**
 * The whole contract over tRPC's HTTP adapter: queries by GET, mutations by POST, subscriptions as server-sent events.
 * Every method checks its own scope; errors have tRPC's shape, with ours under `data.gateway`.
 */
export function mountRpc(app: H3, deps: RpcDeps, body: BodyLimits): void {
  const call = (visit: Call) => serveCall(deps, visit, body);
  const methods = { GET: call, POST: call };
  app.all(`${mountPath}**`, guardedRoute(deps, { scope: null, maxBodyBytes: body.maxBytes, methods, toBody }));
}

async function serveCall(deps: RpcDeps, { id, req, res, path, principal }: Call, body: BodyLimits): Promise<void> {
  const procedure = decodePath(path.slice(mountPath.length));
  // tRPC repeats a name that it does not know, and a secret got into it.
  const isSecret = procedure !== undefined && deps.log.redact(procedure) !== procedure;
  if (procedure === undefined || isSecret) throw refuse(404, `there is no method at ${path}`);
  requireJson(req);
  const replaceUnknown = (error: unknown) => {
    deps.log.error(`${path} failed`, { requestId: id, error: String((error as Error)?.stack ?? error) });
    return new GatewayError('INTERNAL', `internal error; the gateway's log has it as ${id}`);
  };
  const counted = countCalls(deps.metrics);
  const context = toHttpContext(
    counted.count(deps.callContext(principal, toCaller(req, deps.proxies)), replaceUnknown),
  );
  const request = req.method === 'POST' ? Object.assign(req, { body: await readText(req, body) }) : req;
  keepVary(res);
  await nodeHTTPRequestHandler({
    router: contract,
    path: procedure,
    req: request,
    res,
    createContext: () => context,
    onError({ error, path: method = procedure }) {
      redactError(error, deps.log.redact);
      counted.refused(method, error);
      const { code, message, stack } = error;
      if (code !== 'INTERNAL_SERVER_ERROR')
        deps.log.warn(`request refused: ${message.slice(0, maxLoggedChars)}`, { requestId: id, method, code });
      // One of ours has been logged where it was made.
      else if (!findGatewayError(error)) deps.log.error(`${path} failed`, { requestId: id, error: stack });
    },
  });
}

/** tRPC sets its own `Vary`; what an answer depends on besides has to stay in it. */
function keepVary(res: ServerResponse): void {
  const before = res.getHeader('vary');
  if (before === undefined) return;
  const set = res.setHeader.bind(res);
  res.setHeader = (name, value) => set(name, name.toLowerCase() === 'vary' ? [before, value].flat().join(', ') : value);
}

/** tRPC itself refuses other bodies with a line of plain text. */
function requireJson({ method, headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? 'none';
  if (method !== 'POST' || /^application\/json\b/i.test(type)) return;
  throw refuse(415, `the content type is ${type.slice(0, 100)}: send application/json`);
}

/** tRPC takes its HTTP status from the error, so the gateway's own errors are translated on their way out. */
function toHttpContext(context: CallContext): CallContext {
  return {
    ...context,
    handle: async (path, input, call) => {
      try {
        return await context.handle(path, input, call);
      } catch (error) {
        const known = error as GatewayError;
        const status = errorCodes[known.code as keyof typeof errorCodes] ?? 500;
        throw new TRPCError({ code: toTrpcCode(status), message: known.message, cause: known });
      }
    },
  };
}

/** Counts what the methods of one request come to: those that are called, and those that are refused before. */
function countCalls({ answeredCall }: ExposedMetrics) {
  const counted = new WeakSet<GatewayError>();
  return {
    /** Every error that leaves the result's `handle` is one of ours. */
    count: (context: CallContext, replaceUnknown: (error: unknown) => GatewayError): CallContext => ({
      ...context,
      handle: async (method, input, call) => {
        const startedAt = performance.now();
        const tell = (outcome: string) =>
          answeredCall({ transport: 'rpc', method, outcome, ms: performance.now() - startedAt });
        try {
          const answer = await context.handle(method, input, call);
          tell('ok');
          return answer;
        } catch (error) {
          const known = findGatewayError(error) ?? replaceUnknown(error);
          counted.add(known);
          tell(known.code);
          throw known;
        }
      },
    }),
    refused(method: string, error: TRPCError) {
      const known = findGatewayError(error);
      if (known && counted.has(known)) return;
      answeredCall({ transport: 'rpc', method, outcome: known?.code ?? 'INVALID_REQUEST' });
    },
  };
}

type TrpcCode = keyof typeof TRPC_ERROR_CODES_BY_KEY;

const trpcCodes: Record<number, TrpcCode> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  499: 'CLIENT_CLOSED_REQUEST',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
};

const toTrpcCode = (status: number): TrpcCode => trpcCodes[status] ?? 'INTERNAL_SERVER_ERROR';

function toBody({ status, message }: HttpFailure): unknown {
  const code = toTrpcCode(status);
  return { error: { message, code: TRPC_ERROR_CODES_BY_KEY[code], data: { code, httpStatus: status } } };
}
