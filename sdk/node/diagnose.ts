import { connect } from 'node:net';

/** Milliseconds that finding out may take. */
const patienceMs = 1000;

/**
 * Says why no WebSocket opens at a url. Node's own WebSocket class keeps that to itself, so a plain socket is tried; and
 * what any class says is made clearer where TLS is the reason.
 * @param said what the class said, if anything.
 */
export async function diagnose(url: string, said?: string): Promise<string> {
  const { protocol } = new URL(url);
  if (protocol === 'wss:' && (said === undefined || /certificate|SSL|TLS|altname/i.test(said)))
    return (await diagnoseTls(url)) ?? said ?? (await diagnosePlainly(url));
  if (protocol === 'ws:' && (said === undefined || /Unexpected server response: 400|non-101|socket hang up/.test(said)))
    return (await diagnoseHttp(url)) ?? said ?? (await diagnosePlainly(url));
  return said ?? diagnosePlainly(url);
}

// --- internal ---

function toPlace(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'wss:' ? 443 : 80) };
}

function diagnosePlainly(url: string): Promise<string> {
  const socket = connect(toPlace(url));
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

/** What is wrong with the certificate, and what to do about it; undefined when TLS is not the matter. */
async function diagnoseTls(url: string): Promise<string | undefined> {
  const { connect: connectTls } = await import('node:tls');
  const { host, port } = toPlace(url);
  const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: patienceMs });
  return new Promise((resolve) => {
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('secureConnect', () => {
      const { authorizationError } = socket;
      const { fingerprint256 } = socket.getPeerCertificate();
      const pin = `if it is the gateway's own ("openclaw gateway status" there tells), pin it with --tls-fingerprint ${fingerprint256}`;
      end(authorizationError && `its certificate is not trusted (${authorizationError}): ${pin}`);
    });
    socket.once('timeout', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(/^(ERR_SSL|EPROTO)/.test(error.code ?? '') ? 'what listens there does not speak TLS: use ws://' : undefined),
    );
  });
}

/** What a gateway says to those who speak HTTP to it; undefined when it is none, or has nothing to say. */
async function diagnoseHttp(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url.replace(/^ws/, 'http'), { signal: AbortSignal.timeout(patienceMs) });
    const { error } = (await answer.json()) as { error?: { code?: unknown; message?: unknown } };
    return error?.code === 'TLS_REQUIRED' ? String(error.message).slice(0, 200) : undefined;
  } catch {
    // No HTTP at all, or nobody: the plain look tells which.
    return undefined;
  }
}

/** A name with several addresses fails with an error for each. */
function toReason(error: Error): string {
  const reasons = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return reasons.map(({ message }) => message).join('; ');
}
