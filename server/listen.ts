import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { createServer, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, isGatewayError } from '../sdk/protocol/errors.ts';
import type { TlsMaterial } from './tls/material.ts';
import { answerPlainHttp } from './tls/plain-http.ts';

export interface ListenOptions {
  /** 0 takes any free port, the same one on every host. */
  port: number;
  /** IP addresses, at least one. */
  hosts: readonly string[];
  onRequest: RequestListener;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Called with each server before it listens. */
  attach?: ((server: Server) => void) | undefined;
  /** Speaks TLS with it, and tells those who speak plain HTTP to do so. Default: plain HTTP. */
  tls?: TlsMaterial | undefined;
  /** What to do about a port that is in use. Default: it is tried once. */
  retry?: Retry | undefined;
}

/** A process that ends leaves its port in use for a moment. */
export interface Retry {
  /** How often to try, {@link retryMs} apart. */
  tries: number;
  /** Told before the second try. */
  onWait?: ((why: string) => void) | undefined;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
}

export interface Listening {
  port: number;
  /** Answers new connections with another certificate. Connections that there are stay. */
  renew(tls: TlsMaterial): void;
  /** Stops listening, ends idle sockets at once and busy ones after `closeGraceMs`. */
  close(): Promise<void>;
}

/** What a request that is being answered is given when the listener closes, milliseconds. */
const closeGraceMs = 2_000;
/** Milliseconds between two tries of a port that is in use. */
export const retryMs = 500;

/**
 * Serves HTTP and sockets on one port of one or more addresses.
 * @throws GatewayError UNAVAILABLE when the port is taken, forbidden, or the address is not of this machine; then nothing listens.
 */
export async function listen({ port, hosts, retry, ...front }: ListenOptions): Promise<Listening> {
  const listening: Listening[] = [];
  const close = async () => {
    await Promise.all(listening.map((one) => one.close()));
  };
  try {
    for (const host of hosts) {
      const address = { host, port: listening[0]?.port ?? port };
      listening.push(await insist(() => listenOn(address, front), retry));
    }
  } catch (error) {
    // Half a gateway is none: what was opened before goes as well.
    await close();
    throw error;
  }
  const renew = (tls: TlsMaterial) => {
    for (const one of listening) one.renew(tls);
  };
  return { port: listening[0]?.port ?? port, renew, close };
}

/** Tries again while the port is in use. */
async function insist(open: () => Promise<Listening>, retry: Retry = { tries: 1 }): Promise<Listening> {
  for (let tried = 1; ; tried++) {
    try {
      return await open();
    } catch (error) {
      if (tried >= retry.tries || !isGatewayError(error) || error.details?.errno !== 'EADDRINUSE') throw error;
      if (tried === 1)
        retry.onWait?.(`port ${error.details.port} is in use, trying for ${(retry.tries * retryMs) / 1000} s`);
    }
    await sleep(retryMs, undefined, { signal: retry.signal });
  }
}

interface Address {
  host: string;
  port: number;
}

const secureDefaults = { minVersion: 'TLSv1.2' } as const;

type Front = Pick<ListenOptions, 'onRequest' | 'onUpgrade' | 'attach' | 'tls'>;

async function listenOn(address: Address, { onRequest, onUpgrade, attach, tls }: Front): Promise<Listening> {
  await probe(address);
  const { listen: open } = await import('listhen');
  // A function of its own, by which its server can be told from all others of the process.
  const serve: RequestListener = (request, response) => onRequest(request, response);
  const birth = watchBirth(serve, { onUpgrade, attach, tls });
  try {
    const { server } = await Promise.race([
      open(serve, { ...toListhenOptions(address), https: tls ? { cert: tls.cert, key: tls.key } : false }),
      birth.failure,
    ]);
    return await toListening(server as Server, address, birth.endOpening);
  } catch (error) {
    // When somebody took the port after the first look, listhen only says that there is none.
    await probe(address);
    throw toGatewayError(error, address);
  } finally {
    birth.close();
  }
}

/** Everything that listhen would otherwise decide from argv, the environment, a terminal or a busy port. */
function toListhenOptions({ host, port }: Address) {
  return {
    hostname: host,
    port: { port, random: port === 0, ports: [], portRange: [], alternativePortRange: [] } as never,
    public: !/^(127\.|::1$)/.test(host),
    isProd: true,
    isTest: true,
    ws: false,
    tunnel: false,
    open: false,
    clipboard: false,
    showURL: false,
    qr: false,
    autoClose: false,
  } as const;
}

async function toListening(server: Server, { host, port }: Address, endOpening: () => void): Promise<Listening> {
  const bound = server.address();
  const listening: Listening = {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    renew: (tls) => (server as SecureServer).setSecureContext({ ...tls, ...secureDefaults }),
    close: () => {
      endOpening();
      return closeServer(server);
    },
  };
  if (typeof bound === 'object' && bound?.address === host && (port === 0 || bound.port === port)) return listening;
  await listening.close();
  throw new Error(`listhen opened ${JSON.stringify(bound)} instead`);
}

/**
 * Listhen neither shows its server before it listens nor notices that it failed to. Node announces every server that is
 * about to: there this one gets its `upgrade`, its `error` and all that is attached to it.
 */
function watchBirth(serve: RequestListener, { onUpgrade, attach, tls }: Omit<Front, 'onRequest'>) {
  const { promise: failure, reject } = Promise.withResolvers<never>();
  let endOpening = () => {};
  const births = channel('tracing:net.server.listen:asyncStart');
  const onBirth = (message: unknown) => {
    const { server } = message as { server: Server };
    if (!server.listeners('request').includes(serve)) return;
    server.on('upgrade', onUpgrade);
    attach?.(server);
    if (tls) {
      (server as SecureServer).setSecureContext({ ...tls, ...secureDefaults });
      endOpening = answerPlainHttp(server);
    }
    // Java's client offers HTTP/2 with every first request, and wants an answer all the same (RFC 9110, 7.8).
    Object.assign(server, { shouldUpgradeCallback: isForWebSocket });
    server.once('error', reject);
    server.once('listening', () => server.off('error', reject));
  };
  births.subscribe(onBirth);
  // When nobody waits for it any more, a failure is not news.
  failure.catch(() => {});
  return { failure, endOpening: () => endOpening(), close: () => void births.unsubscribe(onBirth) };
}

function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Tries the port the plain way, because listhen only says that it could not get one. */
async function probe(address: Address): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...address, exclusive: true }, resolve);
    });
  } catch (error) {
    throw toGatewayError(error, address);
  }
  await new Promise((resolve) => server.close(resolve));
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(timer);
}

function toGatewayError(error: unknown, { host, port }: Address): GatewayError {
  const { code: errno, message } = error as NodeJS.ErrnoException;
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const texts: Record<string, string> = {
    EADDRINUSE: `another gateway instance is already listening on ws://${place} | ${message}`,
    EACCES: `no permission to listen on ${place} (${message}): choose a port above 1023 with --port`,
    EADDRNOTAVAIL: `${host} is not an address of this machine (${message}): correct gateway.customBindHost or gateway.bind`,
  };
  const text = texts[errno ?? ''] ?? `cannot listen on ${place} (${message}): choose another port with --port`;
  return new GatewayError('UNAVAILABLE', text, { details: { errno, host, port }, cause: error });
}
