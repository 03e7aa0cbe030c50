import type { Readable } from 'node:stream';
import type { Dispatcher, Pool } from 'undici';
import { isPlainObject } from '../config/key-path.ts';
import type { ProviderConfig } from '../config/provider-config.ts';
import { type Callee, webPage } from './failure.ts';
import type { ModelProvider, ModelRequest } from './provider.ts';
import { pastStaleSocket } from './stale-socket.ts';
import { defaultFirstMs, defaultIdleMs } from './timeouts.ts';

/** What every kind of provider is made of. */
export interface ProviderOptions {
  /** Name in references and messages. */
  id: string;
  /** Address that the API's paths are appended to. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** Where the key is set, for messages. Default `models.providers.<id>.apiKey`. */
  keyName?: string | undefined;
  /** Sent with every request; these win over our own. */
  headers?: Record<string, string> | undefined;
  /** True sends the key as `Authorization: Bearer`, whatever the API's own header is. */
  authHeader?: boolean | undefined;
  /** What is known of single models. */
  models?: ProviderConfig['models'];
  /** Milliseconds of silence that somebody configured. */
  idleMs?: number | undefined;
  /** True for servers that load a model before their first word. */
  startsSlowly?: boolean | undefined;
  /** Told of the headers of every answer; finds one by its name in lower case. */
  onHeaders?: ((header: (name: string) => string | null | undefined) => void) | undefined;
  /** Sockets that may be open at the same time; further calls wait for one. Default 128. */
  maxConnections?: number | undefined;
}

/** A provider with sockets of its own. `close` cuts what is still running. */
export interface LiveProvider extends ModelProvider {
  close(): Promise<void>;
}

/** An answer whose body has not been read. */
export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>;
  /** Destroying it before its end cuts the connection. */
  body: Readable;
}

type Wire = ModelRequest['wire'];

/** One provider's HTTP server: its address, its connections, its credential. Nothing that is sent here can reach another host. */
export interface Upstream {
  /** POSTs JSON to a path below the base URL. Rejects when there is no answer; any status is an answer. Redirects are not followed. */
  post(path: string, body: unknown, signal: AbortSignal, wire?: Wire): Promise<Answer>;
  /** The same connections and the same credential for code that wants to call `fetch`; `wire` is added to each request. */
  fetchWith(wire?: Wire): typeof globalThis.fetch;
  callee(model: string): Callee;
  /** Milliseconds that a call may take which answers in one piece. */
  patienceMs: number;
  close(): Promise<void>;
}

/** Opens nothing until the first call. `authorization` is the header that carries the key. */
export function createUpstream(options: ProviderOptions, authorization: { name: string; prefix?: string }): Upstream {
  const base = new URL(options.baseUrl);
  const root = `${base.pathname.replace(/\/+$/, '')}`;
  const headers = headersOf(options, options.authHeader ? { name: 'authorization', prefix: 'Bearer ' } : authorization);
  const secrets = secretsOf(options);
  let pool: Promise<{ pool: Pool; fetch: typeof import('undici').fetch }> | undefined;
  const open = () => (pool ??= openPool(base.origin, options.maxConnections ?? 128));
  return {
    async post(path, body, signal, wire) {
      const { pool: client } = await open();
      const request = {
        method: 'POST',
        path: `${root}${path}${base.search}`,
        headers: { 'content-type': 'application/json', ...headers, ...lowerCased(wire?.headers) },
        body: JSON.stringify(wire?.body ? mergeBody(body as Record<string, unknown>, wire.body) : body),
        signal,
      } as const;
      const answer = await pastStaleSocket(() => client.request(request));
      // Destroying a body on purpose makes it emit an error that nobody waits for.
      answer.body.on('error', () => undefined);
      options.onHeaders?.((name) => answer.headers[name]?.toString());
      if (isWebPage(answer.statusCode, answer.headers['content-type'])) {
        answer.body.destroy();
        throw webPageError();
      }
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    },
    fetchWith: (wire) => async (input, init) => {
      const { pool: dispatcher, fetch } = await open();
      const own = new Headers(init?.headers);
      // What a client library believes to be the key stays here; the one that is sent is set in this file only.
      for (const name of credentialHeaders) own.delete(name);
      for (const [name, value] of Object.entries({ ...headers, ...lowerCased(wire?.headers) })) own.set(name, value);
      const body = wire?.body ? JSON.stringify(mergeBody(JSON.parse(String(init?.body)), wire.body)) : init?.body;
      const request = { ...init, body, headers: Object.fromEntries(own), redirect: 'manual', dispatcher };
      const answer = await pastStaleSocket(() => fetch(String(input), request as RequestWithDispatcher));
      options.onHeaders?.((name) => answer.headers.get(name));
      if (isWebPage(answer.status, answer.headers.get('content-type'))) {
        await answer.body?.cancel();
        throw webPageError();
      }
      return bounded(answer as unknown as Response);
    },
    callee: (model) => ({
      provider: options.id,
      model,
      url: options.baseUrl,
      keyName: options.keyName ?? `models.providers.${options.id}.apiKey`,
      secrets,
    }),
    patienceMs: options.idleMs ?? (options.startsSlowly ? defaultIdleMs : defaultFirstMs),
    async close() {
      await (await pool)?.pool.destroy();
    },
  };
}

