import { WebSocket } from 'ws';
import type { ErrorShape } from '../../sdk/protocol/errors.ts';
import type { House } from './house.ts';
import { token } from './house.ts';

export interface AnyFrame {
  type: string;
  id?: string | number;
  ok?: boolean;
  payload?: Record<string, never> & { [member: string]: unknown };
  error?: ErrorShape & { details?: Record<string, unknown> };
  event?: string;
  seq?: number;
  stateVersion?: { presence: number; health: number };
}

export interface Closed {
  code: number;
  reason: string;
}

/** A socket that speaks frames by hand. */
export interface Raw extends Disposable {
  socket: WebSocket;
  /** All frames so far. */
  frames: AnyFrame[];
  /** The next frame that the test has not taken yet and that passes. */
  next(passes?: (frame: AnyFrame) => boolean): Promise<AnyFrame>;
  event(name: string): Promise<AnyFrame>;
  send(value: unknown): void;
  /** Sends a request and waits for its answer. */
  request(method: string, params?: unknown, id?: string): Promise<AnyFrame>;
  closed: Promise<Closed>;
  /** Sends `connect` and waits for the answer. */
  connect(changes?: Record<string, unknown>): Promise<AnyFrame>;
}

export const connectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'gateway-client', mode: 'backend', version: '1.0.0', platform: 'linux' },
  role: 'operator',
  scopes: ['operator.admin'],
  auth: { token },
};

export interface DialOptions {
  headers?: Record<string, string>;
  /** Offer what the server must not take. */
  perMessageDeflate?: boolean;
}

const patienceMs = 5_000;

/** Opens a socket; the challenge is the first frame. */
export async function dial(house: Pick<House, 'url'>, options: DialOptions = {}): Promise<Raw> {
  const socket = new WebSocket(house.url, { perMessageDeflate: false, ...options });
  const frames: AnyFrame[] = [];
  const untaken: AnyFrame[] = [];
  const waiting = new Set<() => void>();
  let ids = 0;
  const wakeAll = () => {
    for (const wake of waiting) wake();
  };
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as AnyFrame;
    frames.push(frame);
    untaken.push(frame);
    wakeAll();
  });
  let end: Closed | undefined;
  const closed = new Promise<Closed>((resolve) => {
    socket.on('close', (code, reason) => {
      end = { code, reason: String(reason) };
      resolve(end);
      wakeAll();
    });
  });

  const next: Raw['next'] = (passes = () => true) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail('no such frame in time'), patienceMs);
      const fail = (why: string) => {
        done();
        reject(new Error(`${why}; got ${JSON.stringify(frames).slice(0, 2000)}`));
      };
      const done = () => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      const look = () => {
        const index = untaken.findIndex(passes);
        if (index >= 0) {
          done();
          resolve(untaken.splice(index, 1)[0] as AnyFrame);
        } else if (end) fail(`closed ${end.code} ${end.reason}`);
      };
      waiting.add(look);
      look();
    });

  const raw: Raw = {
    socket,
    frames,
    next,
    event: (name) => next((frame) => frame.event === name),
    send: (value) => socket.send(typeof value === 'string' ? value : JSON.stringify(value)),
    request(method, params, id = `r${++ids}`) {
      raw.send({ type: 'req', id, method, params });
      return next((frame) => frame.type === 'res' && frame.id === id);
    },
    closed,
    connect: (changes = {}) => raw.request('connect', { ...connectParams, ...changes }, 'hello'),
    [Symbol.dispose]: () => socket.terminate(),
  };
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return raw;
}

/** Opens a socket and gets through hello. */
export async function dialIn(house: Pick<House, 'url'>, changes: Record<string, unknown> = {}): Promise<Raw> {
  const raw = await dial(house);
  const hello = await raw.connect(changes);
  if (!hello.ok) throw new Error(`refused: ${JSON.stringify(hello.error)}`);
  return raw;
}
