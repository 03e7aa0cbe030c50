import { connect } from 'node:net';

/** Milliseconds that finding out may take. */
const patienceMs = 1000;

/** Says why no WebSocket opens at a url. Node's own WebSocket class keeps that to itself, so a plain socket is tried. */
export function diagnose(url: string): Promise<string> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(port) || (protocol === 'wss:' ? 443 : 80) });
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(`no answer within ${patienceMs} ms`), patienceMs);
    const end = (reason: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end('something listens there, but it lets no WebSocket open'));
    socket.once('error', (error) => end(toReason(error)));
  });
}

/** A name with several addresses fails with an error for each. */
function toReason(error: Error): string {
  const reasons = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return reasons.map(({ message }) => message).join('; ');
}
