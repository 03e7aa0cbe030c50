import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { RequestFrame } from '../../sdk/protocol/frames.ts';
import type { CallContext } from '../../sdk/protocol/method.ts';
import type { Beacon } from '../../sdk/protocol/presence.ts';
import type { Principal } from '../../sdk/protocol/scopes.ts';
import type { Caller } from '../auth/caller.ts';
import type { Log } from '../log/log.ts';
import { type Answer, Connection, type ConnectionListener, type Overload, type Session } from './connection.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { dispatch, findRoleFault, readRequest, toWireError } from './dispatch.ts';
import type { WireFigures } from './figures.ts';
import { type Admitted, greet, type Refused } from './hello.ts';
import { createHub, type Hub } from './hub.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { createNews, type News } from './news.ts';
import { createOutbox } from './outbox.ts';
import { type Presence, trackPresence } from './presence.ts';
import { queueStarts, type Starts } from './starts.ts';
import { toSubscriptions } from './subscriptions.ts';
import { type Antechamber, limitPreauth, readCaller, refuseUpgrade } from './upgrade.ts';
import { toHelloOk } from './welcome.ts';
import type { DeviceSockets, Goodbye, WireOptions } from './wire.ts';

/** Of what strangers write into the log, characters. */
const maxLoggedLength = 200;

/** Brings connections and what they ask for together: who is opening, who is ready, who is gone. */
export class Sockets implements ConnectionListener {
  readonly hub: Hub;
  readonly presence: Presence;

  readonly #options: WireOptions;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #server: WebSocketServer;
  readonly #deadlines: Deadlines<Connection>;
  readonly #antechamber: Antechamber;
  readonly #starts: Starts;
  readonly #outbox = createOutbox();
  readonly #news: News;
  /** All sockets, opening to draining, with how each frees its place before hello. */
  readonly #all = new Map<Connection, () => void>();
  /** Of sockets that are gone. */
  #droppedEvents = 0;
  #slowConsumers = 0;
  #isStopping = false;
  #closed: Promise<void> | undefined;
  /** Called when the last socket is gone. */
  #onEmpty: (() => void) | undefined;

  constructor(options: WireOptions) {
    const limits = options.limits ?? defaultLimits;
    this.#options = options;
    this.#limits = limits;
    this.#log = options.log.child('wire');
    this.#server = new WebSocketServer(toServerOptions(limits));
    this.#server.on('wsClientError', (error, socket) => refuseUpgrade(socket, 'handshake', error.message));
    const tooLate = `no connect within ${limits.handshakeTimeoutMs} ms`;
    this.#deadlines = createDeadlines(limits, (connection) => connection.close(1000, '', tooLate));
    this.#antechamber = limitPreauth(limits);
    this.#starts = queueStarts(limits);
    this.hub = createHub({ limits, log: this.#log });
    this.presence = trackPresence(options.self, limits);
    const { hub, presence } = this;
    this.#news = createNews({ hub, presence, health: options.health, limits, log: this.#log });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { allowedOrigins = [], proxies } = this.#options;
    const caller = readCaller(request, { allowedOrigins, proxies });
    const leave = typeof caller === 'object' && !this.#isStopping ? this.#antechamber.enter(caller.address) : undefined;
    if (typeof caller === 'string' || !leave) {
      const why = this.#isStopping ? 'stopping' : typeof caller === 'string' ? caller : 'crowded';
      this.#log.warn('socket refused', { why, address: request.socket.remoteAddress });
      refuseUpgrade(socket, why);
      return;
    }
    // Also when the handshake of the WebSocket itself fails, which nobody reports.
    socket.once('close', leave);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, { request, caller, leave }));
  }

