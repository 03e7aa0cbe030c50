import type { EventHandler, H3 } from 'h3';
import { isTrusted } from './auth.ts';
import type { Probes } from './deps.ts';
import { openRoute, type RouteDeps, sendJson, type Visit } from './route.ts';

export interface ProbeDeps extends RouteDeps {
  probes: Probes;
}

interface Reading {
  ok: boolean;
  body: object;
}

/** Live as soon as HTTP answers; ready when nothing fails; started once start-up is over. */
export function mountProbes(app: H3, deps: ProbeDeps): void {
  const probe = (read: (visit: Visit) => Reading | Promise<Reading>): EventHandler => {
    const handler = async (visit: Visit): Promise<void> => {
      const { ok, body } = await read(visit);
      visit.res.setHeader('cache-control', 'no-store');
      sendJson(visit.res, body, ok ? 200 : 503);
    };
    return openRoute(deps, { GET: handler, HEAD: handler });
  };
  const live = probe(() => ({ ok: true, body: { ok: true, status: 'live' } }));
  const ready = probe(async ({ req, id }) => readiness(deps.probes, await isTrusted(deps, req, id)));
  const started = probe(() => {
    const status = deps.probes.phase();
    return { ok: status === 'started', body: { ok: status === 'started', status } };
  });
  for (const path of ['/healthz', '/health']) app.all(path, live);
  for (const path of ['/readyz', '/ready']) app.all(path, ready);
  for (const path of ['/startupz', '/startup']) app.all(path, started);
}

/** Strangers learn whether the gateway is ready, not why not. */
function readiness(probes: Probes, detailed: boolean): Reading {
  const phase = probes.phase();
  const failing = phase === 'started' ? probes.failing() : [phase, ...probes.failing()];
  const ready = failing.length === 0;
  return { ok: ready, body: detailed ? { ready, failing, uptimeMs: Date.now() - probes.startedAt } : { ready } };
}
