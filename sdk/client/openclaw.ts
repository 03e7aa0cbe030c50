import type { TRPCLink } from '@trpc/client';
import type { Contract } from '../protocol/contract.ts';
import type { HelloOk } from '../protocol/hello.ts';
import { Agents } from './agents.ts';
import { blameCaller } from './call-site.ts';
import { Connection } from './connection.ts';
import { type EventMap, type Events, iterateEvents, listen } from './events.ts';
import { createLink, defaultTimeoutMs } from './link.ts';
import type { OpenClawOptions } from './options.ts';
import { randomId } from './random-id.ts';
import { createRpc, type Rpc } from './rpc.ts';
import { Runs } from './runs.ts';
import { Sessions } from './sessions.ts';
import { Starter } from './starter.ts';
import type { ConnectionState } from './state.ts';
import { type Surroundings, webSurroundings } from './surroundings.ts';
import type { CallOptions } from './waiting.ts';

/**
 * A client of one gateway: `await using oc = new OpenClaw()`. The first call connects; when the connection is lost it comes
 * back by itself, until {@link OpenClaw.close}. Calls that wait for a connection are sent when there is one.
 *
 * @example
 * const run = await oc.agents.get('main').run('Summarise the last session.');
 * for await (const step of run) if (step.type === 'text') process.stdout.write(step.delta);
 */
export class OpenClaw implements AsyncDisposable {
  readonly agents: Agents;
  readonly sessions: Sessions;
  readonly runs: Runs;
  /** Every method of the gateway by its wire name: `oc.rpc.sessions.list.query({ limit: 20 })`. */
  readonly rpc: Rpc;
  /** Every event from now on: `for await (const { event, payload } of oc.events)`. */
  readonly events: Events;
  /** This client's connection as a tRPC link, for `createTRPCClient<Contract>({ links: [oc.link] })`. */
  readonly link: TRPCLink<Contract>;
  #connection: Connection;

  constructor(options: OpenClawOptions = {}) {
    const { url, token, password, tlsFingerprint, findCredentials } = options;
    const { client, scopes, webSocket, reconnect = {} } = options;
    const { connectTimeoutMs = 15_000, callTimeoutMs = defaultTimeoutMs, idleTimeoutMs = 600_000 } = options;
    const surroundings = this.surroundings();
    const connection = new Connection({
      wanted: { url, token, password, tlsFingerprint, findCredentials },
      introduction: { client, scopes, platform: surroundings.platform, instanceId: randomId() },
      surroundings,
      webSocket,
      reconnect,
      connectTimeoutMs,
    });
    const starter = new Starter(connection, { callTimeoutMs, idleTimeoutMs });
    this.#connection = connection;
    this.link = createLink(connection, callTimeoutMs);
    this.rpc = createRpc(this.link);
    this.agents = new Agents(starter, this.rpc);
    this.sessions = new Sessions(starter, this.rpc);
    this.runs = new Runs(starter);
    this.events = { [Symbol.asyncIterator]: () => iterateEvents(connection) };
  }

  /** Where the connection stands, and why. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** What the gateway said of itself when it let this client in; undefined while there is no connection. */
  get hello(): HelloOk | undefined {
    return this.#connection.hello;
  }

  /** Calls back on every change of `state`. @returns how to stop. */
  onState(listener: (state: ConnectionState) => void): () => void {
    return this.#connection.states.add(listener);
  }

  /**
   * Connects, when no call has done so yet.
   * @throws GatewayError `UNREACHABLE` when nobody answers, or why the gateway refused.
   */
  connect(options: CallOptions = {}): Promise<HelloOk> {
    return blameCaller(this.connect, this.#connection.connect({ timeoutMs: defaultTimeoutMs, ...options }));
  }

  /** Calls back for every event of that name; `gap` tells that some were lost. @returns how to stop. */
  on<E extends keyof EventMap>(event: E, listener: (payload: EventMap[E]) => void): () => void {
    return listen(this.#connection, event, listener);
  }

  /**
   * What the package `openai` needs to talk to the gateway's agents: `new OpenAI(await oc.openai())`. Any other client of
   * OpenAI's API takes the same two. Connects nothing.
   */
  async openai(): Promise<{ baseURL: string; apiKey: string }> {
    const { url, token, password } = await blameCaller(this.openai, this.#connection.locate());
    // OpenAI's clients refuse an empty key, also for a gateway that wants none.
    return { baseURL: `${url.replace(/^ws/, 'http')}/v1`, apiKey: token ?? password ?? 'none' };
  }

  /** Closes the connection, for good. Runs go on at the gateway; whoever waits here gets `CLOSED`. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal What the runtime brings along. */
  protected surroundings(): Surroundings {
    return webSurroundings;
  }
}
