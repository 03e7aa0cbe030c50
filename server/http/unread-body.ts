import type { IncomingMessage, ServerResponse } from 'node:http';

/*
 * A body that nobody will read, because the request was refused before or in the middle of it:
 *
 *   small, announced, on its way -> discarded as it comes, and the connection serves the next request
 *   anything else                -> `connection: close`; this side is closed after the answer, and what still comes is
 *                                   discarded for a while, because a connection that is cut while its client writes
 *                                   takes the answer with it (RFC 9112, 9.6)
 */

/** Bytes that are cheaper to discard than a new connection is to open. */
const maxDiscardedBytes = 64 * 1024;
/** Milliseconds that the rest of a body is discarded for. */
const lingerMs = 2000;

const uninvited = new WeakMap<IncomingMessage, ServerResponse>();

/** Takes down that the client waits for `100 Continue` before it sends its body. */
export function awaitInvitation(req: IncomingMessage, res: ServerResponse): void {
  uninvited.set(req, res);
}

/** Tells a client that waits for it to send its body. Called by who reads it. */
export function inviteBody(req: IncomingMessage): void {
  uninvited.get(req)?.writeContinue();
  uninvited.delete(req);
}

/** Decides what becomes of a body that is not read to its end. Called before the head of the answer is sent. */
export function forgoBody(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || !hasBody(req)) return;
  const isSmall = Number(req.headers['content-length']) <= maxDiscardedBytes;
  // Who waits for an invitation may send the body or the next request now: nobody can tell which of the two comes.
  if (isSmall && !uninvited.has(req) && res.getHeader('connection') !== 'close') discard(req);
  else {
    res.setHeader('connection', 'close');
    linger(req);
  }
}

// --- internal ---

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

function discard(req: IncomingMessage): void {
  const timer = setTimeout(() => req.socket.destroy(), lingerMs).unref();
  req.once('close', () => clearTimeout(timer));
  req.resume();
}

/** Node ends a connection with the answer and drops at once what comes after it; this one is given the time to hear of it. */
function linger(req: IncomingMessage): void {
  const { socket } = req;
  const drop = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (req.complete || socket.destroyed) return drop();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once('close', () => clearTimeout(timer));
    req.once('end', drop).resume();
  };
}
