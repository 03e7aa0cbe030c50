import { tryPort } from '../local/try-port.ts';

/** Ports that are tried after the first one. */
const tries = 20;

/** The first port from `first` on that nobody on this machine listens on; `first` itself when all of the next ones are taken. */
export async function findFreePort(first: number): Promise<number> {
  for (let port = first; port < first + tries && port <= 65_535; port++)
    if ((await tryPort(port, '127.0.0.1')).port !== undefined) return port;
  return first;
}