  counts(): { opening: number; ready: number; bufferedBytes: number } {
    let [ready, bufferedBytes] = [0, 0];
    for (const connection of this.hub.connections()) {
      ready++;
      bufferedBytes += connection.bufferedBytes;
    }
    return { opening: this.#antechamber.size, ready, bufferedBytes };
  }

  figures(): WireFigures {
    const { opening, bufferedBytes } = this.counts();
    let droppedEvents = this.#droppedEvents;
    const clients = new Map<string, WireFigures['clients'][number]>();
    for (const { session, skippedEvents } of this.hub.connections()) {
      droppedEvents += skippedEvents;
      if (!session) continue;
      const { role } = session.principal;
      const { mode } = session.client;
      const known = clients.get(`${role} ${mode}`) ?? { role, mode, count: 0 };
      known.count++;
      clients.set(`${role} ${mode}`, known);
    }
    return {
      opening,
      clients: [...clients.values()],
      bufferedBytes,
      droppedEvents,
      slowConsumers: this.#slowConsumers,
    };
  }

  /** Ends what a device may do on the sockets it has; one of them may be spared until it has its answer. */
  closeDevice({ deviceId, role, sparing }: DeviceSockets): void {
    for (const connection of this.hub.connections()) {
      const { principal } = connection.session ?? {};
      const isMeant = principal?.deviceId === deviceId && (role === undefined || principal.role === role);
      if (isMeant && connection.id !== sparing) connection.close(deviceRemoved.code, deviceRemoved.reason);
    }
  }

  /** Ends the sockets of those who came in by a secret that is none any more. */
  closeOutdated(holds: (caller: Caller) => boolean): void {
    for (const connection of this.hub.connections()) {
      if (!holds(connection.caller)) connection.close(authChanged.code, authChanged.reason);
    }
  }

  hear(beacon: Beacon): void {
    this.presence.hear(beacon);
    this.#news.presenceChanged();
  }

  drain(): void {
    this.#isStopping = true;
  }

  close(goodbye: Goodbye): Promise<void> {
    this.#closed ??= this.#closeAll(goodbye);
    return this.#closed;
  }

  async #closeAll({ reason, restartExpectedMs }: Goodbye): Promise<void> {
    this.drain();
    this.#news.close();
    this.#deadlines.close();
    this.hub.publish('shutdown', { reason, restartExpectedMs });
    this.hub.close();
    for (const connection of this.#all.keys()) connection.close(1012, 'service restart');
    if (this.#all.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  async connectionOnHello(connection: Connection, frame: Buffer): Promise<void> {
    const { authentication, devices, allowedOrigins = [], scopesOf, isStarting } = this.#options;
    const closedFor = () => (this.#isStopping ? 'stopping' : isStarting?.() ? 'starting' : undefined);
    try {
      const met = await greet(connection, frame, { authentication, devices, allowedOrigins, scopesOf, closedFor });
      // It may have given up, or been given up, while its credentials were checked.
      if (connection.state !== 'opening') return;
      if (met.refused) this.#turnAway(connection, met);
      else if (!met.holds()) connection.close(deviceRemoved.code, deviceRemoved.reason);
      // The secret has become another one since it was checked: who is cut for that is found among those that are in.
      else if (!authentication.holds(connection.caller)) connection.close(authChanged.code, authChanged.reason);
      else this.#letIn(connection, met);
    } catch (error) {
      // Nobody waits for this method, so an error of ours ends here, with the one socket.
      this.#log.error('handshake failed', { connection: connection.id, error });
      connection.close(1011, 'hello failed');
    }
  }

  connectionOnFrame(connection: Connection, frame: Buffer): void {
    const { session } = connection;
    const request = readRequest(frame);
    if (!session) return;
    if (!request) {
      if (!connection.hasBabbled) this.#log.warn('frames that are no JSON are ignored', { connection: connection.id });
      connection.hasBabbled = true;
      return;
    }
    if (request.type === 'res') {
      this.#log.warn('frame refused', { connection: connection.id, error: request.error });
      connection.answer(request);
      return;
    }
    const fault = findRoleFault(session.principal, request.method);
    connection.unauthorizedCalls = fault ? connection.unauthorizedCalls + 1 : 0;
    if (fault) {
      connection.answer({ type: 'res', id: request.id, ok: false, error: fault });
      if (connection.unauthorizedCalls > this.#limits.maxUnauthorizedCalls)
        connection.close(1008, 'repeated unauthorized calls');
      return;
    }
    this.#options.traffic?.asked(connection.id, request);
    const isAccepted = this.#starts.offer(() => this.#start(connection, session.context, request), frame.byteLength);
    if (isAccepted) return;
    this.#options.record({ type: 'request.busy', surface: 'gateway.ws.requests', action: 'rejected' });
    this.#options.answered?.({ method: request.method, outcome: busy.code });
    connection.answer({ type: 'res', id: request.id, ok: false, error: busy });
  }

  connectionOnOverload(connection: Connection, { surface, action, reason, bytes, limitBytes }: Overload): void {
    if (reason === 'ws_send_buffer_close') this.#slowConsumers++;
    this.#options.record({
      type: 'payload.large',
      surface,
      action,
      reason,
      bytes,
      limitBytes,
      connection: connection.id,
    });
  }

  connectionOnClose(connection: Connection, code: number): void {
    this.hub.delete(connection);
    this.#deadlines.delete(connection);
    this.#all.get(connection)?.();
    this.#all.delete(connection);
    const { id, farewell, fault, skippedEvents, session } = connection;
    this.#droppedEvents += skippedEvents;
    if (session?.principal.deviceId !== undefined) this.#options.devices.left(session.principal.deviceId);
    const level = farewell?.code === 1008 || farewell?.cause || fault ? 'warn' : 'debug';
    this.#log[level]('socket closed', {
      connection: id,
      code,
      farewell,
      fault,
      ...(skippedEvents && { skippedEvents }),
    });
    if (this.presence.leave(connection)) this.#news.presenceChanged();
    if (this.#all.size === 0) this.#onEmpty?.();
  }

  #open(
    webSocket: WebSocket,
    { request, caller, leave }: { request: IncomingMessage; caller: Caller; leave(): void },
  ): void {
    const connection = new Connection({
      webSocket,
      socket: request.socket,
      caller,
      limits: this.#limits,
      outbox: this.#outbox,
      listener: this,
    });
    this.#all.set(connection, leave);
    this.#deadlines.add(connection);
    this.#log.debug('socket opened', { connection: connection.id, address: caller.address });
  }

