import { GatewayError, isGatewayError } from '../protocol/errors.ts';
import type { EventFrame, ResponseFrame } from '../protocol/frames.ts';
import type { HelloOk } from '../protocol/hello.ts';
import { backoffMs, type ReconnectOptions, toExpectedUntil, whileExpected } from './backoff.ts';
import { type Introduction, toConnectParams, toRetryAfterMs } from './handshake.ts';
import { Line, type LineEnd } from './line.ts';
import { Listeners } from './listeners.ts';
import { Pending, type Request } from './pending.ts';
import type { WebSocketConstructor } from './socket.ts';
import { Standing } from './standing.ts';
import type { ConnectionState } from './state.ts';
import type { Located, Surroundings, Wanted } from './surroundings.ts';
import { type CallOptions, Waiting } from './waiting.ts';

export interface ConnectionOptions {
  wanted: Wanted;
  introduction: Introduction;
  surroundings: Surroundings;
  webSocket: WebSocketConstructor | undefined;
  /** False: the first failure or loss closes the client. */
  reconnect: ReconnectOptions | false;
  /** Milliseconds from dialling to `hello-ok`. */
  connectTimeoutMs: number;
}

/** A hole in the numbers of events: this client was too slow for some, and the gateway dropped them. */
export interface Gap {
  /** The number that should have come. */
  expectedSeq: number;
  /** The number that came. */
  receivedSeq: number;
  /** How many events are missing. */
  missed: number;
}

const maxPayloadBytes = 26_214_400;

/** Milliseconds that a first call waits at most when the gateway says to come back later. */
const longWaitMs = 10_000;

/** The client's side of a gateway: one socket after another, and the requests that outlive them. */
export class Connection {
  readonly events = new Listeners<[EventFrame]>();
  readonly gaps = new Listeners<[Gap]>();
  readonly states = new Listeners<[ConnectionState]>();
  #options: ConnectionOptions;
  #state: ConnectionState = { status: 'idle' };
  #line: Line | undefined;
  #pending = new Pending();
  #standing = new Standing();
  #waiters = new Set<Waiting<HelloOk>>();
  #failedAttempts = 0;
  #wasReady = false;
  #lastFailure: GatewayError | undefined;
  #lastLocated: Located | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seq = 0;
  /** Milliseconds since the epoch until which a gateway that went away said it would be back. */
  #expectedUntil = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** What the gateway said of itself on this connection; undefined while there is none. */
  get hello(): HelloOk | undefined {
    return this.#state.status === 'ready' ? this.#state.hello : undefined;
  }

  /** Number of the newest event on this connection. */
  get seq(): number {
    return this.#seq;
  }

