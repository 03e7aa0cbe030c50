import {
  type DeviceIdentity,
  GatewayClient,
  type GatewayClientOptions,
  type GatewayReconnectPausedInfo,
} from '@openclaw/gateway-client';
import type { WebSocket } from 'ws';
import type { HelloOk } from '../../sdk/protocol/hello.ts';
import { makeDevice, type TestDevice } from '../auth/device.ts';
import { token } from '../gateway.ts';

/** The published client on its way, and what it has been told so far. */
export interface Visit extends AsyncDisposable {
  client: GatewayClient;
  hellos: HelloOk[];
  events: { event: string; payload?: unknown; seq?: number }[];
  gaps: { expected: number; received: number }[];
  refusals: (Error & { details?: Record<string, unknown> })[];
  closes: { code: number; reason: string }[];
  pauses: GatewayReconnectPausedInfo[];
  /** Resolves when `holds` does, looking at everything that the client is told. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Its socket, to keep it from reading. */
  socket(): WebSocket;
}

const patienceMs = 20_000;

/** Starts the published client. */
export function visit({ url }: { url: string }, options: Partial<GatewayClientOptions> = {}): Visit {
  const waiting = new Set<() => void>();
  const told =
    <T>(list: T[]) =>
    (item: T) => {
      list.push(item);
      for (const look of waiting) look();
    };
  const hellos: Visit['hellos'] = [];
  const events: Visit['events'] = [];
  const gaps: Visit['gaps'] = [];
  const refusals: Visit['refusals'] = [];
  const closes: Visit['closes'] = [];
  const pauses: Visit['pauses'] = [];
  const toldClose = told(closes);
  const client = new GatewayClient({
    url,
    token,
    onHelloOk: told(hellos as unknown[]),
    onEvent: told(events as unknown[]),
    onGap: told(gaps),
    onConnectError: told(refusals as unknown[]),
    onClose: (code, reason) => toldClose({ code, reason }),
    onReconnectPaused: told(pauses),
    ...options,
  });
  client.start();
  return {
    client,
    hellos,
    events,
    gaps,
    refusals,
    closes,
    pauses,
    until: (what, holds) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const look = () => {
          if (!holds()) return;
          stop();
          resolve();
        };
        const timer = setTimeout(() => {
          stop();
          const seen = JSON.stringify({ hellos: hellos.length, closes, refusals: refusals.map(String) });
          reject(new Error(`${what} did not come; there was ${seen}`));
        }, patienceMs);
        waiting.add(look);
        look();
      }),
    socket: () => (client as unknown as { ws: WebSocket }).ws,
    [Symbol.asyncDispose]: () => client.stopAndWait({ timeoutMs: 1_000 }),
  };
}

/** Options of a client that is a device, and keeps the token that it gets. */
export function asDevice(device: TestDevice = makeDevice()) {
  const kept = new Map<string, { token: string; scopes: string[] }>();
  const key = ({ deviceId, role }: { deviceId: string; role: string }) => `${deviceId} ${role}`;
  const identity: DeviceIdentity = { deviceId: device.id, publicKeyPem: device.pem, privateKeyPem: 'kept elsewhere' };
  const options = {
    clientName: 'openclaw-macos',
    mode: 'ui',
    platform: 'macOS',
    scopes: ['operator.write'],
    deviceIdentity: identity,
    hostDeps: {
      signDevicePayload: (_pem, payload) => device.sign(payload).toString('base64url'),
      publicKeyRawBase64UrlFromPem: () => device.publicKey,
      loadDeviceAuthToken: (who) => kept.get(key(who)) ?? null,
      storeDeviceAuthToken: ({ token: issued, scopes, ...who }) => void kept.set(key(who), { token: issued, scopes }),
      clearDeviceAuthToken: (who) => void kept.delete(key(who)),
    },
  } satisfies Partial<GatewayClientOptions>;
  return { device, kept, options };
}
