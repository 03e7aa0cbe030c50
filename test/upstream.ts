import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that reached the upstream. */
export interface UpstreamRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: each provider has its own body, and tests look into all of them
  body: any;
  /** Resolves when the caller has hung up before the answer was complete. */
  hungUp: Promise<void>;
}

/** Answers one request; may take its time. */
export type Respond = (request: UpstreamRequest, res: ServerResponse) => void | Promise<void>;

/**
 * A local server that speaks a provider's API as the test says, and remembers what it was asked. Answers the n-th request
 * with the n-th script, and the last one for all others. test/failing.ts has a script for each way in which providers fail.
 */
export async function startUpstream(...initial: Respond[]) {
  const requests: UpstreamRequest[] = [];
  const waiting: (() => void)[] = [];
  let scripts = initial;
  let answered = 0;
  let connections = 0;
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { promise: hungUp, resolve } = Promise.withResolvers<void>();
    res.on('close', () => !res.writableFinished && resolve());
    const { method = '', url = '', headers } = req;
    const request = { method, url, headers, body: text ? JSON.parse(text) : undefined, hungUp };
    requests.push(request);
    for (const wake of waiting.splice(0)) wake();
    await (scripts[answered++] ?? scripts.at(-1))?.(request, res);
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** Resolves with the request of that place, from 0, also when it is still to come. */
    async request(at: number): Promise<UpstreamRequest> {
      while (!requests[at]) await new Promise<void>((resolve) => waiting.push(resolve));
      return requests[at];
    },
    /** TCP connections so far. */
    connections: () => connections,
    /** Closes the connections that wait for a request, as servers do after a while. */
    closeIdle: () => server.closeIdleConnections(),
    /** Answers differently from now on. */
    answer(...next: Respond[]) {
      scripts = next;
      answered = 0;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type TestUpstream = Awaited<ReturnType<typeof startUpstream>>;

/** Begins a stream of server-sent events. */
export function openStream(res: ServerResponse): (data: unknown) => void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  return (data) => void res.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
}

/** A chunk of OpenAI's chat completions. */
export const chunk = (delta: object, more: object = {}) => ({
  id: 'up-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'up',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
});

const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };

/** Streams a reply in these pieces, as OpenAI's chat completions do. */
export const reply =
  (...texts: string[]): Respond =>
  (_request, res) => {
    const send = openStream(res);
    for (const content of texts) send(chunk({ content }));
    send(chunk({}, { finish_reason: 'stop' }));
    send({ ...chunk({}), choices: [], usage });
    send('[DONE]');
    res.end();
  };

/** Streams calls of tools. */
export const replyWithCalls =
  (...calls: { id: string; name: string; args: object }[]): Respond =>
  (_request, res) => {
    const send = openStream(res);
    calls.forEach(({ id, name, args }, index) => {
      send(chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }));
      send(chunk({ tool_calls: [{ index, function: { arguments: JSON.stringify(args) } }] }));
    });
    send(chunk({}, { finish_reason: 'tool_calls' }));
    send({ ...chunk({}), choices: [], usage });
    send('[DONE]');
    res.end();
  };

/** Refuses with a status, as OpenAI does. */
export const refuse = (status: number, message: string, code: string | null = null): Respond =>
  json(status, { error: { message, type: 'error', code, param: null } });

/** Begins to stream, then does what the test says: stall, die, or wait to be let go on. */
export const begin =
  (first: string, then: (send: (data: unknown) => void, res: ServerResponse) => void | Promise<void>): Respond =>
  async (_request, res) => {
    const send = openStream(res);
    send(chunk({ content: first }));
    await then(send, res);
  };

/** Answers with JSON. */
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Respond =>
  (_request, res) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(JSON.stringify(body));
  };

/** Answers with these pieces of a stream, each written on its own, and ends. */
export const pieces =
  (type: string, list: readonly (string | Uint8Array)[]): Respond =>
  async (_request, res) => {
    res.writeHead(200, { 'content-type': type });
    for (const piece of list) {
      res.write(piece);
      await new Promise(setImmediate);
    }
    res.end();
  };

/** Answers with these pieces and then stays silent. */
export const stall =
  (type: string, list: readonly string[]): Respond =>
  (_request, res) => {
    res.writeHead(200, { 'content-type': type });
    res.flushHeaders();
    for (const piece of list) res.write(piece);
  };

/** Answers with these pieces and then destroys the socket. */
export const die =
  (type: string, list: readonly (string | Uint8Array)[]): Respond =>
  (_request, res) => {
    res.writeHead(200, { 'content-type': type });
    const all = Buffer.concat(list.map((piece) => Buffer.from(piece)));
    res.write(all, () => setImmediate(() => res.socket?.destroy()));
  };
