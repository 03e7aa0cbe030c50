import { WebSocket } from 'ws';
import type { ResponseFrame } from '../../sdk/protocol/frames.ts';
import { token } from '../gateway.ts';
import { connectParams } from '../wire/raw.ts';

/** An answer of the gateway; undefined when it was gone before it answered. */
export type Answer = ResponseFrame | undefined;

/** A socket to a gateway that may be gone at any moment. */
export interface Line {
  /** Asks; never rejects. */
  call(method: string, params?: object): Promise<Answer>;
  close(): void;
}

/** Connects as an admin. @throws when the gateway refuses, or is gone. */
export function openLine(url: string): Promise<Line> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting = new Map<string, (answer: Answer) => void>();
  let ids = 0;
  const call: Line['call'] = (method, params) =>
    new Promise((resolve) => {
      if (socket.readyState !== WebSocket.OPEN) return resolve(undefined);
      const id = `${++ids}`;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ type: 'req', id, method, params }));
    });
  return new Promise((resolve, reject) => {
    socket.on('message', (raw) => {
      const frame = JSON.parse(String(raw)) as ResponseFrame & { event?: string };
      if (frame.event === 'connect.challenge') {
        void call('connect', { ...connectParams, auth: { token } }).then((hello) => {
          if (hello?.ok) resolve({ call, close: () => socket.terminate() });
          else reject(new Error(`refused: ${JSON.stringify(hello?.error)}`));
        });
      }
      if (frame.type !== 'res') return;
      waiting.get(frame.id)?.(frame);
      waiting.delete(frame.id);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      for (const gone of waiting.values()) gone(undefined);
      waiting.clear();
      reject(new Error('closed'));
    });
  });
}

/** Asks a gateway that is not being killed. @throws when it refuses, or is gone. */
export async function ask<T = Record<string, unknown>>(line: Line, method: string, params?: object): Promise<T> {
  const answer = await line.call(method, params);
  if (!answer?.ok) throw new Error(`${method}: ${JSON.stringify(answer?.error ?? 'the gateway is gone')}`);
  return answer.payload as T;
}
