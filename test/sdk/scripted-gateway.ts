import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RunEvent } from '../../sdk/protocol/agent.ts';
import { GatewayError, isGatewayError, toErrorShape } from '../../sdk/protocol/errors.ts';
import type { RequestFrame } from '../../sdk/protocol/frames.ts';
import type { ConnectParams, HelloOk } from '../../sdk/protocol/hello.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';

/** What a test lets the gateway answer: a payload, an error to throw, or `silence`. */
export type Answer = (params: never, connection: ScriptedConnection) => unknown;
export const silence = Symbol('no answer');

export interface ScriptedOptions {
  capabilities?: string[];
  tickIntervalMs?: number;
  maxPayload?: number;
  /** Answers `connect`: throws to refuse. */
  admit?: (params: ConnectParams, attempt: number) => void;
}

/** One socket, from the gateway's side. */
export interface ScriptedConnection {
  socket: WebSocket;
  params: ConnectParams;
  requests: RequestFrame[];
  /** Sends an event with the next number. */
  event(name: string, payload: unknown): void;
  /** Takes numbers away, as a gateway does that drops events for a slow client. */
  skip(events: number): void;
  send(frame: unknown): void;
}

/**
 * A gateway that does as the test says, on a real socket: it drops connections, leaves holes, keeps silent, refuses.
 */
export async function startScriptedGateway(options: ScriptedOptions = {}) {
  const answers = new Map<string, Answer>();
  const connections: ScriptedConnection[] = [];
  const runs = new Map<string, ScriptedRun>();
  const waiters = new Set<() => void>();
  let attempts = 0;
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  attach();

  function attach() {
    server.on('connection', (socket) => open(socket));
  }

  function open(socket: WebSocket) {
    let seq = 0;
    const connection: ScriptedConnection = {
      socket,
      params: {} as ConnectParams,
      requests: [],
      event: (event, payload) => connection.send({ type: 'event', event, payload, seq: ++seq }),
      skip: (events) => {
        seq += events;
      },
      send: (frame) => socket.send(JSON.stringify(frame)),
    };
    connection.send({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: Date.now() } });
    socket.on('message', (raw) => {
      const frame = JSON.parse(String(raw)) as RequestFrame;
      void reply(connection, frame);
    });
    socket.on('close', () => changed());
  }

  async function reply(connection: ScriptedConnection, frame: RequestFrame) {
    const { id, method, params } = frame;
    try {
      if (method === 'connect') {
        options.admit?.(params as ConnectParams, ++attempts);
        connection.params = params as ConnectParams;
        connections.push(connection);
        connection.send({ type: 'res', id, ok: true, payload: toHello(options) });
        return changed();
      }
      connection.requests.push(frame);
      changed();
      const answer = answers.get(method);
      if (!answer) throw new GatewayError('INVALID_REQUEST', `unknown method: ${method}`);
      const payload = await answer(params as never, connection);
      if (payload !== silence) connection.send({ type: 'res', id, ok: true, payload });
    } catch (error) {
      const shape = isGatewayError(error) ? toErrorShape(error) : { code: 'INTERNAL', message: String(error) };
      connection.send({ type: 'res', id, ok: false, error: shape });
      if (method === 'connect' && !shape.retryable) connection.socket.close(1008, shape.message.slice(0, 100));
    }
  }

  function changed() {
    for (const look of [...waiters]) look();
  }

  answers.set('runs.events', ({ runId, after, limit }: { runId: string; after: number; limit: number }) => {
    const run = runs.get(runId);
    if (!run) throw new GatewayError('INVALID_REQUEST', `unknown run: ${runId}`);
    const rest = run.events.filter(({ seq }) => seq > after);
    return { run: { ...run.row }, events: rest.slice(0, limit), hasMore: rest.length > limit };
  });

  const gateway = {
    url: `ws://127.0.0.1:${port}`,
    connections,
    answers,
    /** The newest connection. */
    get connection(): ScriptedConnection {
      return connections.at(-1) ?? expectOne('no connection yet');
    },
    /** Every request of that method so far, over all connections. */
    asked: (method: string) => connections.flatMap(({ requests }) => requests).filter((one) => one.method === method),
    /** Resolves when `holds` does, looking after every request and close. */
    until: (holds: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = () => {
          if (!holds()) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
    /** A run whose events go to every connection, and into the log. */
    createRun(runId: string): ScriptedRun {
      const run = new ScriptedRun(runId, (name, payload) => {
        for (const connection of connections) {
          if (connection.socket.readyState === connection.socket.OPEN) connection.event(name, payload);
        }
      });
      runs.set(runId, run);
      return run;
    },
    /** Cuts every socket without a word. */
    drop() {
      for (const client of server.clients) client.terminate();
    },
    /** Cuts every socket and stops listening. */
    async stop() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
    /** Listens again, on the same port. */
    async start() {
      server = await listen(port);
      attach();
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
    },
  };
  return gateway;
}

export type ScriptedGateway = Awaited<ReturnType<typeof startScriptedGateway>>;

/** A run as a gateway keeps it. */
export class ScriptedRun {
  readonly events: RunEvent[] = [];
  readonly row: RunRow;
  #publish: (event: string, payload: unknown) => void;
  #text = '';

  constructor(runId: string, publish: (event: string, payload: unknown) => void) {
    this.row = { runId, sessionKey: 'agent:main:main', agentId: 'main', status: 'running', acceptedAt: Date.now() };
    this.#publish = publish;
  }

  /** Records an event and publishes it, unless it gets lost on the way. */
  emit(stream: string, data: RunEvent['data'], { lost = false } = {}): void {
    const { runId, sessionKey, agentId } = this.row;
    const seq = this.events.length + 1;
    const event = { runId, sessionKey, agentId, seq, stream, ts: Date.now(), data };
    this.events.push(event);
    if (!lost) this.#publish('agent', event);
  }

  say(delta: string, options?: { lost?: boolean }): void {
    this.#text += delta;
    this.emit('assistant', { text: this.#text, delta, itemId: `${this.row.runId}:1` }, options);
  }

  /** Ends the run: the row first, then the events. */
  end(how: Partial<RunRow> = {}, { lost = false } = {}): void {
    Object.assign(this.row, { status: 'ok', text: this.#text, endedAt: Date.now(), ...how });
    const { status, runId, sessionKey, agentId, error } = this.row;
    const phase = status === 'ok' ? { phase: 'end' } : { phase: 'error', error, aborted: status === 'aborted' };
    this.emit('lifecycle', phase, { lost });
    const origin = { runId, sessionKey, agentId, seq: this.events.length };
    const message = { role: 'assistant', content: [{ type: 'text', text: this.#text }], timestamp: Date.now() };
    if (!lost && status === 'ok') this.#publish('chat', { ...origin, state: 'final', stopReason: 'stop', message });
  }
}

function toHello({ capabilities = ['run-events'], tickIntervalMs = 30_000, maxPayload = 26_214_400 }: ScriptedOptions) {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: 'scripted', connId: 'c' },
    features: { methods: [], events: [], capabilities },
    snapshot: { presence: [], stateVersion: { presence: 0, health: 0 }, uptimeMs: 1 },
    auth: { role: 'operator', scopes: ['operator.admin'] },
    policy: { maxPayload, maxBufferedBytes: 52_428_800, tickIntervalMs },
  } as unknown as HelloOk;
}

function listen(port: number): Promise<WebSocketServer> {
  return new Promise((resolve, reject) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    server.once('listening', () => resolve(server));
    server.once('error', reject);
  });
}

function expectOne(message: string): never {
  throw new Error(message);
}
