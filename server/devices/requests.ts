import { randomUUID } from 'node:crypto';
import type { DeviceClient, PairingRequest } from '../../sdk/protocol/device.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import type { Database } from '../database/database.ts';
import type { DeviceStore, StoredRequest } from './store.ts';

/** What a device asks to be approved for. */
export interface Ask {
  deviceId: string;
  publicKey: string;
  client: DeviceClient;
  role: string;
  scopes: readonly string[];
}

/** How a request came to its end. */
export type Decision = 'approved' | 'rejected' | 'superseded' | 'expired';

/** The devices that wait for somebody's approval. */
export interface Requests {
  /** Asks, or asks on: one request a device, a new id when it is about something else than before. */
  ask(ask: Ask): StoredRequest;
  /** Those that have not expired, the oldest first. */
  list(): StoredRequest[];
  find(requestId: string): StoredRequest | undefined;
  /** Ends a request; told once it is on disk. */
  settle(request: StoredRequest, decision: Decision): void;
  /** Ends the request of a device, if it has one. */
  settleOf(deviceId: string, decision: Decision): void;
  close(): void;
}

export interface RequestsOptions {
  database: Database;
  store: DeviceStore;
  publish: Publish;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Milliseconds that a request waits. */
const requestLifetimeMs = 5 * 60_000;
/** Requests that wait at the same time; one more, and the oldest is given up. */
const maxRequests = 256;

export function createRequests({ database, store, publish, now }: RequestsOptions): Requests {
  let timer: NodeJS.Timeout | undefined;

  const settle: Requests['settle'] = ({ requestId, deviceId }, decision) => {
    store.dropRequest(requestId);
    const ts = now();
    whenDurable(database, () => publish('device.pair.resolved', { requestId, deviceId, decision, ts }));
  };
  const expire = () => {
    for (const request of store.requests()) {
      if (request.requestedAt > now() - requestLifetimeMs) break;
      settle(request, 'expired');
    }
  };
  /** Looks again when the oldest request is due. */
  const watch = () => {
    clearTimeout(timer);
    const [oldest] = store.requests();
    if (!oldest) return;
    const dueMs = Math.max(1, oldest.requestedAt + requestLifetimeMs - now());
    timer = setTimeout(() => {
      // What the disk refuses now is tried again with the next request, or the next look.
      try {
        expire();
      } finally {
        watch();
      }
    }, dueMs).unref();
  };
  watch();

  return {
    ask({ deviceId, publicKey, client, role, scopes }) {
      expire();
      const before = store.requestOf(deviceId);
      const wanted = { ...before?.wanted, [role]: [...scopes] };
      if (before && isSame(before, { client, wanted })) return before;
      if (before) settle(before, 'superseded');
      for (const oldest of store.requests().slice(0, -(maxRequests - 1))) settle(oldest, 'superseded');
      const requestId = randomUUID();
      const request: StoredRequest = { requestId, deviceId, publicKey, client, role, wanted, requestedAt: now() };
      store.putRequest(request);
      const isRepair = store.find(deviceId) !== undefined;
      whenDurable(database, () => publish('device.pair.requested', toPairingRequest(request, isRepair)));
      watch();
      return request;
    },
    list() {
      expire();
      return store.requests();
    },
    find(requestId) {
      expire();
      return store.request(requestId);
    },
    settle,
    settleOf(deviceId, decision) {
      const request = store.requestOf(deviceId);
      if (request) settle(request, decision);
    },
    close: () => clearTimeout(timer),
  };
}

/** A request as it is told. */
export function toPairingRequest(
  { requestId, deviceId, publicKey, client, role, wanted, requestedAt }: StoredRequest,
  isRepair: boolean,
): PairingRequest {
  return {
    requestId,
    deviceId,
    publicKey,
    ...client,
    role,
    roles: Object.keys(wanted),
    scopes: [...new Set(Object.values(wanted).flat())],
    silent: false,
    isRepair,
    ts: requestedAt,
  };
}

/** Tells what has been written, once that is on disk; never, when the disk refuses it. */
export function whenDurable(database: Pick<Database, 'durable'>, tell: () => void): void {
  // Whoever wrote it waits for the same flush, and is told of its failure.
  database.durable().then(tell, () => undefined);
}

// --- internal ---

/** What else the client calls itself does not matter: an app may connect as a node and as an operator by turns. */
function isSame(before: StoredRequest, { client, wanted }: Pick<StoredRequest, 'client' | 'wanted'>): boolean {
  const toText = ({ platform, deviceFamily }: DeviceClient, scopes: StoredRequest['wanted']) =>
    JSON.stringify([platform, deviceFamily, Object.entries(scopes).sort()]);
  return toText(before.client, before.wanted) === toText(client, wanted);
}
