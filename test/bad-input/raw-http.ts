import { connect } from 'node:net';
import { token } from '../gateway.ts';

export const bearer = `Authorization: Bearer ${token}`;

/** Milliseconds until a connection that nobody closes is given up. */
const patienceMs = 5000;

/** Writes bytes to a port and gives back everything that is answered until the other side closes. */
export function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(new Error(`still open after ${answer}`)), patienceMs);
    socket.on('data', (piece) => {
      answer += piece.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

/** A request as it stands on the wire, with a right bearer, on a connection of its own. */
export function toRequest(line: string, headers: readonly string[] = [], body: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(body as string);
  const length = bytes.byteLength > 0 ? [`Content-Length: ${bytes.byteLength}`] : [];
  const head = [`${line} HTTP/1.1`, 'Host: 127.0.0.1', bearer, 'Connection: close', ...headers, ...length];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}