/** Bytes of one answer that client libraries read, which have no limit of their own. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** The same answer, whose body fails when it does not end. */
function bounded(answer: Response): Response {
  if (!answer.body) return answer;
  let taken = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, out) {
      taken += piece.byteLength;
      if (taken > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`);
      out.enqueue(piece);
    },
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body.pipeThrough(limit), { status, statusText, headers });
}

/** Reads a body as text, at most `limit` characters of it. */
export async function readText(body: Readable, limit: number): Promise<string> {
  body.setEncoding('utf8');
  let text = '';
  for await (const piece of body) {
    text += piece;
    if (text.length >= limit) break;
  }
  return text.slice(0, limit);
}

/** Members of members are merged, so that one option of Ollama's `options` leaves the others alone; null takes one away. */
function mergeBody(body: Record<string, unknown>, more: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...body };
  for (const [name, value] of Object.entries(more)) {
    const own = merged[name];
    if (value === null) delete merged[name];
    else merged[name] = isPlainObject(own) && isPlainObject(value) ? { ...own, ...value } : value;
  }
  return merged;
}

function lowerCased(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

type RequestWithDispatcher = import('undici').RequestInit & { dispatcher: Dispatcher };

const credentialHeaders = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key'];

/** Imported at the first call: the client costs 14 MB and 45 ms that a gateway without provider calls does not need. */
async function openPool(origin: string, connections: number) {
  const { Pool, fetch } = await import('undici');
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 30_000,
    connect: { timeout: 10_000 },
    // The limits on a call are those of timeouts.ts, and no others.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { pool, fetch };
}

/** A page behind a wrong address, which often has a good status and would read as an empty answer. */
function isWebPage(status: number, type: string | string[] | null | undefined): boolean {
  return status < 300 && String(type).startsWith('text/html');
}

function webPageError(): Error {
  return Object.assign(new Error('a web page instead of an answer'), { code: webPage });
}

function headersOf(options: ProviderOptions, authorization: { name: string; prefix?: string }): Record<string, string> {
  const key = options.apiKey?.trim();
  return {
    'user-agent': 'openclaw',
    ...(key && { [authorization.name]: `${authorization.prefix ?? ''}${key}` }),
    ...lowerCased(options.headers),
  };
}

/** The key, and every header that somebody configured: what it is called says little about what it is. */
function secretsOf({ id, apiKey, headers = {}, models = [] }: ProviderOptions): string[] {
  const key = apiKey?.trim();
  const all = [headers, ...models.map((model) => model.headers ?? {})].flatMap((each) => Object.values(each));
  const values = all.map((value) => value.replace(/^(bearer|basic)\s+/i, ''));
  return [...new Set([...(key ? [key] : []), ...values])].filter((secret) => secret !== id);
}
