import { findGatewayError, GatewayError } from '../protocol/errors.ts';
import { type EventFrame, isServerFrame, type ResponseFrame } from '../protocol/frames.ts';
import type { ConnectParams, HelloOk } from '../protocol/hello.ts';
import { isTerminal, toRefusal } from './handshake.ts';
import { toSocketFailure, type WebSocketConstructor, type WebSocketLike } from './socket.ts';
import type { Located } from './surroundings.ts';

/*
 * One socket, from its opening to its end:
 * dialling -> open -> connect.challenge -> connect -> hello-ok -> frames ... -> ended
 */

export interface LineOptions {
  located: Located;
  webSocket: WebSocketConstructor;
  connectParams: ConnectParams;
  /** Milliseconds from dialling to `hello-ok`. */
  connectTimeoutMs: number;
  /** Finds out why a socket did not open. @param said what the socket said, if anything. */
  diagnose(url: string, said?: string): Promise<string>;
}

/** Who is told. `ended` is called exactly once, and nothing after it. */
export interface LineListener {
  opened(): void;
  ready(hello: HelloOk): void;
  frame(frame: ResponseFrame | EventFrame): void;
  ended(end: LineEnd): void;
}

/** How a line ended. */
export interface LineEnd {
  error: GatewayError;
  /** True when another attempt would end the same way. */
  terminal: boolean;
}

const connectId = 'connect';
/** Close codes of ours: the gateway was silent for too long; it sent something that is no JSON. */
const silenceCode = 4000;
const notJsonCode = 4002;
/** Milliseconds that silence is given to be broken after all. */
const maxGraceMs = 1000;

/** One socket to a gateway. */
export class Line {
  #options: LineOptions;
  #listener: LineListener;
  #socket: WebSocketLike;
  #phase: 'dialling' | 'open' | 'ready' | 'ended' = 'dialling';
  #failure: string | undefined;
  /** An error of ours that ended it: no other attempt ends otherwise. */
  #refusal: GatewayError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = 0;

