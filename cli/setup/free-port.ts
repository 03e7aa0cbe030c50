import { createServer } from 'node:net';

/** Ports that are tried after the first one. */
const tries = 20;

/** The first port from `first` on that nobody on this machine listens on; `first` itself when all of the next ones are taken. */
export async function findFreePort(first: number): Promise<number> {
  for (let port = first; port < first + tries && port <= 65_535; port++) if (await isFree(port)) return port;
  return first;
}

// --- internal ---

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
