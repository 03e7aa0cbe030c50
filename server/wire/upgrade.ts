import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Caller, toCaller } from '../auth/caller.ts';
import { isAllowedHost } from '../auth/origin.ts';
import type { ProxySettings } from '../auth/proxies.ts';
import type { Limits } from './limits.ts';

/** Counts the sockets of each address that wait for hello. */
export interface Antechamber {
  /** @returns how to leave, or undefined when too many of that address wait already. */
  enter(address: string): (() => void) | undefined;
  readonly size: number;
}

export function limitPreauth({
  maxPreauthConnectionsPerAddress,
}: Pick<Limits, 'maxPreauthConnectionsPerAddress'>): Antechamber {
  const waiting = new Map<string, number>();
  let size = 0;
  return {
    enter(address) {
      const count = waiting.get(address) ?? 0;
      if (count >= maxPreauthConnectionsPerAddress) return undefined;
      waiting.set(address, count + 1);
      size++;
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        size--;
        const left = (waiting.get(address) ?? 1) - 1;
        if (left > 0) waiting.set(address, left);
        else waiting.delete(address);
      };
    },
    get size() {
      return size;
    },
  };
}

/**
 * Reads who asks for a socket. A proxy has names of its own; anybody else on this machine must have used one of ours.
 * @returns `host` when the `Host` header says that a browser was led here by a false name, `attribution` when a program on
 * this machine passes it on that may not say for whom.
 */
export function readCaller(
  request: IncomingMessage,
  { allowedOrigins, proxies }: { allowedOrigins: readonly string[]; proxies?: ProxySettings | undefined },
): Caller | 'host' | 'attribution' {
  const caller = toCaller(request, proxies);
  if (caller.unattributed) return 'attribution';
  return caller.local && !isAllowedHost(caller.host, allowedOrigins) ? 'host' : caller;
}

const refusals = {
  stopping: { status: '503 Service Unavailable', type: 'api_error', message: 'the gateway is stopping' },
  crowded: {
    status: '503 Service Unavailable',
    type: 'api_error',
    message: 'too many connections wait for authentication',
  },
  host: {
    status: '403 Forbidden',
    type: 'forbidden',
    message: 'this host name is not allowed: use 127.0.0.1, or add its origin to gateway.controlUi.allowedOrigins',
  },
  attribution: {
    status: '403 Forbidden',
    type: 'forbidden',
    message:
      'proxy_attribution_required: add the address of the proxy (127.0.0.1 or ::1) to gateway.trustedProxies, and let it overwrite X-Forwarded-For',
  },
  handshake: {
    status: '400 Bad Request',
    type: 'invalid_request_error',
    message: 'this is no handshake of a WebSocket',
  },
} as const;

/** Milliseconds. */
const lingerMs = 2000;

const codes = {
  stopping: 'UNAVAILABLE',
  crowded: 'UNAVAILABLE',
  host: 'FORBIDDEN',
  attribution: 'proxy_attribution_required',
  handshake: 'INVALID_REQUEST',
} as const;

/** Answers a request for a socket with an HTTP status, in the shape of all errors over HTTP. @param detail says more. */
export function refuseUpgrade(socket: Duplex, why: keyof typeof refusals, detail?: string): void {
  const { status, type, message } = refusals[why];
  const text = detail ? `${message}: ${detail}` : message;
  const body = `${JSON.stringify({ error: { message: text, type, code: codes[why], param: null } })}\n`;
  const headers = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    ...(why === 'handshake' ? ['Sec-WebSocket-Version: 13'] : []),
  ];
  socket.once('error', () => socket.destroy());
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
  // The answer gets time to arrive, and nobody keeps the connection who does not close its half.
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer)).resume();
}
