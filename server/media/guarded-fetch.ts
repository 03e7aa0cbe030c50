import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { type Address, isAddress, isElsewhere, type LookUp, lookUpName } from './addresses.ts';
import { readBody } from './remote-body.ts';
import { isListedHost, parseRedirect, parseRemoteUrl, toHost } from './remote-url.ts';

/*
 * One address of a stranger's choice, fetched so that it cannot reach anything but the public internet:
 *
 *   address, host list -> names to IP addresses -> all public? -> connection to exactly those -> answer
 *           ^                                                                                     |
 *           +------------------------------- at most `maxRedirects` times ----------------------- +
 *
 * The name is looked up once: one that leads to another address a moment later changes nothing.
 */

export interface FetchOptions {
  /** Hosts that may be asked; empty or absent: any. */
  urlAllowlist?: readonly string[] | undefined;
  /** Also of what a compressed answer becomes. */
  maxBytes: number;
  maxRedirects: number;
  /** Milliseconds for everything together. */
  timeoutMs: number;
  /** What the answer should be, for the `accept` header. */
  accept: readonly string[];
  /** Called with the size of each piece as it comes; what it throws ends the fetch. */
  spend?: ((bytes: number) => void) | undefined;
}

/** An image or a file as it came. */
export interface Fetched {
  bytes: Buffer;
  /** As the answer has it; empty when it does not say. */
  contentType: string;
  /** Last part of the path, when it looks like a file's name. */
  fileName: string | undefined;
}

/** Why an address was not fetched. The message is made for the caller: of addresses inside, it tells no more than that. */
export class FetchRefusal extends Error {
  readonly kind: 'address' | 'size' | 'failed';
  constructor(kind: FetchRefusal['kind'], message: string) {
    super(message);
    this.name = 'FetchRefusal';
    this.kind = kind;
  }
}

/** How names become addresses, and which of them may be asked. */
export interface Resolving {
  lookUp: LookUp;
  isAllowed(address: string): boolean;
  /** Certificates to trust besides the usual ones. */
  ca?: string | undefined;
}

export type GuardedFetch = (url: string, options: FetchOptions, signal: AbortSignal) => Promise<Fetched>;

/**
 * Makes a function that fetches a remote image or file: without cookies, names or passwords, and with no proxy in between. It
 * rejects with a FetchRefusal, or with the reason of `signal`.
 */
export function createGuardedFetch(
  resolving: Resolving = { lookUp: lookUpName, isAllowed: (address) => isElsewhere(address) },
): GuardedFetch {
  return async (text, options, caller) => {
    const deadline = AbortSignal.timeout(options.timeoutMs);
    const signal = AbortSignal.any([caller, deadline]);
    try {
      return await follow(text, { ...options, resolving, signal });
    } catch (error) {
      caller.throwIfAborted();
      if (error instanceof FetchRefusal) throw error;
      throw failed(deadline.aborted ? `it did not arrive within ${options.timeoutMs} ms` : toReason(error));
    }
  };
}

// --- internal ---

interface Trip extends FetchOptions {
  resolving: Resolving;
  signal: AbortSignal;
}

const notAllowed = () => new FetchRefusal('address', 'its address is not allowed, or leads nowhere');
const failed = (reason: string) => new FetchRefusal('failed', reason);

async function follow(text: string, trip: Trip): Promise<Fetched> {
  let url = parseRemoteUrl(text);
  for (let redirects = 0; ; redirects++) {
    if (!url) throw notAllowed();
    if (!isListedHost(toHost(url), trip.urlAllowlist)) throw new FetchRefusal('address', 'its host is not on the list');
    const answer = await ask(url, trip);
    if ('bytes' in answer) return answer;
    if (redirects === trip.maxRedirects) throw failed(`it leads to another address more than ${redirects} times`);
    url = parseRedirect(answer.location, url);
  }
}

async function ask(url: URL, trip: Trip): Promise<Fetched | { location: string }> {
  const { resolving, signal, timeoutMs } = trip;
  const addresses = await findAddresses(toHost(url), trip);
  // Most gateways never fetch anything; it is not loaded with them.
  const { Agent } = await import('undici');
  const agent = new Agent({
    connect: { lookup: pinTo(addresses), timeout: timeoutMs, ...(resolving.ca && { ca: resolving.ca }) },
    connections: 1,
    maxHeaderSize: 16 * 1024,
  });
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: {
        accept: [...trip.accept, '*/*;q=0.1'].join(', '),
        // Asked for as it is; who compresses all the same is read within the same limit.
        'accept-encoding': 'identity',
        'user-agent': 'openclaw-gateway',
      },
      signal,
    });
    return await read(answer, url, trip);
  } finally {
    // An answer that was not read to its end must not go on arriving.
    await agent.destroy();
  }
}

async function read(answer: Dispatcher.ResponseData, url: URL, { maxBytes, signal, spend }: Trip) {
  const { statusCode: status, headers } = answer;
  const header = (name: string) => [headers[name] ?? ''].flat()[0] ?? '';
  // What destroying the connection does to a body that nobody reads is of no interest.
  answer.body.on('error', () => undefined);
  if ([301, 302, 303, 307, 308].includes(status)) return { location: header('location') };
  if (status !== 200) throw failed(`its server answers with status ${status}`);
  const tooLarge = () => new FetchRefusal('size', `it is larger than ${maxBytes} bytes`);
  if (Number(header('content-length')) > maxBytes) throw tooLarge();
  const bytes = await readBody(answer.body, {
    encoding: header('content-encoding'),
    maxBytes,
    tooLarge,
    spend,
    signal,
  });
  return { bytes, contentType: header('content-type'), fileName: toFileName(url) };
}

/** The addresses of a host, all of which may be asked: one that may not shows whose name it is. */
async function findAddresses(host: string, { resolving, signal }: Trip): Promise<Address[]> {
  if (isAddress(host)) {
    if (!resolving.isAllowed(host)) throw notAllowed();
    return [{ address: host, family: host.includes(':') ? 6 : 4 }];
  }
  const addresses = await abortable(resolving.lookUp(host), signal).catch((): Address[] => []);
  signal.throwIfAborted();
  if (addresses.length === 0 || !addresses.every(({ address }) => resolving.isAllowed(address))) throw notAllowed();
  return addresses;
}

/** Gives the connection these addresses, whatever the name leads to by now. */
function pinTo(addresses: readonly Address[]): LookupFunction {
  return (_hostname, options, callback) => {
    const wanted = addresses.filter(({ family }) => !options.family || family === Number(options.family));
    const [first] = wanted;
    if (!first) return callback(new Error('no address of this family'), '');
    if (options.all) callback(null, [...wanted]);
    else callback(null, first.address, first.family);
  };
}

/** A name server that is slow cannot be told to stop; it is not waited for. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

function toFileName({ pathname }: URL): string | undefined {
  try {
    const name = decodeURIComponent(pathname.split('/').at(-1) ?? '');
    return /^[^/\\]+\.\w{1,10}$/.test(name) ? name.slice(-200) : undefined;
  } catch {
    // A path that does not decode has no name for people either.
    return undefined;
  }
}

/** What a connection's failure says to the caller: nothing of addresses. */
function toReason(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  const certificate = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(String(code));
  return certificate
    ? 'its server has no certificate that can be trusted'
    : 'its server could not be reached or broke off';
}
