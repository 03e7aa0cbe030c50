import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { WebSocketConstructor } from '../client/socket.ts';
import type { Located } from '../client/surroundings.ts';
import { GatewayError } from '../protocol/errors.ts';

/**
 * A WebSocket class that opens nothing but sockets to the certificate of this fingerprint, whoever has signed it and whatever
 * names stand in it; made of that of the package `ws`. It is looked at before the first byte of a request leaves: a wrong one is TLS_FINGERPRINT_MISMATCH.
 * @throws GatewayError INVALID_REQUEST for a text that is no fingerprint.
 */
export function pinned(WebSocket: typeof import('ws').WebSocket, located: Located): WebSocketConstructor {
  const expected = toFingerprint(located.tlsFingerprint ?? '');
  if (expected === undefined) throw notOne(located);
  const pin = { expected, located };
  return class PinnedWebSocket extends WebSocket {
    constructor(url: string) {
      super(url, {
        createConnection: (_: unknown, done: (error: Error | undefined, socket?: TLSSocket) => void) =>
          void connectPinned(url, pin).then((socket) => done(undefined, socket), done),
      } as never);
    }
  } as unknown as WebSocketConstructor;
}

/** 64 hexadecimal digits, lower case, of a SHA-256 however it is written; undefined when it is none. */
export function toFingerprint(text: string): string | undefined {
  const digits = text
    .trim()
    .replace(/^sha-?256[:=\s]*/i, '')
    .replace(/[:\s]/g, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
}

/** The usual spelling: pairs of digits, upper case, with colons. */
function formatFingerprint(digits: string): string {
  return (digits.toUpperCase().match(/../g) ?? []).join(':');
}

// --- internal ---

interface Pinned {
  expected: string;
  located: Located;
}

function connectPinned(url: string, { expected, located }: Pinned): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port) || 443,
      ALPNProtocols: ['http/1.1'],
      // The pin says whom to trust; no authority has a say beside it.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 && { servername: host }),
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const found = toFingerprint(String(socket.getPeerCertificate().fingerprint256));
      if (found === expected) {
        socket.off('error', reject);
        return resolve(socket);
      }
      socket.destroy();
      reject(mismatch({ expected, located }, found));
    });
  });
}

function mismatch({ expected, located }: Pinned, found: string | undefined): GatewayError {
  const { url, tlsFingerprintFrom } = located;
  const shown = found === undefined ? 'of none' : formatFingerprint(found);
  const details = { url, expected: formatFingerprint(expected), found: found && formatFingerprint(found) };
  return new GatewayError(
    'TLS_FINGERPRINT_MISMATCH',
    `${url} shows the certificate SHA-256 ${shown}, and ${details.expected} was expected (from ${tlsFingerprintFrom}): ` +
      'nothing was sent. Compare with "openclaw gateway status" where the gateway runs; correct the fingerprint if its certificate was renewed, and connect no further if it was not',
    { details: { ...details, expectedFrom: tlsFingerprintFrom } },
  );
}

function notOne({ tlsFingerprint, tlsFingerprintFrom }: Located): GatewayError {
  return new GatewayError(
    'INVALID_REQUEST',
    `"${tlsFingerprint}" (from ${tlsFingerprintFrom}) is no SHA-256 fingerprint: write its 64 hexadecimal digits, with or without colons`,
    { details: { code: 'INVALID_FINGERPRINT' } },
  );
}
