import { GatewayError } from '../protocol/errors.ts';
import type { RequestFrame, ResponseFrame } from '../protocol/frames.ts';
import { type CallOptions, Waiting } from './waiting.ts';

/** A request to the gateway, as the rest of the client asks for it. */
export interface Request {
  /** Wire name of the method. */
  method: string;
  params?: unknown;
  /**
   * What to do when the connection is lost after the request was sent: fail, or send it again on the next connection.
   * `once` is for queries; `keyed` for what carries an idempotency key, which makes the gateway replay its answer.
   */
  repeat: 'never' | 'once' | 'keyed';
  options: CallOptions;
}

interface Entry {
  id: string;
  method: string;
  text: string;
  repeat: Request['repeat'];
  /** True once it has been on a socket: it may have executed, whatever happens next. */
  sent: boolean;
  waiting: Waiting<ResponseFrame>;
}

/** Requests that may wait for a connection. */
const maxOutgoing = 10_000;

/** The request table: what waits to be sent, apart from what waits for its answer. Knows no socket. */
export class Pending {
  #outgoing = new Map<string, Entry>();
  #inFlight = new Map<string, Entry>();
  #lastId = 0;

  /** Requests that wait to be sent. */
  get outgoing(): number {
    return this.#outgoing.size;
  }

  /**
   * Queues a request. Resolves with its answer, good or bad.
   * @param unsent makes the error for a request whose deadline passes before it could be sent.
   */
  add({ method, params, repeat, options }: Request, unsent: (method: string) => GatewayError): Promise<ResponseFrame> {
    if (this.#outgoing.size >= maxOutgoing)
      throw new GatewayError(
        'UNAVAILABLE',
        `${maxOutgoing} requests wait for a connection already; ${method} was not`,
        {
          retryable: true,
        },
      );
    const id = `${++this.#lastId}`;
    const text = toText({ type: 'req', id, method, params });
    const expired = () => (entry.sent ? timedOut(method, options.timeoutMs) : unsent(method));
    const forget = () => {
      this.#outgoing.delete(id);
      this.#inFlight.delete(id);
    };
    const entry: Entry = { id, method, text, repeat, sent: false, waiting: new Waiting(options, expired, forget) };
    if (!options.signal?.aborted) this.#outgoing.set(id, entry);
    return entry.waiting.promise;
  }

  /** Sends what waits, in order. @param maxBytes largest frame that the gateway reads. */
  flush(send: (text: string) => void, maxBytes: number): void {
    for (const entry of this.#outgoing.values()) {
      this.#outgoing.delete(entry.id);
      const bytes = byteLength(entry.text, maxBytes);
      if (bytes > maxBytes) {
        const message = `${entry.method}: the request has ${bytes} bytes, the gateway reads at most ${maxBytes}`;
        entry.waiting.reject(new GatewayError('INVALID_REQUEST', message));
        continue;
      }
      entry.sent = true;
      this.#inFlight.set(entry.id, entry);
      send(entry.text);
    }
  }

  /** Settles the request that the frame answers; second answers and those to forgotten requests are dropped. */
  answer(frame: ResponseFrame): void {
    const entry = this.#inFlight.get(frame.id);
    this.#inFlight.delete(frame.id);
    entry?.waiting.resolve(frame);
  }

  /** The connection is gone: what can be repeated waits for the next one, the rest fails. */
  lost(cause: GatewayError): void {
    const waiting = [...this.#outgoing.values()];
    this.#outgoing.clear();
    for (const entry of this.#inFlight.values()) {
      if (entry.repeat === 'never') entry.waiting.reject(connectionLost(entry.method, cause));
      else this.#outgoing.set(entry.id, entry.repeat === 'once' ? { ...entry, repeat: 'never' } : entry);
    }
    this.#inFlight.clear();
    // What was in flight was asked for earlier, so it goes first.
    for (const entry of waiting) this.#outgoing.set(entry.id, entry);
  }

  /** Fails every request that waits to be sent. @param toError gets whether an earlier connection has carried it. */
  failOutgoing(toError: (sent: boolean) => GatewayError): void {
    const entries = [...this.#outgoing.values()];
    this.#outgoing.clear();
    for (const { sent, waiting } of entries) waiting.reject(toError(sent));
  }

  /** Fails everything. */
  failAll(toError: (sent: boolean) => GatewayError): void {
    this.failOutgoing(toError);
    const entries = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { sent, waiting } of entries) waiting.reject(toError(sent));
  }
}

function toText(frame: RequestFrame): string {
  try {
    return JSON.stringify(frame);
  } catch (cause) {
    throw new GatewayError('INVALID_REQUEST', `${frame.method}: the input cannot be written as JSON`, { cause });
  }
}

function timedOut(method: string, timeoutMs: number | undefined): GatewayError {
  return new GatewayError('TIMEOUT', `${method} was not answered within ${timeoutMs} ms`, {
    retryable: true,
    details: { mayHaveExecuted: true },
  });
}

function connectionLost(method: string, cause: GatewayError): GatewayError {
  return new GatewayError('CONNECTION_LOST', `${method} was sent, but ${cause.message}; it may have executed`, {
    details: { mayHaveExecuted: true },
    cause,
  });
}

/** Bytes of a text in UTF-8; not counted when it cannot exceed the limit. */
function byteLength(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}