  constructor(options: LineOptions, listener: LineListener) {
    this.#options = options;
    this.#listener = listener;
    this.#socket = new options.webSocket(options.located.url);
    this.#socket.onopen = () => this.#socketOnOpen();
    this.#socket.onmessage = ({ data }: { data: unknown }) => this.#socketOnMessage(data);
    this.#socket.onerror = (event: unknown) => {
      this.#refusal = findGatewayError((event as { error?: unknown } | undefined)?.error);
      this.#failure = toSocketFailure(event);
    };
    this.#socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.#socketOnClose(code, reason);
    this.#timer = setTimeout(() => this.#connectTimedOut(), options.connectTimeoutMs);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Closes without telling the listener. @returns when the socket is gone, or after a second. */
  close(): Promise<void> {
    if (this.#phase === 'ended') return Promise.resolve();
    this.#stop();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#socket.terminate?.();
        resolve();
      }, 1000);
      this.#socket.onclose = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#socket.close(1000);
    });
  }

  #socketOnOpen(): void {
    if (this.#phase !== 'dialling') return;
    this.#phase = 'open';
    this.#listener.opened();
  }

  #socketOnMessage(data: unknown): void {
    if (this.#phase === 'ended') return;
    this.#heardAt = Date.now();
    const value = parse(data);
    if (value === undefined) this.#fail(this.#lost('the gateway sent something that is no JSON'), notJsonCode);
    // Kinds of frames that a newer gateway may have are not for this client.
    else if (isServerFrame(value)) this.#lineOnFrame(value);
  }

  #lineOnFrame(frame: ResponseFrame | EventFrame): void {
    if (this.#phase === 'ready') this.#listener.frame(frame);
    else if (frame.type === 'event' && frame.event === 'connect.challenge') this.#sendConnect();
    else if (frame.type === 'res' && frame.id === connectId) this.#connectOnAnswer(frame);
  }

  #sendConnect(): void {
    this.send(JSON.stringify({ type: 'req', id: connectId, method: 'connect', params: this.#options.connectParams }));
  }

  #connectOnAnswer({ ok, payload, error }: ResponseFrame): void {
    const { located } = this.#options;
    if (!ok) {
      const refusal = toRefusal(error ?? { code: 'INTERNAL', message: 'no reason given' }, located);
      this.#fail({ error: refusal, terminal: isTerminal(refusal) }, 1000);
      return;
    }
    const hello = payload as HelloOk;
    this.#phase = 'ready';
    clearTimeout(this.#timer);
    this.#watch(2 * (hello.policy?.tickIntervalMs ?? 30_000));
    this.#listener.ready(hello);
  }

  /** Silence for twice the tick interval means a dead peer: TCP may not notice for many minutes. */
  #watch(limitMs: number): void {
    const look = (found: () => void) => {
      const silentMs = Date.now() - this.#heardAt;
      if (silentMs >= limitMs) found();
      else this.#timer = setTimeout(check, limitMs - silentMs);
    };
    const check = () =>
      // After a busy or sleeping machine the timer may come before the frames that are waiting already.
      look(() => {
        this.#timer = setTimeout(confirm, Math.min(maxGraceMs, limitMs / 4));
      });
    const confirm = () =>
      look(() => this.#fail(this.#lost(`nothing was heard of the gateway for ${limitMs} ms and more`), silenceCode));
    this.#timer = setTimeout(check, limitMs);
  }

  #connectTimedOut(): void {
    const { connectTimeoutMs } = this.#options;
    const what = this.#phase === 'dialling' ? 'the socket did not open' : 'the gateway did not answer connect';
    this.#fail({ error: this.#unreachable(`${what} within ${connectTimeoutMs} ms`), terminal: false }, 1000);
  }

  #socketOnClose(code: number, reason: string): void {
    const message = `closed with ${reason ? `${code} ${reason}` : code}`;
    if (this.#phase === 'dialling') void this.#dialOnFailure();
    else if (this.#phase === 'ready' || (code !== 1002 && code !== 1008)) this.#fail(this.#lost(message));
    else {
      // Closed during the handshake for a fault of ours, without an answer to `connect`.
      const error = toRefusal({ code: 'INVALID_REQUEST', message }, this.#options.located);
      this.#fail({ error, terminal: true });
    }
  }

  async #dialOnFailure(): Promise<void> {
    const { located, diagnose } = this.#options;
    if (this.#refusal) return this.#fail({ error: this.#refusal, terminal: true });
    const reason = await diagnose(located.url, this.#failure);
    this.#fail({ error: this.#unreachable(reason), terminal: false });
  }

  #lost(how: string): LineEnd {
    const { url } = this.#options.located;
    const error = new GatewayError('CONNECTION_LOST', `the connection to ${url} was lost: ${how}`, { retryable: true });
    return { error, terminal: false };
  }

  #unreachable(how: string): GatewayError {
    const { url, urlFrom, hint } = this.#options.located;
    return new GatewayError('UNREACHABLE', `no gateway answers at ${url} (from ${urlFrom}): ${how}; ${hint}`, {
      retryable: true,
      details: { url, urlFrom, why: how },
    });
  }

  #fail(end: LineEnd, closeCode?: number): void {
    if (this.#phase === 'ended') return;
    this.#stop();
    if (closeCode !== undefined) this.#socket.close(closeCode);
    // A silent peer would not answer the closing handshake either.
    if (closeCode === silenceCode) this.#socket.terminate?.();
    this.#listener.ended(end);
  }

  #stop(): void {
    this.#phase = 'ended';
    clearTimeout(this.#timer);
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    // A socket that fails while it closes must not become an uncaught error.
    this.#socket.onerror = () => {};
  }
}

function parse(data: unknown): unknown {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    // Anything can be sent; the caller ends the line.
    return undefined;
  }
}
