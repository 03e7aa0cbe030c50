import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { GatewayError, OpenClaw } from '../../sdk/index.node.ts';
import { failure, openClient, untilState } from './client.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

const refuse =
  (code: string, detail: string, more = {}) =>
  () => {
    throw new GatewayError(code, 'unauthorized: token mismatch', { details: { code: detail }, ...more });
  };

describe('the connection', () => {
  it('connects on first use and goes through its states', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('health', () => ({ ok: true }));
    await using oc = openClient(gateway.url);
    const states: string[] = [];
    oc.onState(({ status }) => states.push(status));
    expect(oc.state).toEqual({ status: 'idle' });
    await oc.rpc.health.query({});
    expect(oc.state.status).toBe('ready');
    expect(oc.hello?.server.version).toBe('scripted');
    await oc.close();
    expect(states).toEqual(['connecting', 'authenticating', 'ready', 'closed']);
    expect(oc.state).toEqual({ status: 'closed' });
    expect(oc.hello).toBeUndefined();
  });

  it('introduces itself as a backend without a device, with the full operator scopes', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url, { password: 'p', client: { displayName: 'test' } });
    await oc.connect();
    expect(gateway.connection.params).toEqual({
      minProtocol: 4,
      maxProtocol: 4,
      client: {
        id: 'gateway-client',
        mode: 'backend',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        platform: process.platform,
        instanceId: expect.stringMatching(/^[\da-f]{32}$/),
        displayName: 'test',
      },
      caps: ['tool-events'],
      role: 'operator',
      scopes: ['operator.admin', 'operator.read', 'operator.write', 'operator.approvals', 'operator.pairing'],
      auth: { token: 'test', password: 'p' },
    });
  });

  it('asks for the scopes and the client that the application names', async () => {
    await using gateway = await startScriptedGateway();
    const client = { id: 'webchat-ui', mode: 'webchat' } as const;
    await using oc = openClient(gateway.url, { scopes: ['operator.read'], client });
    await oc.connect();
    expect(gateway.connection.params).toMatchObject({ scopes: ['operator.read'], client });
  });

  it('dials once for many first calls, and keeps its instance over reconnects', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('health', () => ({ ok: true }));
    await using oc = openClient(gateway.url);
    await Promise.all([oc.connect(), oc.connect(), oc.rpc.health.query({}), oc.rpc.health.query({})]);
    expect(gateway.connections).toHaveLength(1);
    const ready = untilState(oc, 'ready');
    gateway.drop();
    await ready;
    expect(gateway.connections).toHaveLength(2);
    const [first, second] = gateway.connections.map(({ params }) => params.client.instanceId);
    expect(second).toBe(first);
  });

  it('fails at once with what was tried and what to do when nobody listens, and goes on trying', async () => {
    const gateway = await startScriptedGateway();
    await gateway.stop();
    await using oc = openClient(gateway.url);
    const error = await failure(oc.connect());
    expect(error).toMatchObject({ name: 'GatewayError', code: 'UNREACHABLE', retryable: true });
    expect(error.message).toContain(`no gateway answers at ${gateway.url} (from the option url)`);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.details).toMatchObject({ url: gateway.url, mayHaveExecuted: false });
    expect(['reconnecting', 'connecting']).toContain(oc.state.status);
    const ready = untilState(oc, 'ready');
    await gateway.start();
    await ready;
    await gateway.stop();
  });

  it('closes at the first failure when it must not reconnect', async () => {
    const gateway = await startScriptedGateway();
    await gateway.stop();
    await using oc = openClient(gateway.url, { reconnect: false });
    const error = await failure(oc.rpc.health.query({}));
    expect(error.code).toBe('UNREACHABLE');
    expect(oc.state).toMatchObject({ status: 'closed', cause: { code: 'UNREACHABLE' } });
    expect((await failure(oc.connect())).code).toBe('UNREACHABLE');
  });

  it('ends with the reason when the gateway refuses for good, naming the credential and its origin', async () => {
    await using gateway = await startScriptedGateway({ admit: refuse('INVALID_REQUEST', 'AUTH_TOKEN_MISMATCH') });
    await using oc = openClient(gateway.url, { token: 'secret-token' });
    const error = await failure(oc.connect());
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'AUTH_TOKEN_MISMATCH', credential: 'token', credentialFrom: 'the option token' },
    });
    expect(error.message).toContain('unauthorized: token mismatch (the token comes from the option token)');
    expect(`${error.message}${error.stack}${JSON.stringify(error.details)}`).not.toContain('secret-token');
    expect(oc.state).toMatchObject({ status: 'closed', cause: { details: { code: 'AUTH_TOKEN_MISMATCH' } } });
    const later = await failure(oc.rpc.health.query({}));
    expect(later.details).toMatchObject({ code: 'AUTH_TOKEN_MISMATCH' });
  });

  it('tries again when the gateway is only starting, after the wait it asks for', async () => {
    let attempts = 0;
    await using gateway = await startScriptedGateway({
      admit: (_, attempt) => {
        attempts = attempt;
        if (attempt < 3) throw new GatewayError('UNAVAILABLE', 'starting', { retryable: true, retryAfterMs: 20 });
      },
    });
    await using oc = openClient(gateway.url);
    const waits: number[] = [];
    oc.onState((state) => state.status === 'reconnecting' && waits.push(state.delayMs));
    await oc.connect();
    expect(attempts).toBe(3);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(20);
  });

  it('tells a first caller of a lockout at once, and waits it out instead of ending', async () => {
    await using gateway = await startScriptedGateway({
      admit: refuse('INVALID_REQUEST', 'AUTH_RATE_LIMITED', { retryAfterMs: 60_000 }),
    });
    await using oc = openClient(gateway.url);
    const state = untilState(oc, 'reconnecting');
    const connecting = failure(oc.connect());
    expect(await state).toMatchObject({ delayMs: 60_000, cause: { details: { code: 'AUTH_RATE_LIMITED' } } });
    expect(await connecting).toMatchObject({ retryAfterMs: 60_000, details: { code: 'AUTH_RATE_LIMITED' } });
    expect(oc.state.status).toBe('reconnecting');
  });

  it('comes back after a drop, and after a restart of the gateway', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('health', () => ({ ok: true }));
    await using oc = openClient(gateway.url);
    await oc.connect();
    const lost = untilState(oc, 'reconnecting');
    gateway.drop();
    expect(await lost).toMatchObject({ attempt: 1, cause: { code: 'CONNECTION_LOST' } });
    await oc.connect();
    const lostAgain = untilState(oc, 'reconnecting');
    await gateway.stop();
    await lostAgain;
    // Asked while nobody is there: sent when somebody is.
    const answer = oc.rpc.health.query({});
    await gateway.start();
    expect(await answer).toEqual({ ok: true });
    expect(gateway.connections).toHaveLength(3);
  });

  it('takes silence of two ticks for death', async () => {
    await using gateway = await startScriptedGateway({ tickIntervalMs: 20 });
    await using oc = openClient(gateway.url);
    await oc.connect();
    const state = await untilState(oc, 'reconnecting');
    expect(state).toMatchObject({
      cause: { message: expect.stringMatching(/nothing was heard of the gateway for 40 ms/) },
    });
    await untilState(oc, 'ready');
  });

  it('stays while something is heard, also when this process was too busy to listen', async () => {
    await using gateway = await startScriptedGateway({ tickIntervalMs: 50 });
    await using oc = openClient(gateway.url);
    await oc.connect();
    let ticks = 0;
    const enough = new Promise<void>((resolve) => {
      oc.on('tick', () => {
        if (++ticks === 20) resolve();
      });
    });
    const timer = setInterval(() => gateway.connection.event('tick', { ts: Date.now() }), 10);
    await new Promise<void>((resolve) => {
      const stop = oc.on('tick', () => {
        stop();
        resolve();
      });
    });
    gateway.connection.event('tick', { ts: Date.now() });
    for (const until = Date.now() + 250; Date.now() < until; );
    await enough;
    clearInterval(timer);
    expect(gateway.connections).toHaveLength(1);
  });

  it('gives up an attempt when the gateway says nothing', async () => {
    await using mute = await startMuteServer();
    await using oc = openClient(mute.url, { connectTimeoutMs: 30 });
    const error = await failure(oc.connect());
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toMatch(/within 30 ms/);
  });

  it('drops a connection that sends something else than JSON, and ignores kinds of frames it does not know', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('health', () => ({ ok: true }));
    await using oc = openClient(gateway.url);
    await oc.connect();
    gateway.connection.send({ type: 'future', id: 1 });
    gateway.connection.send(['no frame']);
    await oc.rpc.health.query({});
    expect(gateway.connections).toHaveLength(1);
    const lost = untilState(oc, 'reconnecting');
    gateway.connection.socket.send('{"type":');
    expect(await lost).toMatchObject({ cause: { message: expect.stringContaining('no JSON') } });
    await oc.connect();
    expect(gateway.connections).toHaveLength(2);
  });

  it('stays closed', async () => {
    await using gateway = await startScriptedGateway();
    const oc = openClient(gateway.url);
    await oc.connect();
    await oc.close();
    await oc.close();
    expect((await failure(oc.connect())).code).toBe('CLOSED');
    expect((await failure(oc.rpc.health.query({}))).code).toBe('CLOSED');
    expect((await failure(oc.agents.get().run('hi'))).code).toBe('CLOSED');
    await gateway.until(() => gateway.connection.socket.readyState === gateway.connection.socket.CLOSED);
    expect(gateway.connections).toHaveLength(1);
  });

  it('can be closed while it dials and while it waits', async () => {
    await using gateway = await startScriptedGateway();
    const dialling = openClient(gateway.url);
    const first = failure(dialling.connect());
    await dialling.close();
    expect((await first).code).toBe('CLOSED');
    const stopped = await startScriptedGateway();
    await stopped.stop();
    const waiting = openClient(stopped.url);
    await failure(waiting.connect());
    await waiting.close();
    expect(waiting.state.status).toBe('closed');
  });

  it('takes the url of the HTTP side as well, and says what is wrong with others', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url.replace('ws:', 'http:'));
    await oc.connect();
    for (const url of ['ftp://host', 'nonsense']) {
      const error = await failure(openClient(url).connect());
      expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining(url) });
    }
  });

  it('uses the WebSocket class that it is given', async () => {
    await using gateway = await startScriptedGateway();
    const { WebSocket } = await import('ws');
    let opened = 0;
    class Counted extends WebSocket {
      constructor(url: string) {
        super(url);
        opened++;
      }
    }
    await using oc = openClient(gateway.url, { webSocket: Counted });
    await oc.connect();
    expect(opened).toBe(1);
  });

  it('takes the class of the package ws where the runtime has none', async () => {
    await using gateway = await startScriptedGateway();
    vi.stubGlobal('WebSocket', undefined);
    try {
      await using oc = openClient(gateway.url);
      await oc.connect();
      expect(gateway.connections).toHaveLength(1);
      const { OpenClaw: WebClient } = await import('../../sdk/index.ts');
      const error = await failure(new WebClient({ url: gateway.url }).connect());
      expect(error.message).toContain('pass a class as the option webSocket');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('gives calls their own deadline and signal while it connects', async () => {
    await using mute = await startMuteServer();
    await using oc = openClient(mute.url);
    expect((await failure(oc.connect({ timeoutMs: 20 }))).code).toBe('UNREACHABLE');
    expect((await failure(oc.rpc.health.query({}, { timeoutMs: 20 }))).code).toBe('UNREACHABLE');
    expect((await failure(oc.connect({ signal: AbortSignal.abort('enough') }))).code).toBe('CANCELLED');
    const stop = new AbortController();
    const connecting = failure(oc.connect({ signal: stop.signal }));
    stop.abort('enough');
    expect(await connecting).toMatchObject({ code: 'CANCELLED', cause: 'enough' });
  });
});

/** Accepts sockets and never says a word. */
async function startMuteServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('without a url', () => {
  it('asks for one where there are no files to look into', async () => {
    const { OpenClaw: WebClient } = await import('../../sdk/index.ts');
    const error = await failure(new WebClient().connect());
    expect(error.message).toContain("new OpenClaw({ url: 'wss://gateway.example' })");
    expect(new OpenClaw()).toBeInstanceOf(WebClient);
  });
});
