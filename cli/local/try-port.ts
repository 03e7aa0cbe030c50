import { once } from 'node:events';
import { createServer } from 'node:net';

/** The port that could be had, or the system's word for why it could not, for example `EADDRINUSE`. */
export type Tried = { port: number; refused?: undefined } | { port?: undefined; refused: string | undefined };

/** Listens on a port for a moment; on 0, the system chooses one that is free. Never throws. */
export async function tryPort(port: number, host: string): Promise<Tried> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    const address = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    return { port: address.port };
  } catch (error) {
    return { refused: (error as NodeJS.ErrnoException).code };
  }
}
