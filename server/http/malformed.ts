import { randomUUID } from 'node:crypto';
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../log/log.ts';
import { type HttpFailure, refuse, toErrorBody, toHttpFailure } from './failure.ts';

export interface MalformedOptions {
  log: Log;
  /** The answer that is under way on a connection, if any. */
  answering(socket: Duplex): ServerResponse | undefined;
  /** Headers of every answer, besides those of the request. */
  headers(): Record<string, string>;
}

/**
 * Answers what `node:http` cannot read as a request: in JSON, where the connection can still be written to and no answer has
 * begun on it. The connection ends with it.
 */
export function answerMalformed(server: Server, { log, answering, headers }: MalformedOptions): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isGone = error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable;
    // A handshake that failed, because the client trusts another certificate or speaks no TLS that is left.
    const isTls = /^(ERR_SSL|EPROTO|ERR_TLS)/.test(error.code ?? '');
    if (isTls) log.debug('TLS handshake failed', { code: error.code });
    if (isTls || isGone || answering(socket)?.headersSent) {
      socket.destroy();
      return;
    }
    const id = `req_${randomUUID().replaceAll('-', '')}`;
    const failure = toFailure(error, id);
    log.warn(`malformed request refused: ${failure.message}`, { requestId: id, status: failure.status });
    socket.once('error', () => socket.destroy());
    socket.end(toAnswer(failure, { ...headers(), 'x-request-id': id }), () => socket.destroy());
  });
}

// --- internal ---

function toFailure({ code, message }: NodeJS.ErrnoException, id: string): HttpFailure {
  if (code === 'HPE_HEADER_OVERFLOW')
    return toHttpFailure(refuse(431, 'the headers of the request are too large: they may have 16 KiB together'), id);
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return toHttpFailure(refuse(413, 'the extensions of a chunk are too large: leave them out'), id);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return toHttpFailure(refuse(408, 'the request did not arrive in time: send it without pauses'), id);
  // The parser names what it expected, never what it was sent.
  const reason = message.replace(/^Parse Error:? ?/, '') || 'it cannot be parsed';
  return toHttpFailure(refuse(400, `this is no HTTP/1.1 request: ${reason}`), id);
}

function toAnswer(failure: HttpFailure, headers: Record<string, string>): string {
  const body = JSON.stringify(toErrorBody(failure));
  const head = {
    ...headers,
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  const { status } = failure;
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}
