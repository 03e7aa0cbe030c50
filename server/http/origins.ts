import type { IncomingMessage, ServerResponse } from 'node:http';

/*
 * Pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol). Without `gateway.controlUi.allowedOrigins` there
 * is no trace of all this in any answer. Cookies are of no use here, so nothing is said of credentials.
 */

/** Headers of answers that a page may read besides the harmless ones. */
const exposed = [
  'x-request-id',
  'x-openclaw-session-key',
  'x-openclaw-model',
  'retry-after',
  'www-authenticate',
  'allow',
].join(', ');

/** Seconds that a browser may remember the answer to its question. */
const maxAgeSeconds = 600;

/** Writes into an answer whether the page that asks may read it. @returns true when it may. */
export function tellOrigin(req: IncomingMessage, res: ServerResponse, allowedOrigins: readonly string[]): boolean {
  if (allowedOrigins.length === 0) return false;
  res.appendHeader('vary', 'Origin');
  const { origin } = req.headers;
  if (origin === undefined || !isAllowed(origin, allowedOrigins)) return false;
  res.setHeader('access-control-allow-origin', origin);
  res.setHeader('access-control-expose-headers', exposed);
  return true;
}

/** True for the question of a browser whether it may send a request. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Answers a browser's question for a page that may ask. */
export function answerPreflight(req: IncomingMessage, res: ServerResponse, methods: readonly string[]): void {
  const wanted = String(req.headers['access-control-request-headers'] ?? '').toLowerCase();
  // Any header may be sent: what a client adds of its own is ignored here as anywhere else.
  const names = wanted.split(',').map((name) => name.trim());
  const allowed = names.filter((name) => /^[!#$%&'*+.^_`|~\da-z-]+$/.test(name));
  res.appendHeader('vary', 'Access-Control-Request-Headers');
  res.writeHead(204, {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': allowed.length > 0 ? allowed.join(', ') : 'authorization, content-type',
    'access-control-max-age': String(maxAgeSeconds),
  });
  res.end();
}

// --- internal ---

function isAllowed(origin: string, allowedOrigins: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const own = new URL(origin).origin;
  // `null` is what files and sandboxed frames send, of whomever.
  if (own === 'null' || own !== origin.toLowerCase()) return false;
  return allowedOrigins.some(
    (allowed) => allowed === '*' || (URL.canParse(allowed) && new URL(allowed).origin === own),
  );
}
