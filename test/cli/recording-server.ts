import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** A gateway that lets nobody in, and keeps all that it is sent. */
export interface RecordingServer {
  url: string;
  port: number;
  /** Path and headers of each request, then each frame, in order. */
  received: string[];
  /** The frames, parsed. */
  frames(): { method?: string; params?: Record<string, unknown> }[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startRecordingServer(): Promise<RecordingServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const received: string[] = [];
  const texts: string[] = [];
  server.on('connection', (socket, request) => {
    received.push([request.url, ...request.rawHeaders].join(' '));
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: Date.now() } }));
    socket.on('message', (raw) => {
      received.push(String(raw));
      texts.push(String(raw));
      const { id } = JSON.parse(String(raw)) as { id: string };
      const error = {
        code: 'INVALID_REQUEST',
        message: 'unauthorized: gateway token missing',
        details: { code: 'AUTH_TOKEN_MISSING' },
      };
      socket.send(JSON.stringify({ type: 'res', id, ok: false, error }));
      socket.close(1008, 'unauthorized');
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    received,
    frames: () => texts.map((text) => JSON.parse(text)),
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
