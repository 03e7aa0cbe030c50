import type { H3 } from 'h3';
import { authenticateReader } from './auth.ts';
import { openRoute, type RouteDeps, type Visit } from './route.ts';

export interface OpenApiDeps extends RouteDeps {
  /** Of the gateway. */
  version: string;
}

/** GET /openapi.json: the OpenAPI document of every route, on this machine or for who has the bearer. */
export function mountOpenApi(app: H3, deps: OpenApiDeps): void {
  let text: Promise<string> | undefined;
  const GET = async ({ req, res, id }: Visit): Promise<void> => {
    await authenticateReader(deps, req, id);
    text ??= writeDocument(deps.version);
    const body = await text;
    res.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
    });
    res.end(body);
  };
  app.all('/openapi.json', openRoute(deps, { GET }));
}

/** Made when it is first asked for: a start has no time for it. */
async function writeDocument(version: string): Promise<string> {
  const { openApiDocument } = await import('./openapi/document.ts');
  return JSON.stringify(openApiDocument(version));
}
