import type { ClientIdentity } from '../protocol/hello.ts';
import type { OperatorScope } from '../protocol/scopes.ts';
import type { ReconnectOptions } from './backoff.ts';
import type { WebSocketConstructor } from './socket.ts';

/** How to reach a gateway, as whom, and with how much patience. In Node everything can be left out. */
export interface OpenClawOptions {
  /**
   * Address of the gateway, for example `wss://gateway.example`. In Node the default is the local gateway:
   * `OPENCLAW_GATEWAY_URL`, else the one that runs with this machine's state directory, else `ws://127.0.0.1:18789`.
   * Elsewhere it must be given.
   */
  url?: string | undefined;
  /** The gateway's shared token. In Node the default for a gateway on this machine is `OPENCLAW_GATEWAY_TOKEN`, else the
   * token that the gateway keeps in its state directory. Never looked up for a `url` on another machine. */
  token?: string | undefined;
  /** The gateway's password, for `gateway.auth.mode` `password`. Found like `token`, by `OPENCLAW_GATEWAY_PASSWORD`. */
  password?: string | undefined;
  /**
   * With a `url`: false sends no credential but `token` and `password` as they are given here, also to the gateway of this
   * machine. Default true.
   */
  findCredentials?: boolean | undefined;
  /**
   * SHA-256 that the gateway's certificate must have, in hexadecimal digits, with or without colons: trusted whoever signed
   * it, and no other is. Checked before anything is sent; another is `TLS_FINGERPRINT_MISMATCH`. In Node only, with the package
   * `ws`; the default there is `OPENCLAW_GATEWAY_TLS_FINGERPRINT`, else what is known of this `url` on this machine.
   */
  tlsFingerprint?: string | undefined;
  /** Who the client says it is. Default `{ id: 'gateway-client', mode: 'backend' }`, which keeps its scopes outside of browsers. */
  client?: Partial<ClientIdentity> | undefined;
  /** What the client would like to be allowed. Default: all that an operator may do. */
  scopes?: readonly OperatorScope[] | undefined;
  /** The WebSocket class to use. Default: the runtime's own; in Node 20, which has none, that of the package `ws`. */
  webSocket?: WebSocketConstructor | undefined;
  /** Waits between attempts to connect; false makes the first loss close the client. Default: endless, 0.1 to 10 s. */
  reconnect?: ReconnectOptions | false | undefined;
  /** Milliseconds from dialling to the gateway's hello. Default 15 000. */
  connectTimeoutMs?: number | undefined;
  /** Milliseconds for a call that names no `timeoutMs` of its own. Default 30 000. */
  callTimeoutMs?: number | undefined;
  /** Milliseconds without any event of a run until those who wait for it give up. Default 600 000. */
  idleTimeoutMs?: number | undefined;
}
