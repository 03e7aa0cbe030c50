import type { IncomingMessage, ServerResponse } from 'node:http';
import { H3, toNodeHandler } from 'h3';
import { defaultLimits, type HttpDeps } from './deps.ts';
import { mountOpenAi } from './openai/routes.ts';
import { mountProbes } from './probes.ts';
import { unknownRoute } from './route.ts';
import { mountRpc } from './rpc.ts';
import { mountTools } from './tools.ts';

/** The HTTP side of the gateway. */
export interface HttpApp {
  app: H3;
  /** For `node:http`. Never throws; answers every request. */
  listener(req: IncomingMessage, res: ServerResponse): void;
}

/** Puts all routes together (docs/openai-api.md). It holds nothing open by itself, so there is nothing to close. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const limits = { ...defaultLimits, ...deps.limits };
  const body = { maxBytes: limits.maxBodyBytes, idleMs: limits.bodyIdleMs };
  const app = new H3({ allowMalformedURL: true });
  mountProbes(app, deps);
  mountOpenAi(app, deps, limits);
  mountTools(app, deps, limits);
  mountRpc(app, deps, body);
  app.all('/**', unknownRoute(deps.log));
  const handle = toNodeHandler(app);
  return { app, listener: (req, res) => void handle(req, res) };
}
