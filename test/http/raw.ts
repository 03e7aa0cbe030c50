import { once } from 'node:events';
import { connect } from 'node:net';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** A connection on which nothing happens that the test does not do. Answers need a `content-length`. */
export async function dial(port: number) {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let bytes = Buffer.alloc(0);
  let isOver = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  socket.on('data', (piece) => {
    bytes = Buffer.concat([bytes, piece]);
    wake();
  });
  const over = () => {
    isOver = true;
    wake();
  };
  socket.on('end', over).on('close', over).on('error', over);

  const take = (): RawAnswer | undefined => {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':')[0]?.toLowerCase(), line.replace(/^[^:]*: */, '')]),
    );
    const length = Number(headers['content-length'] ?? 0);
    if (bytes.length < end + 4 + length) return undefined;
    const body = bytes.subarray(end + 4, end + 4 + length).toString();
    bytes = bytes.subarray(end + 4 + length);
    return { status: Number(first.split(' ')[1]), headers, body };
  };

  return {
    socket,
    /** Resolves when the system has taken the bytes. */
    write: (text: string | Buffer) => new Promise<void>((resolve) => socket.write(text, () => resolve())),
    /** The next answer. @throws Error when the other side closes without one. */
    answer: () =>
      new Promise<RawAnswer>((resolve, reject) => {
        const look = () => {
          const answer = take();
          if (!answer && !isOver) return;
          waiting.delete(look);
          clearTimeout(timer);
          if (answer) resolve(answer);
          else reject(new Error(`closed after ${JSON.stringify(bytes.toString('latin1'))}`));
        };
        const timer = setTimeout(() => reject(new Error('no answer')), 10_000);
        waiting.add(look);
        look();
      }),
    /** Resolves when the other side has closed its half. */
    async closed() {
      if (!isOver) await Promise.race([once(socket, 'end'), once(socket, 'close')]);
    },
    [Symbol.dispose]() {
      socket.destroy();
    },
  };
}

/** The head of a request; the lines after it are headers. */
export function toHead(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, 'host: 127.0.0.1', ...headers, '', ''].join('\r\n');
}
