/** The bare baseline for requests: a ws server that parses a frame and answers it with what it was given. Prints its port. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const payload: unknown = JSON.parse(process.argv[2] ?? '{}');
const server: WebSocketServer = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () =>
  console.log((server.address() as AddressInfo).port),
);
server.on('connection', (socket) =>
  socket.on('message', (frame: Buffer) => {
    const { id } = JSON.parse(frame.toString());
    socket.send(JSON.stringify({ type: 'res', id, ok: true, payload }));
  }),
);
