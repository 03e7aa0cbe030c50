import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds from the first byte to the end of the handshake. */
const handshakeMs = 10_000;
/** Milliseconds that an answer in the clear has to arrive. */
const lingerMs = 1000;

/** The first byte of a TLS handshake (RFC 8446, 5.1). */
const handshakeByte = 0x16;

/**
 * Looks at the first byte of each connection of a TLS server. Who speaks HTTP in the clear is told to use TLS, and who says
 * nothing is let go; all others are handed to TLS.
 * @returns how to end the connections that have not finished their handshake.
 */
export function answerPlainHttp(server: Server): () => void {
  const opening = new Map<string, { socket: Socket; timer: NodeJS.Timeout }>();
  const leave = (name: string) => {
    clearTimeout(opening.get(name)?.timer);
    opening.delete(name);
  };
  const toTls = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const name = toName(socket);
    opening.set(name, { socket, timer: setTimeout(() => socket.destroy(), handshakeMs).unref() });
    const onEarlyError = () => socket.destroy();
    socket.once('close', () => leave(name));
    socket.on('error', onEarlyError);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      if (first[0] !== handshakeByte) return refuse(socket, first);
      socket.unshift(first);
      socket.off('error', onEarlyError);
      for (const listener of toTls) listener.call(server, socket);
    });
  });
  server.on('secureConnection', (socket: Socket) => leave(toName(socket)));
  return () => {
    for (const { socket } of opening.values()) socket.destroy();
  };
}

// --- internal ---

/** One connection of one listener. */
const toName = ({ remoteAddress, remotePort, localAddress }: Socket) =>
  `${localAddress} ${remoteAddress} ${remotePort}`;

const message = 'this port speaks TLS: use https:// instead of http://, and wss:// instead of ws://';
const body = `${JSON.stringify({ error: { message, type: 'invalid_request_error', code: 'TLS_REQUIRED', param: null } })}\n`;
const answer = [
  'HTTP/1.1 400 Bad Request',
  'Connection: close',
  'Content-Type: application/json; charset=utf-8',
  `Content-Length: ${Buffer.byteLength(body)}`,
  'X-Content-Type-Options: nosniff',
  '',
  body,
].join('\r\n');

/** What does not even look like HTTP gets no answer. */
function refuse(socket: Socket, first: Buffer): void {
  if (!/^[A-Z]+ /.test(first.toString('latin1', 0, 16))) return void socket.destroy();
  socket.end(answer);
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer)).resume();
}
