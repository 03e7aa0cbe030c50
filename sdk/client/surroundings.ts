import { GatewayError } from '../protocol/errors.ts';
import type { WebSocketConstructor } from './socket.ts';

/** A gateway's address with what opens its door, and where each was found, for error messages. */
export interface Located {
  url: string;
  /** Where the url comes from, for people: `OPENCLAW_GATEWAY_URL`, a file, an option. */
  urlFrom: string;
  token?: string | undefined;
  password?: string | undefined;
  /** Where the token or password comes from, for people. */
  credentialFrom?: string | undefined;
  /** SHA-256 that the gateway's certificate must have; undefined: whom the system trusts. */
  tlsFingerprint?: string | undefined;
  /** Where the fingerprint comes from, for people. */
  tlsFingerprintFrom?: string | undefined;
  /** What to do when nobody answers there. */
  hint: string;
}

/** What the application said about the gateway. */
export interface Wanted {
  url?: string | undefined;
  token?: string | undefined;
  password?: string | undefined;
  tlsFingerprint?: string | undefined;
  /** False: nothing is sent but what is given here. */
  findCredentials?: boolean | undefined;
}

/** What differs between a browser and Node. */
export interface Surroundings {
  /** Name of the platform for `connect`. */
  platform: string;
  /**
   * Finds the gateway. Asked before every attempt to connect, since a gateway may move.
   * @param last where it was when it last let this client in: better than guessing while it restarts.
   */
  locate(wanted: Wanted, last: Located | undefined): Promise<Located>;
  /**
   * The WebSocket class to use for a gateway.
   * @param given that of the application, if any.
   */
  webSocket(located: Located, given: WebSocketConstructor | undefined): Promise<WebSocketConstructor>;
  /**
   * Finds out why a socket to the url did not open.
   * @param said what the WebSocket class said, if anything.
   */
  diagnose(url: string, said?: string): Promise<string>;
}

/** A url and credentials as the application gave them. */
function toLocated({ url, token, password }: Wanted & { url: string }): Located {
  return {
    url: toSocketUrl(url),
    urlFrom: 'the option url',
    token,
    password,
    credentialFrom: `the option ${token === undefined ? 'password' : 'token'}`,
    hint: 'check that the gateway runs there and that nothing between blocks it',
  };
}

/** A WebSocket url from what people write: `http` and `https` become `ws` and `wss`. */
export function toSocketUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:') parsed.protocol = 'ws:';
  if (parsed?.protocol === 'https:') parsed.protocol = 'wss:';
  if (parsed?.protocol !== 'ws:' && parsed?.protocol !== 'wss:')
    throw new GatewayError('INVALID_REQUEST', `"${url}" is no gateway url; write it like ws://127.0.0.1:18789`);
  return parsed.href.replace(/\/$/, '');
}

/** Browsers, and everything else without files: the url must be given. */
export const webSurroundings: Surroundings = {
  platform: 'web',
  async locate({ url, tlsFingerprint, ...credentials }) {
    if (tlsFingerprint !== undefined)
      throw new GatewayError(
        'INVALID_REQUEST',
        'a page cannot pin a certificate: leave tlsFingerprint out, and have the browser trust it',
      );
    if (url !== undefined) return toLocated({ url, ...credentials });
    throw new GatewayError(
      'INVALID_REQUEST',
      "no gateway url: pass one, as in new OpenClaw({ url: 'wss://gateway.example' })",
    );
  },
  async webSocket(_, given) {
    if (given) return given;
    if (typeof WebSocket === 'function') return WebSocket as unknown as WebSocketConstructor;
    throw new GatewayError(
      'INVALID_REQUEST',
      'this runtime has no WebSocket: pass a class as the option webSocket, for example that of the package ws',
    );
  },
  diagnose: async (_, said) => said ?? 'the socket could not be opened',
};
