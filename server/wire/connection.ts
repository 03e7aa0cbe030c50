import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ErrorShape } from '../../sdk/protocol/errors.ts';
import type { ClientIdentity } from '../../sdk/protocol/hello.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import type { Principal } from '../../sdk/protocol/scopes.ts';
import type { Caller } from '../auth/caller.ts';
import { type Limits, maxCloseReasonBytes } from './limits.ts';
import type { Outbox } from './outbox.ts';

// One socket's life.
//
//             connect is answered               close(), or the client's close
//   opening ───────────────────────► ready ──────────────────────────────────► draining
//      │                               │                                           │
//      │ refused, silent, too big      │ socket gone                               │ both halves closed,
//      ├──────────► draining           │                                           │ or closeTimeoutMs later
//      │ socket gone                   ▼                                           │
//      └─────────────────────────► closed ◄────────────────────────────────────────┘
//
// opening:  `connect.challenge` is sent; the first frame is the handshake, up to 15 more queue behind it.
// ready:    requests are dispatched, events are published, pings go out.
// draining: the close frame is sent; nothing more is read or written.
// closed:   `signal` has fired; the object is garbage.
export type ConnectionState = 'opening' | 'ready' | 'draining' | 'closed';

/** Who the connection turned out to be. */
export interface Session {
  principal: Principal;
  client: ClientIdentity;
  /** What the client can take, for example `tool-events`. */
  caps: ReadonlySet<string>;
  /** What its requests are asked with. */
  context: CallContext;
}

/** More than the header of a frame and a ping or two between frames need, bytes. */
const frameOverheadBytes = 1024;

/** Bytes that are too many, on the way in or out. */
export interface Overload {
  surface: 'gateway.ws.outbound_buffer' | 'gateway.ws.inbound' | 'gateway.ws.preauth';
  action: 'closed' | 'dropped';
  reason: 'ws_send_buffer_close' | 'ws_send_buffer_drop' | 'ws_payload_limit' | 'ws_preauth_payload_limit';
  /** How many there were, where that is known. */
  bytes?: number | undefined;
  limitBytes: number;
}

/** What a connection reports. */
export interface ConnectionListener {
  /** The first frame: a handshake. */
  connectionOnHello(connection: Connection, frame: Buffer): void;
  /** A frame after hello. */
  connectionOnFrame(connection: Connection, frame: Buffer): void;
  /** Told before the connection is closed for it; of events that are dropped, once until it has caught up. */
  connectionOnOverload(connection: Connection, overload: Overload): void;
  connectionOnClose(connection: Connection, code: number): void;
}

export interface ConnectionOptions {
  /** Upgraded, not yet spoken to. */
  webSocket: WebSocket;
  /** The TCP socket under it. */
  socket: Socket;
  caller: Caller;
  limits: Limits;
  /** The one that all connections share. */
  outbox: Outbox;
  listener: ConnectionListener;
}

/** The answer to a request; the id is the client's, even where it is none of a proper frame. */
export interface Answer {
  type: 'res';
  id: string | number;
  ok: boolean;
  payload?: unknown;
  error?: ErrorShape | undefined;
}

/** The server's side of one socket. */
export class Connection {
  readonly id = randomUUID();
  /** What the client must sign. */
  readonly nonce = randomUUID();
  readonly caller: Caller;
  /** Set when the connection becomes ready. */
  session: Session | undefined;
  /** Number of the last event, sent or skipped. */
  seq = 0;
  /** True once the client has asked for changes of sessions. */
  followsSessions = false;
  /** Keys of the sessions whose messages the client has asked for. */
  readonly followedMessages = new Set<string>();
  /** How this side has closed the connection, and what it did not say of why. */
  farewell: { code: number; reason: string; cause?: string } | undefined;
  /** What was wrong with the client's bytes; the socket is closed for it. */
  fault: string | undefined;
  /** True once the client has sent a frame that is no JSON. */
  hasBabbled = false;
  /** Events that it was too slow for. */
  skippedEvents = 0;
  /** Calls in a row that the role may not make. */
  unauthorizedCalls = 0;

  #state: ConnectionState = 'opening';
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #limits: Limits;
  readonly #outbox: Outbox;
  readonly #listener: ConnectionListener;
  readonly #gone = new AbortController();
  /** Frames behind `connect`; undefined before it. */
  #queued: Buffer[] | undefined;
  /** Read from the TCP socket before it was upgraded. */
  readonly #bytesBefore: number;
  /** True from the first event that was left out until something is sent again. */
  #isSkipping = false;
  #pings: NodeJS.Timeout | undefined;
  #owesPong = false;

