import { WebSocket } from 'ws';
import { toConnectParams } from '../../sdk/client/handshake.ts';
import { Line } from '../../sdk/client/line.ts';
import type { WebSocketConstructor } from '../../sdk/client/socket.ts';
import { type Located, toSocketUrl } from '../../sdk/client/surroundings.ts';
import { requireEncryption } from '../../sdk/node/cleartext.ts';
import { diagnose } from '../../sdk/node/diagnose.ts';
import { pinned } from '../../sdk/node/pin.ts';
import { findGatewayError, GatewayError } from '../../sdk/protocol/errors.ts';
import type { ResponseFrame } from '../../sdk/protocol/frames.ts';
import type { HealthSnapshot, StatusSummary } from '../../sdk/protocol/health.ts';
import type { HelloOk } from '../../sdk/protocol/hello.ts';
import { version } from '../version.ts';

/** Which gateway to try, as whom, with how much patience. */
export interface ProbeOptions {
  /** `ws://`, `wss://`, or the same with `http`. */
  url: string;
  /** Presented as they are; nothing is looked up. Default: none. */
  credentials?: { token?: string | undefined; password?: string | undefined } | undefined;
  /** Milliseconds for all of it. Default 3000. */
  timeoutMs?: number | undefined;
  /** SHA-256 that the certificate of a `wss://` url must have. Default: whom the system trusts. */
  tlsFingerprint?: string | undefined;
  /** Opens the socket. Default the class of the package `ws`. */
  webSocket?: WebSocketConstructor | undefined;
}

/** The best that the credentials can do, as far as the handshake told. */
export type Capability =
  | 'admin_capable'
  | 'write_capable'
  | 'read_only'
  | 'connected_no_operator_scope'
  | 'pairing_pending'
  | 'unknown';

/** What became of one attempt. */
export interface Probe {
  url: string;
  /** True when a gateway answered, also when it refused: somebody is there. */
  reachable: boolean;
  connect: {
    /** `hello-ok` came. */
    ok: boolean;
    /** A call that needs `operator.read` was answered as well. */
    rpcOk: boolean;
    /** That call was refused for want of a scope. */
    scopeLimited: boolean;
    /** Milliseconds from dialling to `hello-ok`, or to the refusal; null when nobody answered. */
    latencyMs: number | null;
    error: ProbeError | null;
  };
  /** As whom it was let in; null when it was not. */
  auth: { role: string; scopes: string[]; method: string | null; capability: Capability } | null;
  /** Who answered; null when nobody said so. */
  server: { version: string; connId: string; bootId: string | null; uptimeMs: number } | null;
  capability: Capability;
  /** The answer of the call; undefined without `rpcOk`. */
  status?: StatusSummary | undefined;
  /** As hello told it. */
  health?: HealthSnapshot | undefined;
}

export interface ProbeError {
  /** Of the GatewayError, or the `details.code` that narrows it down, for example `AUTH_TOKEN_MISMATCH`. */
  code: string;
  message: string;
}

/** Connects once, asks once, and hangs up. Never throws: what went wrong is the answer. Nothing is retried or paired. */
export async function probeGateway(options: ProbeOptions): Promise<Probe> {
  const { url, timeoutMs = 3000 } = options;
  const startedAt = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startedAt);
  const probe = emptyProbe(url);
  let talk: Talk | undefined;
  try {
    talk = openTalk(options, timeoutMs);
    noteHello(probe, await talk.hello, elapsedMs());
    noteAnswer(probe, await talk.ask('status', timeoutMs - elapsedMs()));
    await talk.close();
  } catch (error) {
    noteFailure(probe, error, elapsedMs());
    // It has failed already: a peer that does not say goodbye either is not waited for.
    void talk?.close();
  }
  return probe;
}

// --- internal ---

/** One socket, for one conversation. */
interface Talk {
  hello: Promise<HelloOk>;
  ask(method: string, timeoutMs: number): Promise<ResponseFrame>;
  close(): Promise<void>;
}

