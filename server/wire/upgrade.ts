import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Caller, toCaller } from '../auth/caller.ts';
import { isAllowedHost } from '../auth/origin.ts';
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
 * @returns undefined when the `Host` header says that a browser was led here by a false name.
 */
export function readCaller(request: IncomingMessage, allowedOrigins: readonly string[]): Caller | undefined {
  const caller = toCaller(request);
  return caller.local && !isAllowedHost(caller.host, allowedOrigins) ? undefined : caller;
}

const refusals = {
  stopping: { status: '503 Service Unavailable', message: 'the gateway is stopping' },
  crowded: { status: '503 Service Unavailable', message: 'too many connections wait for authentication' },
  host: {
    status: '403 Forbidden',
    message: 'this host name is not allowed: use 127.0.0.1, or add its origin to gateway.controlUi.allowedOrigins',
  },
} as const;

/** Answers a request for a socket with an HTTP status. */
export function refuseUpgrade(socket: Duplex, why: keyof typeof refusals): void {
  const { status, message } = refusals[why];
  const body = `${JSON.stringify({ error: { message, code: why === 'host' ? 'FORBIDDEN' : 'UNAVAILABLE' } })}\n`;
  const headers = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.once('error', () => socket.destroy());
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}