  constructor({ webSocket, socket, caller, limits, outbox, listener }: ConnectionOptions) {
    this.caller = caller;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#limits = limits;
    this.#outbox = outbox;
    this.#listener = listener;
    this.#bytesBefore = socket.bytesRead;
    webSocket.on('message', (data) => this.#socketOnMessage(toBuffer(data)));
    webSocket.on('close', (code) => this.#socketOnClose(code));
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      // Anything else is the end of the line, of which the `close` that follows tells all there is to know.
      if (!error.code?.startsWith('WS_ERR')) return;
      this.fault = error.message;
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#reportSize();
    });
    webSocket.on('pong', () => {
      this.#owesPong = false;
    });
    socket.on('data', this.#socketOnData);
    const payload = { nonce: this.nonce, ts: Date.now() };
    this.#write(JSON.stringify({ type: 'event', event: 'connect.challenge', payload }), true);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Fires when the socket is gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Bytes on their way to the client. */
  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  /** Answers `connect` and reads on, first what queued behind it. */
  becomeReady(session: Session, hello: Answer): void {
    if (this.#state !== 'opening') return;
    this.session = session;
    this.#socket.off('data', this.#socketOnData);
    this.answer(hello);
    this.#state = 'ready';
    this.#pings = setInterval(() => this.#ping(), this.#limits.pingIntervalMs).unref();
  }

  /** Hands on the frames that came in behind `connect`. */
  readQueued(): void {
    for (const frame of this.#queued?.splice(0) ?? []) {
      if (this.#state === 'ready') this.#listener.connectionOnFrame(this, frame);
    }
  }

  answer(answer: Answer): void {
    if (this.#state === 'draining' || this.#state === 'closed') return;
    if (this.bufferedBytes > this.#limits.maxBufferedBytes) this.closeAsSlow(this.#limits.maxBufferedBytes);
    else this.#write(JSON.stringify(answer), true);
  }

  /** Leaves an event out, because the client does not read what it was sent before. */
  skipEvent(limitBytes: number): void {
    this.skippedEvents++;
    if (this.#isSkipping) return;
    this.#isSkipping = true;
    this.#reportBuffer('dropped', limitBytes);
  }

  /** Gives the client up, because it does not read what it was sent before. */
  closeAsSlow(limitBytes: number): void {
    if (this.#state === 'draining' || this.#state === 'closed') return;
    this.#reportBuffer('closed', limitBytes);
    this.close(1008, 'slow consumer');
  }

  /** Writes one text frame that others may wait for; it leaves together with what else is written soon. */
  send(frame: string | Buffer): void {
    this.#write(frame, false);
  }

  /**
   * Says goodbye; what was sent before is delivered first. The reason is cut to what a close frame holds.
   * @param cause for the log, where the protocol has no words for the client.
   */
  close(code: number, reason = '', cause?: string): void {
    if (this.#state === 'draining' || this.#state === 'closed') return;
    this.#state = 'draining';
    this.farewell = { code, reason, ...(cause && { cause }) };
    this.#queued = undefined;
    clearInterval(this.#pings);
    this.#outbox.hold(this.#socket, true);
    this.#webSocket.close(code, toCloseReason(reason));
  }

  /** Drops the socket without a word. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  #write(frame: string | Buffer, isUrgent: boolean): void {
    if (this.#state === 'draining' || this.#state === 'closed') return;
    this.#isSkipping = false;
    this.#outbox.hold(this.#socket, isUrgent);
    this.#webSocket.send(frame, { binary: false });
  }

  #ping(): void {
    if (this.#owesPong) {
      this.terminate();
      return;
    }
    this.#owesPong = true;
    this.#webSocket.ping();
  }

  #socketOnMessage(frame: Buffer): void {
    if (this.#state === 'ready') this.#listener.connectionOnFrame(this, frame);
    else if (this.#state === 'opening') this.#openingOnMessage(frame);
  }

  #openingOnMessage(frame: Buffer): void {
    const { maxPreauthPayloadBytes, maxQueuedHandshakeFrames } = this.#limits;
    if (frame.byteLength > maxPreauthPayloadBytes) this.#refuseSize();
    else if (!this.#queued) {
      this.#queued = [];
      this.#listener.connectionOnHello(this, frame);
    } else if (this.#queued.length >= maxQueuedHandshakeFrames) this.close(1008, 'too many pending handshake frames');
    else this.#queued.push(frame);
  }

  /** Before hello: a frame that cannot become small enough is not waited for, its bytes would fill the memory. */
  readonly #socketOnData = (): void => {
    const { maxPreauthPayloadBytes, maxQueuedHandshakeFrames } = this.#limits;
    const limit = (maxPreauthPayloadBytes + frameOverheadBytes) * (maxQueuedHandshakeFrames + 2);
    if (this.#socket.bytesRead - this.#bytesBefore > limit) this.#refuseSize();
  };

  #reportBuffer(action: Overload['action'], limitBytes: number): void {
    const reason = action === 'closed' ? 'ws_send_buffer_close' : 'ws_send_buffer_drop';
    const bytes = this.bufferedBytes;
    this.#listener.connectionOnOverload(this, {
      surface: 'gateway.ws.outbound_buffer',
      action,
      reason,
      bytes,
      limitBytes,
    });
  }

  #reportSize(): void {
    const { maxPayloadBytes, maxPreauthPayloadBytes } = this.#limits;
    const isReady = this.session !== undefined;
    this.#listener.connectionOnOverload(this, {
      surface: isReady ? 'gateway.ws.inbound' : 'gateway.ws.preauth',
      action: 'closed',
      reason: isReady ? 'ws_payload_limit' : 'ws_preauth_payload_limit',
      limitBytes: isReady ? maxPayloadBytes : maxPreauthPayloadBytes,
    });
  }

  #refuseSize(): void {
    if (this.#state === 'opening') this.#reportSize();
    this.close(1009, '', `a frame before hello has more than ${this.#limits.maxPreauthPayloadBytes} bytes`);
  }

  #socketOnClose(code: number): void {
    this.#state = 'closed';
    this.#queued = undefined;
    clearInterval(this.#pings);
    this.#gone.abort();
    this.#listener.connectionOnClose(this, code);
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** Cuts at a character, not in the middle of one. */
function toCloseReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.byteLength <= maxCloseReasonBytes) return reason;
  return new TextDecoder().decode(bytes.subarray(0, maxCloseReasonBytes)).replace(/�$/, '');
}
