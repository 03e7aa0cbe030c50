import { once } from 'node:events';
import WebSocket from 'ws';
import type { ErrorShape } from '../sdk/protocol/errors.ts';
import type { EventName, EventPayload } from '../sdk/protocol/events.ts';
import type { EventFrame, ResponseFrame } from '../sdk/protocol/frames.ts';
import type { HelloOk } from '../sdk/protocol/hello.ts';
import { token } from './gateway.ts';

export interface OpenSocketOptions {
  scopes?: string[];
  caps?: string[];
  /** Default the token of all tests. */
  secret?: string;
  /** Milliseconds a test waits for a frame before it fails. */
  patienceMs?: number;
}

/** A client of plain frames, after hello: what a test sends and gets is what stands on the wire. */
export async function openSocket(
  url: string,
  { scopes = ['operator.admin'], caps, secret = token, patienceMs = 10_000 }: OpenSocketOptions = {},
) {
  const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: patienceMs });
  const answers: ResponseFrame[] = [];
  const events: EventFrame[] = [];
  const waiting = new Set<() => void>();
  let ids = 0;
  socket.on('message', (raw) => {
    const frame = JSON.parse(String(raw)) as ResponseFrame | EventFrame;
    if (frame.type === 'res') answers.push(frame);
    else events.push(frame);
    for (const look of waiting) look();
  });

  /** The first thing that `find` finds, now or in a later frame. */
  const until = <T>(what: string, find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      const look = () => {
        const found = find();
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${what} did not come within ${patienceMs} ms`));
      }, patienceMs);
      waiting.add(look);
      look();
    });
  const answer = (id: string, nth = 0) =>
    until(`answer ${nth + 1} to ${id}`, () => answers.filter((res) => res.id === id)[nth]);
  const send = (method: string, params?: unknown): string => {
    const id = `t${++ids}`;
    socket.send(JSON.stringify({ type: 'req', id, method, params }));
    return id;
  };

  await once(socket, 'open');
  await until('connect.challenge', () => events.find((event) => event.event === 'connect.challenge'));
  const hello = await answer(
    send('connect', {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: 'gateway-client', mode: 'backend', version: '0', platform: 'test' },
      role: 'operator',
      scopes,
      caps,
      auth: { token: secret },
    }),
  );
  if (!hello.ok) throw new Error(hello.error?.message);

  return {
    socket,
    hello: hello.payload as HelloOk,
    events,
    send,
    answer,
    until,
    /** Sends a request and gives its payload. */
    async call<T = Record<string, unknown>>(method: string, params?: unknown): Promise<T> {
      const res = await answer(send(method, params));
      if (!res.ok) throw Object.assign(new Error(res.error?.message), { error: res.error });
      return res.payload as T;
    },
    /** Sends a request that must fail, and gives its error. */
    async refused(method: string, params?: unknown): Promise<ErrorShape> {
      const res = await answer(send(method, params));
      if (res.ok || !res.error) throw new Error(`${method} was not refused`);
      return res.error;
    },
    /** The payloads of one event so far. */
    told: <E extends EventName>(event: E) =>
      events.filter((frame) => frame.event === event).map((frame) => frame.payload as EventPayload<E>),
    /** The end of a run, as `chat` tells it. */
    end: (runId: string) =>
      until(`the end of ${runId}`, () =>
        events
          .filter((frame) => frame.event === 'chat')
          .map((frame) => frame.payload as EventPayload<'chat'>)
          .find((chat) => chat.runId === runId && ['final', 'aborted', 'error'].includes(chat.state)),
      ),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await closed;
    },
  };
}