  /** Resolves when the gateway has answered `hello-ok`. */
  connect(options: CallOptions): Promise<HelloOk> {
    if (this.#state.status === 'ready') return Promise.resolve(this.#state.hello);
    if (this.#state.status === 'closed') return Promise.reject(this.#closed());
    const waiter: Waiting<HelloOk> = new Waiting(
      options,
      () => this.#unsent('connect'),
      () => this.#waiters.delete(waiter),
    );
    if (!options.signal?.aborted) this.#waiters.add(waiter);
    this.wake();
    return waiter.promise;
  }

  /** Begins to connect, when nothing has begun yet. */
  wake(): void {
    if (this.#state.status === 'idle') void this.#dial();
    if (this.#state.status === 'reconnecting') (this.#timer as NodeTimer)?.ref?.();
  }

  /** Finds the gateway, as every attempt to connect does. */
  locate(): Promise<Located> {
    return this.#options.surroundings.locate(this.#options.wanted, this.#lastLocated);
  }

  /** Asks the gateway. Resolves with its answer, good or bad; rejects when there is none. */
  async request(request: Request): Promise<ResponseFrame> {
    if (this.#state.status === 'closed') throw this.#closed();
    const answer = this.#pending.add(request, (method) => this.#unsent(method));
    if (this.#state.status === 'ready') this.#flush(this.#state.hello);
    else this.wake();
    const frame = await answer;
    if (frame.ok) this.#standing.note(request.method, request.params);
    return frame;
  }

  /** Ends everything, for good: what waits fails with `CLOSED`. */
  async close(): Promise<void> {
    const line = this.#line;
    this.#end();
    await line?.close();
  }

  async #dial(): Promise<void> {
    const attempt = this.#failedAttempts + 1;
    this.#enter({ status: 'connecting', attempt });
    const { surroundings, introduction, connectTimeoutMs } = this.#options;
    try {
      const located = await this.locate();
      const webSocket = await surroundings.webSocket(located, this.#options.webSocket);
      if (this.#state.status === 'closed') return;
      const connectParams = toConnectParams(introduction, located);
      this.#line = new Line(
        { located, webSocket, connectParams, connectTimeoutMs, diagnose: surroundings.diagnose },
        {
          opened: () => this.#enter({ status: 'authenticating', attempt }),
          ready: (hello) => {
            this.#lastLocated = located;
            this.#lineOnReady(hello);
          },
          frame: (frame) => this.#lineOnFrame(frame),
          ended: (end) => this.#lineOnEnd(end),
        },
      );
    } catch (cause) {
      // No url, no WebSocket class, a url that is none: nothing that waiting would change.
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (isGatewayError(cause)) return this.#lineOnEnd({ error: cause, terminal: true });
      const wrong = new GatewayError('INVALID_REQUEST', error.message, { cause: error.cause });
      this.#lineOnEnd({ error: wrong, terminal: true });
    }
  }

  #lineOnReady(hello: HelloOk): void {
    const again = this.#wasReady;
    this.#failedAttempts = 0;
    this.#wasReady = true;
    this.#seq = 0;
    this.#expectedUntil = 0;
    if (again) for (const request of this.#standing.all()) this.#restore(request);
    this.#enter({ status: 'ready', hello });
    for (const waiter of this.#waiters) waiter.resolve(hello);
    this.#waiters.clear();
    this.#flush(hello);
  }

  #lineOnFrame(frame: ResponseFrame | EventFrame): void {
    if (frame.type === 'res') this.#pending.answer(frame);
    else this.#eventOnArrival(frame);
  }

  #eventOnArrival(frame: EventFrame): void {
    const { seq } = frame;
    if (seq !== undefined) {
      const expectedSeq = this.#seq + 1;
      this.#seq = seq;
      if (seq > expectedSeq) this.gaps.tell({ expectedSeq, receivedSeq: seq, missed: seq - expectedSeq });
    }
    if (frame.event === 'shutdown') this.#expectedUntil = toExpectedUntil(frame.payload);
    this.events.tell(frame);
  }

  #lineOnEnd({ error, terminal }: LineEnd): void {
    this.#line = undefined;
    if (this.#state.status === 'closed') return;
    this.#lastFailure = error;
    this.#pending.lost(error);
    const { reconnect } = this.#options;
    if (terminal || reconnect === false) this.#end(error);
    else this.#retry(error, reconnect);
  }

  #retry(error: GatewayError, reconnect: ReconnectOptions): void {
    const isHopeless = error.code === 'UNREACHABLE' || (toRetryAfterMs(error) ?? 0) > longWaitMs;
    // Before the first hello nobody may be there at all, or not for minutes: waiting would look like hanging.
    if (!this.#wasReady && isHopeless) this.#failWaiting((sent) => copyOf(error, sent));
    const attempt = ++this.#failedAttempts;
    const delayMs = Math.max(
      backoffMs(attempt, whileExpected(reconnect, this.#expectedUntil)),
      toRetryAfterMs(error) ?? 0,
    );
    this.#timer = setTimeout(() => void this.#dial(), delayMs);
    // A script that gave up on a gateway that never was there must be able to exit.
    if (!this.#wasReady && this.#pending.outgoing === 0 && this.#waiters.size === 0)
      (this.#timer as NodeTimer)?.unref?.();
    this.#enter({ status: 'reconnecting', attempt, delayMs, cause: error });
  }

  #end(cause?: GatewayError): void {
    if (this.#state.status === 'closed') return;
    clearTimeout(this.#timer);
    this.#line = undefined;
    this.#enter(cause ? { status: 'closed', cause } : { status: 'closed' });
    this.#failWaiting((sent) => this.#closed(sent));
    this.#pending.failAll((sent) => this.#closed(sent));
  }

  #failWaiting(toError: (sent: boolean) => GatewayError): void {
    for (const waiter of this.#waiters) waiter.reject(toError(false));
    this.#waiters.clear();
    this.#pending.failOutgoing(toError);
  }

  #flush(hello: HelloOk): void {
    this.#pending.flush((text) => this.#line?.send(text), hello.policy?.maxPayload ?? maxPayloadBytes);
  }

  /** Turns a subscription on again on the new connection. */
  #restore(request: { method: string; params: unknown }): void {
    const answer = this.#pending.add({ ...request, repeat: 'never', options: {} }, (method) => this.#unsent(method));
    answer.then(
      ({ ok }) => {
        if (!ok) this.#standing.forget(request);
      },
      // Lost again: the next connection restores it.
      () => {},
    );
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.states.tell(state);
  }

  #unsent(method: string): GatewayError {
    const cause = this.#lastFailure;
    const why = cause ? `: ${cause.message}` : '';
    return new GatewayError('UNREACHABLE', `${method} could not be sent in time${why}`, {
      retryable: true,
      details: { mayHaveExecuted: false },
      cause,
    });
  }

  /** @param mayHaveExecuted true when the request had been sent. */
  #closed(mayHaveExecuted = false): GatewayError {
    const cause = this.#state.status === 'closed' ? this.#state.cause : undefined;
    if (cause) return copyOf(cause, mayHaveExecuted);
    const details = { mayHaveExecuted };
    return new GatewayError('CLOSED', 'the client was closed; make a new one to go on', { details });
  }
}

/** Every caller gets an error of its own, since each has a stack of its own. */
function copyOf(error: GatewayError, mayHaveExecuted: boolean): GatewayError {
  const { code, message, retryable, retryAfterMs, cause } = error;
  return new GatewayError(code, message, {
    details: { ...error.details, mayHaveExecuted },
    retryable,
    retryAfterMs,
    cause,
  });
}

/** Node's timers can let the process exit or keep it; elsewhere there is no process. */
type NodeTimer = { ref?(): void; unref?(): void } | undefined;
