import { createTRPCClient, TRPCClientError } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { type Contract, GatewayError, gatewayLink, isGatewayError } from '../../sdk/index.node.ts';
import { failure, openClient, untilState } from './client.ts';
import { type ScriptedGateway, silence, startScriptedGateway } from './scripted-gateway.ts';

/** Resolves when the gateway has got that many requests of the method. */
const got = (gateway: ScriptedGateway, method: string, count = 1) =>
  gateway.until(() => gateway.asked(method).length >= count);

describe('a request', () => {
  it('is the procedure path with its input, and resolves with the payload', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.list', ({ limit }: { limit: number }) => ({ count: limit, sessions: [] }));
    gateway.answers.set('system-presence', () => []);
    gateway.answers.set('agent.wait', ({ runId }: { runId: string }) => ({ runId, status: 'ok' }));
    await using oc = openClient(gateway.url);
    expect(await oc.rpc.sessions.list.query({ limit: 3 })).toEqual({ count: 3, sessions: [] });
    expect(await oc.rpc['system-presence'].query({})).toEqual([]);
    expect(await oc.rpc['agent.wait'].query({ runId: 'r' })).toEqual({ runId: 'r', status: 'ok' });
    const methods = gateway.connection.requests.map(({ type, method }) => `${type} ${method}`);
    expect(methods).toEqual(['req sessions.list', 'req system-presence', 'req agent.wait']);
    expect(new Set(gateway.connection.requests.map(({ id }) => id)).size).toBe(3);
  });

  it('takes answers in any order', async () => {
    await using gateway = await startScriptedGateway();
    const gates: (() => void)[] = [];
    gateway.answers.set('sessions.describe', async ({ key }: { key: string }) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return { session: { key } };
    });
    await using oc = openClient(gateway.url);
    const asked = ['a', 'b', 'c'].map((key) => oc.rpc.sessions.describe.query({ key }));
    await got(gateway, 'sessions.describe', 3);
    for (const open of gates.reverse()) open();
    const keys = (await Promise.all(asked)).map(({ session }) => session?.key);
    expect(keys).toEqual(['a', 'b', 'c']);
  });

  it("fails with the gateway's own error, its stack beginning at the caller's line", async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.list', () => {
      throw new GatewayError('UNAVAILABLE', 'busy', { retryable: true, retryAfterMs: 9, details: { code: 'BUSY' } });
    });
    gateway.answers.set('agents.list', () => {
      throw new GatewayError('FORBIDDEN', 'missing scope: operator.read');
    });
    await using oc = openClient(gateway.url);
    const failed = failure(oc.rpc.sessions.list.query({}));
    const error = await failed;
    expect(isGatewayError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'busy',
      retryable: true,
      retryAfterMs: 9,
      details: { code: 'BUSY' },
    });
    expect(error.stack?.split('\n')[0]).toBe('GatewayError: busy');
    expect(error.stack?.split('\n')[1]).toContain('requests.test.ts');
    const named = await failure(oc.agents.list());
    expect(named.stack?.split('\n')[1]).toContain('requests.test.ts');
    const refused = await failure(oc.sessions.get('x').describe());
    expect(refused.stack?.split('\n')[1]).toContain('requests.test.ts');
  });

  it('stops waiting at its deadline, saying that it may have executed', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.create', () => silence);
    await using oc = openClient(gateway.url);
    // Else the deadline may come before the connection, when nothing was sent.
    await oc.connect();
    const error = await failure(oc.sessions.create({ key: 'x' }, { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', details: { mayHaveExecuted: true } });
    expect(error.message).toBe('sessions.create was not answered within 20 ms');
  });

  it('has a default deadline, except where it is asked to wait', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('health', () => silence);
    gateway.answers.set('agent.wait', async ({ runId, timeoutMs }: { runId: string; timeoutMs: number }) => {
      await new Promise((resolve) => setTimeout(resolve, timeoutMs));
      return { runId, status: 'timeout' };
    });
    await using oc = openClient(gateway.url, { callTimeoutMs: 400 });
    await oc.connect();
    expect((await failure(oc.rpc.health.query({}))).message).toContain('within 400 ms');
    expect(await oc.rpc['agent.wait'].query({ runId: 'r', timeoutMs: 500 })).toMatchObject({ status: 'timeout' });
  });

  it('stops waiting at its signal, and a late answer goes nowhere', async () => {
    await using gateway = await startScriptedGateway();
    let open = () => {};
    gateway.answers.set('sessions.describe', async () => {
      await new Promise<void>((resolve) => {
        open = resolve;
      });
      return { session: null };
    });
    await using oc = openClient(gateway.url);
    const stop = new AbortController();
    const asked = failure(oc.rpc.sessions.describe.query({ key: 'a' }, { signal: stop.signal }));
    await got(gateway, 'sessions.describe');
    stop.abort('enough');
    expect(await asked).toMatchObject({ code: 'CANCELLED', cause: 'enough' });
    open();
    gateway.answers.set('health', () => ({ ok: true }));
    expect(await oc.rpc.health.query({})).toEqual({ ok: true });
  });

  it('does not ask at all when its signal has fired before', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const error = await failure(oc.rpc.health.query({}, { signal: AbortSignal.abort() }));
    expect(error.code).toBe('CANCELLED');
    await failure(oc.rpc.status.query({}));
    expect(gateway.asked('health')).toEqual([]);
  });

  it('fails here when its input is no JSON, or larger than the gateway reads', async () => {
    await using gateway = await startScriptedGateway({ maxPayload: 1000 });
    gateway.answers.set('health', () => ({ ok: true }));
    await using oc = openClient(gateway.url);
    const circle: Record<string, unknown> = {};
    circle.probe = circle;
    expect((await failure(oc.rpc.health.query(circle as never))).message).toBe(
      'health: the input cannot be written as JSON',
    );
    const message = 'ü'.repeat(600);
    const error = await failure(oc.agents.get().run(message));
    expect(error).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(error.message).toMatch(/^agent: the request has 1\d\d\d bytes, the gateway reads at most 1000$/);
    expect(await oc.rpc.health.query({})).toEqual({ ok: true });
    expect(gateway.connections).toHaveLength(1);
  });

  it('refuses a path that ends in no call', async () => {
    await using gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    expect(() => (oc.rpc.sessions.list as unknown as () => void)()).toThrow(
      /a call ends in query, mutate or subscribe/,
    );
    expect(await Promise.resolve(oc.rpc.sessions)).toBe(oc.rpc.sessions);
  });
});

