import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { H3, toNodeHandler } from 'h3';
import { defaultLimits, type HttpDeps } from './deps.ts';
import { hooksOr } from './hooks.ts';
import { answerMalformed } from './malformed.ts';
import { mountMetrics } from './metrics.ts';
import { insteadOf } from './openai/not-offered.ts';
import { mountOpenAi } from './openai/routes.ts';
import { mountOpenApi } from './openapi.ts';
import { mountProbes } from './probes.ts';
import { standingHeaders, unknownRoute } from './route.ts';
import { mountRpc } from './rpc.ts';
import { mountTools } from './tools.ts';
import { awaitInvitation } from './unread-body.ts';

/** The HTTP side of the gateway. */
export interface HttpApp {
  app: H3;
  /** For `node:http`. Never throws; answers every request. */
  listener(req: IncomingMessage, res: ServerResponse): void;
  /** Takes from a server what it would answer by itself: what is no request, and what clients expect before they go on. */
  attach(server: Server): void;
}

/** Puts all routes together (docs/openai-api.md). It holds nothing open by itself, so there is nothing to close. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const limits = { ...defaultLimits, ...deps.limits };
  const body = { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs };
  const app = new H3({ allowMalformedURL: true });
  mountProbes(app, deps);
  mountMetrics(app, deps);
  mountOpenAi(app, deps, limits);
  mountTools(app, deps, limits);
  mountOpenApi(app, deps);
  mountRpc(app, deps, body);
  app.all('/**', hooksOr(unknownRoute(deps, insteadOf), deps, limits));
  const handle = toNodeHandler(app);
  const answers = new WeakMap<Duplex, ServerResponse>();
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    // The connection has been closed for an earlier request; what was sent behind that is nobody's business.
    if (!req.socket.writable) return void req.socket.destroy();
    answers.set(req.socket, res);
    void handle(req, res);
  };

  return {
    app,
    listener,
    attach(server) {
      // Answered by the routes, in JSON.
      Object.assign(server, { requireHostHeader: false });
      answerMalformed(server, {
        log: deps.log,
        answering: (socket) => answers.get(socket),
        headers: () => standingHeaders(deps),
      });
      server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
        awaitInvitation(req, res);
        listener(req, res);
      });
      server.on('checkExpectation', listener);
    },
  };
}