  #turnAway(connection: Connection, { answer, refused }: Refused): void {
    const { address, origin } = connection.caller;
    this.#log.warn('handshake refused', {
      connection: connection.id,
      address,
      origin: origin?.slice(0, maxLoggedLength),
      close: refused.code,
      reason: (answer?.error.message ?? (refused.reason || refused.cause))?.slice(0, maxLoggedLength),
      details: answer?.error.details,
    });
    if (answer) connection.answer({ type: 'res', id: answer.id, ok: false, error: answer.error });
    connection.close(refused.code, refused.reason);
  }

  #letIn(connection: Connection, { id, params, principal, auth }: Admitted): void {
    const { client } = params;
    const context = this.#toContext(connection, principal);
    const session: Session = { principal, client, caps: new Set(params.caps), context };
    const isVisible = this.presence.join(connection, session);
    try {
      const state = { presence: this.presence.list(), stateVersion: this.hub.stateVersion() };
      const facts = this.#options.hello();
      const payload = toHelloOk({ connection, session, auth, facts, state, limits: this.#limits });
      connection.becomeReady(session, { type: 'res', id, ok: true, payload });
    } catch (error) {
      // A gateway that cannot say how it is cannot take clients; they are told, and the log knows why.
      connection.answer({
        type: 'res',
        id,
        ok: false,
        error: toWireError(error, { id, method: 'connect', log: this.#log }),
      });
      connection.close(1011, 'hello failed');
      return;
    }
    this.#deadlines.delete(connection);
    this.#all.get(connection)?.();
    this.hub.add(connection);
    const { role, method, deviceId } = principal;
    if (deviceId !== undefined) this.#options.devices.joined({ deviceId, role, method });
    this.#log.info('client connected', {
      connection: connection.id,
      address: connection.caller.address,
      client: `${client.id}/${client.mode}`,
      version: client.version.slice(0, maxLoggedLength),
      role: principal.role,
      scopes: principal.scopes,
      grantedAs: auth.grantedAs,
    });
    if (isVisible) this.#news.presenceChanged();
    connection.readQueued();
    this.#news.connected(connection.id);
  }

  #start(connection: Connection, context: CallContext, request: RequestFrame): void {
    if (connection.state !== 'ready') return;
    const startedAt = performance.now();
    let isFirst = true;
    const reply = (answer: Answer) => {
      connection.answer(answer);
      this.#options.traffic?.answered(connection.id, request, answer, performance.now() - startedAt);
      if (!isFirst) return;
      isFirst = false;
      const outcome = answer.ok ? 'ok' : (answer.error?.code ?? 'other');
      this.#options.answered?.({ method: request.method, outcome, ms: performance.now() - startedAt });
    };
    void dispatch(request, { context, signal: connection.signal, log: this.#log, reply });
  }

  #toContext(connection: Connection, principal: Principal): CallContext {
    const subscriptions = toSubscriptions(connection, this.#limits);
    return {
      principal,
      handle: (path, input, { signal, context: { follow } }) =>
        this.#options.handle(path, input, { principal, subscriptions, follow, signal }),
      spend: (method, limit) =>
        this.#options.budget.spend({ method, deviceId: principal.deviceId, address: connection.caller.address }, limit),
      listen: this.hub.listen,
    };
  }
}

/** `closeTimeout` is newer than the declarations of ws. */
function toServerOptions(limits: Limits): ServerOptions & { closeTimeout: number } {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxPayloadBytes,
    closeTimeout: limits.closeTimeoutMs,
  };
}

/** How sockets end whose device was removed, or whose token was taken back. */
const deviceRemoved = { code: 4001, reason: 'device removed' } as const;

/** How sockets end whose secret was replaced. */
const authChanged = { code: 4001, reason: 'auth changed' } as const;

const busy = {
  code: 'UNAVAILABLE',
  message: 'The server is busy. Please try again in a moment.',
  retryable: true,
} as const;
