import type { H3 } from 'h3';
import { authenticateReader } from './auth.ts';
import type { Described } from './openapi/document.ts';
import { openRoute, type RouteDeps, type Visit } from './route.ts';

export interface OpenApiDeps extends RouteDeps {
  /** Of the gateway. */
  version: string;
  hooks: { settings(): { path: string } | undefined };
}

/** GET /openapi.json: the OpenAPI document of every route, on this machine or for who has the bearer. */
export function mountOpenApi(app: H3, deps: OpenApiDeps): void {
  let known: { hooksPath: string | undefined; text: Promise<string> } | undefined;
  const GET = async ({ req, res, id }: Visit): Promise<void> => {
    await authenticateReader(deps, req, id);
    const hooksPath = deps.hooks.settings()?.path;
    if (known?.hooksPath !== hooksPath || !known)
      known = { hooksPath, text: writeDocument({ version: deps.version, hooksPath }) };
    const body = await known.text;
    res.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    res.end(body);
  };
  app.all('/openapi.json', openRoute(deps, { GET }));
}

/** Made when it is first asked for: a start has no time for it. */
async function writeDocument(described: Described): Promise<string> {
  const { openApiDocument } = await import('./openapi/document.ts');
  return JSON.stringify(openApiDocument(described));
}
