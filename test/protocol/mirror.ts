import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { OpenClaw } from '../../sdk/index.node.ts';
import { methods } from '../../sdk/protocol/contract.ts';
import { type ErrorShape, isGatewayError } from '../../sdk/protocol/errors.ts';
import { parseRequestFrame, type RequestFrame } from '../../sdk/protocol/frames.ts';
import { token } from '../gateway.ts';
import { faultsOf } from '../wire/schema.ts';
import type { Fixture, Step } from './fixture.ts';
import { exampleOf, fill, isRecord, type Known } from './matchers.ts';

/**
 * Plays the gateway's side of a fixture to our own client: what the fixture expects is sent to it, what the fixture sends is
 * asked through it. @throws when the client asks something else, or makes something else of the answers.
 */
export async function playAgainstClient(fixture: Fixture): Promise<void> {
  await using house = await openMirror(fixture);
  const { client, known } = house;
  const inside = fixture.sockets !== undefined;
  if (inside) await Promise.all([client.connect(), house.hello(helloOk)]);
  const steps = fixture.steps.filter(({ on = 'a' }) => on === 'a').flatMap(repeated);
  for (const step of steps) {
    if ('n' in step) known.set('n', step.n);
    if ('send' in step) await house.ask(isConnect(step.send) ? step.send : fill(step.send, known));
    else if (step.expect) await house.answer(exampleOf(step.expect, known) as Record<string, unknown>);
    else if (step.closed) await house.close(step.closed.code, exampleOf(step.closed.reason, known) as string);
  }
  await house.settled();
}

// --- internal ---

/** Our client says connect in its own way. */
const isConnect = (frame: unknown) => isRecord(frame) && frame.method === 'connect';

const repeated = (step: Step): (Step & { n?: number })[] =>
  step.times ? Array.from({ length: step.times }, (_, n) => ({ ...step, n })) : [step];

/** What is left unsaid in fixtures that only look at one member of it. */
const helloOk = {
  type: 'hello-ok',
  protocol: 4,
  server: { version: 'fixture', connId: 'c' },
  features: { methods: [], events: [], capabilities: [] },
  snapshot: { presence: [], stateVersion: { presence: 0, health: 0 }, uptimeMs: 1 },
  auth: { role: 'operator', scopes: ['operator.admin'] },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
};

/** What a call through the client came to. */
type Outcome = { payload: unknown } | { error: unknown };