describe('a lost connection', () => {
  it('fails what may have executed, and says so', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.reset', () => silence);
    await using oc = openClient(gateway.url);
    const asked = failure(oc.sessions.get('main').reset());
    await got(gateway, 'sessions.reset');
    gateway.drop();
    const error = await asked;
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', details: { mayHaveExecuted: true } });
    expect(error.message).toContain('sessions.reset was sent, but the connection to');
    expect(gateway.asked('sessions.reset')).toHaveLength(1);
  });

  it('asks a query again, once', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.list', () =>
      gateway.asked('sessions.list').length === 1 ? silence : { sessions: ['again'] },
    );
    await using oc = openClient(gateway.url);
    const asked = oc.rpc.sessions.list.query({});
    await got(gateway, 'sessions.list');
    gateway.drop();
    expect(await asked).toEqual({ sessions: ['again'] });
    expect(gateway.connections).toHaveLength(2);

    gateway.answers.set('status', () => silence);
    const twice = failure(oc.rpc.status.query({}));
    await got(gateway, 'status', 1);
    gateway.drop();
    await got(gateway, 'status', 2);
    gateway.drop();
    expect((await twice).code).toBe('CONNECTION_LOST');
    expect(gateway.asked('status')).toHaveLength(2);
  });

  it('repeats what carries an idempotency key, until there is an answer', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.create', () =>
      gateway.asked('sessions.create').length < 3 ? silence : { ok: true, key: 'agent:main:x' },
    );
    await using oc = openClient(gateway.url);
    const asked = oc.rpc.sessions.create.mutate({ key: 'x', idempotencyKey: 'once' });
    for (const count of [1, 2]) {
      await got(gateway, 'sessions.create', count);
      gateway.drop();
    }
    expect((await asked).key).toBe('agent:main:x');
    const keys = gateway
      .asked('sessions.create')
      .map(({ params }) => (params as { idempotencyKey: string }).idempotencyKey);
    expect(keys).toEqual(['once', 'once', 'once']);
  });

  it('leaves what was not sent yet waiting, and sends it in order', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.patch', ({ key }: { key: string }) => ({ entry: { key } }));
    await using oc = openClient(gateway.url);
    await oc.connect();
    const lost = untilState(oc, 'reconnecting');
    await gateway.stop();
    await lost;
    const asked = ['a', 'b', 'c'].map((key) => oc.sessions.get(key).patch({ label: key }));
    await gateway.start();
    expect((await Promise.all(asked)).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    const order = gateway.asked('sessions.patch').map(({ params }) => (params as { key: string }).key);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('fails what was never sent as unreachable, with the reason', async () => {
    const gateway = await startScriptedGateway();
    await using oc = openClient(gateway.url);
    await oc.connect();
    const lost = untilState(oc, 'reconnecting');
    await gateway.stop();
    await lost;
    const error = await failure(oc.sessions.get('main').reset({ timeoutMs: 50 }));
    expect(error).toMatchObject({ code: 'UNREACHABLE', details: { mayHaveExecuted: false } });
    expect(error.message).toContain('sessions.reset could not be sent in time: ');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('tells whoever waits when the client is closed whether the request was sent', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.reset', () => silence);
    const oc = openClient(gateway.url);
    const sent = failure(oc.sessions.get('main').reset());
    await got(gateway, 'sessions.reset');
    await oc.close();
    expect(await sent).toMatchObject({ code: 'CLOSED', details: { mayHaveExecuted: true } });
  });
});

describe('gatewayLink', () => {
  it('is a link for any tRPC client, whose errors wrap the GatewayError', async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('sessions.list', ({ limit }: { limit: number }) => ({ count: limit }));
    await using link = gatewayLink({ url: gateway.url, token: 'test' });
    const client = createTRPCClient<Contract>({ links: [link] });
    expect(await client.sessions.list.query({ limit: 2 })).toEqual({ count: 2 });
    const error = await failure(client['agent.wait'].query({ runId: 'r' }));
    expect(error).toBeInstanceOf(TRPCClientError);
    expect(error.cause).toMatchObject({ name: 'GatewayError', code: 'INVALID_REQUEST' });
    gateway.answers.set('health', () => silence);
    const late = await failure(client.health.query({}, { context: { timeoutMs: 20 } }));
    expect(late.cause).toMatchObject({ code: 'TIMEOUT' });
    const stop = new AbortController();
    const stopped = failure(client.health.query({}, { signal: stop.signal }));
    await got(gateway, 'health', 2);
    stop.abort();
    expect((await stopped).cause).toMatchObject({ code: 'CANCELLED' });
  });

  it('subscribes to events by callbacks and by iteration', async () => {
    await using gateway = await startScriptedGateway();
    await using link = gatewayLink({ url: gateway.url, token: 'test' });
    const client = createTRPCClient<Contract>({ links: [link] });
    const heard: number[] = [];
    await new Promise<void>((resolve) => {
      const subscription = client.events.tick.subscribe(undefined, {
        onStarted: () =>
          void gateway
            .until(() => gateway.connections.length > 0)
            .then(() => {
              gateway.connection.event('health', { ok: true });
              gateway.connection.event('tick', { ts: 1 });
              gateway.connection.event('tick', { ts: 2 });
            }),
        onData: ({ ts }) => {
          heard.push(ts);
          if (ts !== 2) return;
          subscription.unsubscribe();
          resolve();
        },
      });
    });
    expect(heard).toEqual([1, 2]);
    const ticks = client.events.tick.subscribe();
    const next = ticks.next();
    gateway.connection.event('tick', { ts: 3 });
    expect(await next).toEqual({ done: false, value: { ts: 3 } });
    const last = ticks.next();
    await link.close();
    expect((await last).done).toBe(true);
  });

  it("is also what a client's own connection offers", async () => {
    await using gateway = await startScriptedGateway();
    gateway.answers.set('health', () => ({ ok: true }));
    await using oc = openClient(gateway.url);
    const client = createTRPCClient<Contract>({ links: [oc.link] });
    await client.health.query({});
    await oc.rpc.health.query({});
    expect(gateway.connections).toHaveLength(1);
  });
});
