import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  createGuardedFetch,
  type Fetched,
  type FetchOptions,
  type Resolving,
} from '../../server/media/guarded-fetch.ts';

/** A server on loopback that stands for one on the internet: only tests hand over who may be asked. */
export async function openRemote(listener: RequestListener) {
  const sockets = new Set<Socket>();
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    requests.push(req);
    res.on('error', () => undefined);
    listener(req, res);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://files.example:${port}`,
    requests,
    sockets,
    /** Resolves when nobody is connected any more. */
    async isLeft() {
      for (const socket of sockets) await new Promise((resolve) => socket.once('close', resolve));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Names that all lead to loopback, which is allowed for once. */
export const toLoopback: Resolving = {
  lookUp: async () => [{ address: '127.0.0.1', family: 4 }],
  isAllowed: (address) => address === '127.0.0.1',
};

export const usual: FetchOptions = { maxBytes: 100_000, maxRedirects: 3, timeoutMs: 5000, accept: ['image/png'] };

/** Fetches, and answers what is refused as `kind: message`. */
export function fetchRemote(url: string, options: Partial<FetchOptions> = {}, resolving: Resolving = toLoopback) {
  const fetch = createGuardedFetch(resolving);
  return fetch(url, { ...usual, ...options }, new AbortController().signal).then(
    (fetched): Partial<Fetched> & { refused?: string } => fetched,
    (error): Partial<Fetched> & { refused?: string } => ({ refused: `${error.kind}: ${error.message}` }),
  );
}
