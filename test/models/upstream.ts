import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the upstream saw it. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
  /** Resolves when its connection is gone before the answer was complete. */
  cut: Promise<void>;
}

export interface TestUpstream extends AsyncDisposable {
  origin: string;
  seen: Seen[];
  /** Resolves with the request of that place, also when it is still to come. */
  request(at: number): Promise<Seen>;
  /** TCP connections so far. */
  connections(): number;
}

export type Script = (answer: ServerResponse, seen: Seen) => void;

/** A provider's server on a free port of this machine. Answers the n-th request with the n-th script, the last one for all others. */
export async function startUpstream(...scripts: Script[]): Promise<TestUpstream> {
  const seen: Seen[] = [];
  const waiting: (() => void)[] = [];
  let connections = 0;
  const server = createServer(async (request, answer) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const text = Buffer.concat(pieces).toString('utf8');
    const cut = new Promise<void>((resolve) => {
      answer.once('close', () => answer.writableFinished || resolve());
    });
    const { method = '', url = '', headers } = request;
    const one: Seen = { method, url, headers, body: text ? JSON.parse(text) : {}, cut };
    seen.push(one);
    for (const wake of waiting.splice(0)) wake();
    (scripts[seen.length - 1] ?? scripts.at(-1))?.(answer, one);
  });
  server.on('connection', () => {
    connections++;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    async request(at) {
      while (!seen[at]) await new Promise<void>((resolve) => waiting.push(resolve));
      return seen[at];
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Script {
  return (answer) => {
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(JSON.stringify(body));
  };
}

/** Answers with these pieces of a stream, each written on its own, and ends. */
export function pieces(type: string, list: readonly string[]): Script {
  return async (answer) => {
    answer.writeHead(200, { 'content-type': type });
    for (const piece of list) {
      answer.write(piece);
      await new Promise(setImmediate);
    }
    answer.end();
  };
}

/** Answers with these pieces and then stays silent. */
export function stall(type: string, list: readonly string[]): Script {
  return (answer) => {
    answer.writeHead(200, { 'content-type': type });
    answer.flushHeaders();
    for (const piece of list) answer.write(piece);
  };
}

/** Answers with these pieces and then destroys the socket. */
export function die(type: string, list: readonly string[]): Script {
  return (answer) => {
    answer.writeHead(200, { 'content-type': type });
    answer.write(list.join(''), () => setImmediate(() => answer.socket?.destroy()));
  };
}