/** @throws GatewayError for a url that is none, and for one at which the credentials would travel in the clear. */
function openTalk({ url, credentials = {}, tlsFingerprint, webSocket }: ProbeOptions, timeoutMs: number): Talk {
  const pin = { tlsFingerprint, tlsFingerprintFrom: 'what is known of it here' };
  const located: Located = { url: toSocketUrl(url), urlFrom: 'the probe', hint: '', ...credentials, ...pin };
  if (credentials.token || credentials.password) requireEncryption(located, process.env);
  const mayPin = tlsFingerprint !== undefined && located.url.startsWith('wss:');
  const hello = Promise.withResolvers<HelloOk>();
  const answer = Promise.withResolvers<ResponseFrame>();
  // Whoever waits for the one hears of the failure; the other must not count as unhandled.
  answer.promise.catch(() => {});
  const client = { id: 'cli', mode: 'cli', version } as const;
  const introduction = { client, platform: process.platform, instanceId: crypto.randomUUID() };
  const line = new Line(
    {
      located,
      webSocket: webSocket ?? (mayPin ? pinned(WebSocket, located) : (WebSocket as unknown as WebSocketConstructor)),
      connectParams: toConnectParams(introduction, located),
      connectTimeoutMs: timeoutMs,
      diagnose,
    },
    {
      opened() {},
      ready: hello.resolve,
      frame: (frame) => frame.type === 'res' && frame.id === askId && answer.resolve(frame),
      ended({ error }) {
        hello.reject(error);
        answer.reject(error);
      },
    },
  );
  return {
    hello: hello.promise,
    async ask(method, patienceMs) {
      line.send(JSON.stringify({ type: 'req', id: askId, method, params: {} }));
      const timer = setTimeout(() => answer.reject(tooLate(method, timeoutMs)), Math.max(1, patienceMs));
      return answer.promise.finally(() => clearTimeout(timer));
    },
    close: () => line.close(),
  };
}

const askId = 'probe';

function emptyProbe(url: string): Probe {
  return {
    url,
    reachable: false,
    connect: { ok: false, rpcOk: false, scopeLimited: false, latencyMs: null, error: null },
    auth: null,
    server: null,
    capability: 'unknown',
  };
}

function noteHello(probe: Probe, hello: HelloOk, latencyMs: number): void {
  const { role, scopes, method = null } = hello.auth;
  probe.reachable = true;
  probe.connect.ok = true;
  probe.connect.latencyMs = latencyMs;
  probe.capability = toCapability(scopes);
  probe.auth = { role, scopes, method, capability: probe.capability };
  const { version: serverVersion, connId, bootId = null } = hello.server;
  probe.server = { version: serverVersion, connId, bootId, uptimeMs: hello.snapshot.uptimeMs };
  probe.health = hello.snapshot.health;
}

function toCapability(scopes: readonly string[]): Capability {
  if (scopes.includes('operator.admin')) return 'admin_capable';
  if (scopes.includes('operator.write')) return 'write_capable';
  return scopes.includes('operator.read') ? 'read_only' : 'connected_no_operator_scope';
}

function noteAnswer(probe: Probe, { ok, payload, error }: ResponseFrame): void {
  probe.connect.rpcOk = ok;
  if (ok) {
    probe.status = payload as StatusSummary;
    return;
  }
  const code = codeOf(error?.details, error?.code);
  probe.connect.scopeLimited = code === 'MISSING_SCOPE';
  probe.connect.error = { code, message: error?.message ?? 'no reason given' };
}

function noteFailure(probe: Probe, error: unknown, latencyMs: number): void {
  const known = findGatewayError(error);
  if (!known) throw error;
  const code = codeOf(known.details, known.code);
  const silent = ['UNREACHABLE', 'CONNECTION_LOST', 'TIMEOUT', 'TLS_FINGERPRINT_MISMATCH'].includes(known.code);
  probe.connect.error = { code, message: String(known.details?.why ?? known.message) };
  // A refusal names the gateway that it came from; a url that is none led to nobody.
  if (probe.connect.ok || silent || known.details?.url === undefined) return;
  probe.reachable = true;
  probe.connect.latencyMs = latencyMs;
  if (code === 'PAIRING_REQUIRED') probe.capability = 'pairing_pending';
}

function codeOf(details: unknown, code = 'INTERNAL'): string {
  const narrower = (details as { code?: unknown } | undefined)?.code;
  return typeof narrower === 'string' ? narrower : code;
}

function tooLate(method: string, timeoutMs: number): GatewayError {
  const why = `${method} was not answered within ${timeoutMs} ms`;
  return new GatewayError('TIMEOUT', why, { retryable: true, details: { why } });
}
