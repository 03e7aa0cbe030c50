import type { H3 } from 'h3';
import { authenticateReader } from './auth.ts';
import type { ExposedMetrics } from './deps.ts';
import { refuse } from './failure.ts';
import { openRoute, type RouteDeps, type Visit } from './route.ts';

export interface MetricsDeps extends RouteDeps {
  metrics: ExposedMetrics;
}

/** GET /metrics for Prometheus: for programs on this machine, and with the bearer for others (docs/metrics.md). */
export function mountMetrics(app: H3, deps: MetricsDeps): void {
  const handler = async ({ req, res, id, path }: Visit): Promise<void> => {
    await authenticateReader(deps, req, id);
    if (deps.config.current().diagnostics?.enabled === false)
      throw refuse(404, `${path} is switched off: set diagnostics.enabled to true`);
    const { contentType, text } = await deps.metrics.expose();
    res.writeHead(200, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    });
    res.end(text);
  };
  app.all('/metrics', openRoute(deps, { GET: handler, HEAD: handler }));
}