async function openMirror(fixture: Fixture) {
  const known: Known = new Map([['token', token]]);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const requests: RequestFrame[] = [];
  const arrivals = new Set<() => void>();
  const socket = Promise.withResolvers<WebSocket>();
  server.on('connection', (opened) => {
    opened.on('message', (raw) => {
      requests.push(JSON.parse(String(raw)) as RequestFrame);
      for (const look of arrivals) look();
    });
    opened.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: Date.now() } }));
    socket.resolve(opened);
  });
  const { port } = server.address() as AddressInfo;
  const client = new OpenClaw({ url: `ws://127.0.0.1:${port}`, token, reconnect: false });
  const heard: { event: string; payload: unknown }[] = [];
  const listening = (async () => {
    for await (const { event, payload } of client.events) {
      heard.push({ event, payload });
      for (const look of arrivals) look();
    }
  })().catch(() => undefined);
  const calls = new Map<string, { id: string; outcome: Promise<Outcome>; answers: number }>();
  let seq = 0;
  const send = async (frame: unknown) => (await socket.promise).send(JSON.stringify(frame));
  /** The first thing that `find` finds, now or when something has come. */
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        arrivals.delete(look);
        resolve(found);
      };
      arrivals.add(look);
      look();
    });
  const arrived = (find: (frame: RequestFrame) => boolean) => until(() => requests.find(find));

  const mirror = {
    client,
    known,
    /** Lets the client in. */
    async hello(payload: object) {
      const { id, params } = await arrived(isConnect);
      expect(faultsOf('ConnectParams', params)).toEqual([]);
      await send({ type: 'res', id, ok: true, payload });
    },
    /** Asks through the client what the fixture sends; what no client would send is left out. */
    async ask(frame: unknown): Promise<void> {
      const request = parseRequestFrame(frame);
      if ('invalid' in request) return;
      if (request.method === 'connect' && !fixture.sockets) {
        calls.set(request.id, { id: '', outcome: outcomeOf(client.connect()), answers: 0 });
        return;
      }
      const before = requests.length;
      const outcome = outcomeOf(call(client, request));
      const { id, method, params } = await arrived((one) => requests.indexOf(one) >= before && !isConnect(one));
      expect({ method, params }).toEqual({ method: request.method, params: request.params });
      calls.set(request.id, { id, outcome, answers: 0 });
    },
    /** Sends what the fixture expects, and looks what the client makes of it. */
    async answer(frame: Record<string, unknown>): Promise<void> {
      if (frame.event === 'connect.challenge') return;
      if (frame.type === 'event') return await mirror.tell(frame as { event: string; payload?: unknown });
      const asked = calls.get(String(frame.id));
      const isHello = asked?.id === '';
      const id = isHello ? (await arrived(isConnect)).id : (asked?.id ?? frame.id);
      const payload = isHello && frame.ok ? { ...helloOk, ...(frame.payload as object) } : frame.payload;
      await send({ ...frame, id, ...(payload !== undefined && { payload }) });
      if (!asked || asked.answers++ > 0) return;
      await judge({ ...frame, payload }, await asked.outcome);
    },
    async tell(frame: { event: string; payload?: unknown }): Promise<void> {
      const before = heard.length;
      const { event, payload = {} } = frame;
      await send({ ...frame, payload, seq: ++seq });
      expect(await until(() => heard[before])).toEqual({ event, payload });
    },
    /** Closes the socket as the gateway would; the client has to tell why, and what was not answered fails. */
    async close(code: number, reason: string): Promise<void> {
      const refused = [...calls.values()].some(({ id }) => id === '');
      if (!fixture.sockets && !refused)
        calls.set('connect', { id: '', outcome: outcomeOf(client.connect()), answers: 0 });
      const opened = await socket.promise;
      opened.close(code, reason);
      await expect.poll(() => client.state.status).toBe('closed');
      const { state } = client;
      if (state.status !== 'closed') return;
      expect(isGatewayError(state.cause)).toBe(true);
      const wasAnswered = [...calls.values()].some(({ id, answers }) => id === '' && answers > 0);
      if (!wasAnswered) expect(state.cause?.message).toContain(`closed with ${reason ? `${code} ${reason}` : code}`);
      for (const { outcome, answers } of calls.values())
        if (answers === 0) expect(await outcome).toHaveProperty('error');
    },
    /** The client is as it was: in, unless the fixture closed the socket. */
    async settled() {
      const closed = fixture.steps.some((step) => step.closed && (step.on ?? 'a') === 'a');
      if (fixture.sockets && !closed) expect(client.state.status).toBe('ready');
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await listening;
      for (const open of server.clients) open.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return mirror;
}

async function judge(frame: Record<string, unknown>, outcome: Outcome): Promise<void> {
  if (frame.ok) return expect(outcome).toEqual({ payload: frame.payload });
  const { code, message, details, retryable, retryAfterMs } = (frame.error ?? {}) as ErrorShape;
  const { error } = outcome as { error: { message: string } };
  expect(isGatewayError(error)).toBe(true);
  expect(error).toMatchObject({ code, ...(retryable && { retryable }), ...(retryAfterMs && { retryAfterMs }) });
  if (message) expect(error.message).toContain(message);
  if (isRecord(details)) expect(error).toMatchObject({ details });
}

type AnyCall = Record<'query' | 'mutate', (params: unknown) => Promise<unknown>>;

function call(client: OpenClaw, { method, params }: RequestFrame): Promise<unknown> {
  const procedure = method
    .split('.')
    .reduce((at, name) => at[name] as Record<string, unknown>, client.rpc as unknown as Record<string, unknown>);
  const kind = methods.get(method)?.kind === 'mutation' ? 'mutate' : 'query';
  return (procedure as unknown as AnyCall)[kind](params);
}

const outcomeOf = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    (payload) => ({ payload }),
    (error: unknown) => ({ error }),
  );
