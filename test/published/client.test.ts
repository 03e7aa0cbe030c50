import { GatewayClientRequestError } from '@openclaw/gateway-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methods } from '../../sdk/protocol/contract.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { type Example, examples } from '../matrix/examples.ts';
import { paramsOf } from '../matrix/world.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, chunk, refuse, reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { token as houseToken, openHouse } from '../wire/house.ts';
import { asDevice, visit } from './visit.ts';

describe('the published client comes in', () => {
  it('with the token, and hears everything without a gap', async () => {
    await using gateway = await startTestGateway();
    await using guest = visit(gateway);
    await guest.until('hello', () => guest.hellos.length === 1);
    expect(guest.hellos[0]?.auth).toMatchObject({ role: 'operator', scopes: ['operator.admin'], method: 'token' });
    const run = { sessionKey: 'main', message: 'hi', idempotencyKey: 'k' };
    expect(await guest.client.request('chat.send', run)).toMatchObject({ runId: 'k', status: 'started' });
    const isFinal = ({ event, payload }: { event: string; payload?: unknown }) =>
      event === 'chat' && (payload as { state: string }).state === 'final';
    await guest.until('the end of the run', () => guest.events.some(isFinal));
    const numbers = guest.events.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(guest.gaps).toEqual([]);
  });

  it('with the password', async () => {
    const config = { gateway: { auth: { mode: 'password', password: 'open sesame' } } } as const;
    await using gateway = await startTestGateway({ config });
    await using guest = visit(gateway, { token: undefined as never, password: 'open sesame' });
    await guest.until('hello', () => guest.hellos.length === 1);
    expect(guest.hellos[0]?.auth).toMatchObject({ method: 'password' });
    await using stranger = visit(gateway, { token: undefined as never, password: 'wrong' });
    await stranger.until('a refusal', () => stranger.refusals.length > 0);
    expect(stranger.refusals[0]).toMatchObject({ details: { code: 'AUTH_PASSWORD_MISMATCH' } });
  });

  it('as a device, keeps the token that it gets, and comes back by that alone', async () => {
    await using gateway = await startTestGateway();
    const { device, kept, options } = asDevice();
    {
      await using guest = visit(gateway, options);
      await guest.until('hello', () => guest.hellos.length === 1);
      expect(guest.hellos[0]?.auth).toMatchObject({ scopes: ['operator.write'], deviceToken: expect.any(String) });
    }
    const [record] = kept.values();
    expect(record).toMatchObject({ token: expect.stringMatching(/^[\w-]{43}$/), scopes: ['operator.write'] });
    await using again = visit(gateway, { ...options, token: undefined as never });
    await again.until('hello', () => again.hellos.length === 1);
    expect(again.hellos[0]?.auth).toMatchObject({ method: 'device-token', deviceToken: record?.token });
    expect(await again.client.request('sessions.list', {})).toMatchObject({ count: 0 });

    await using admin = await openSocket(gateway.url);
    await admin.call('device.pair.remove', { deviceId: device.id });
    await again.until('the close', () => again.closes.some(({ code }) => code === 4001));
    expect(again.closes[0]).toEqual({ code: 4001, reason: 'device removed' });
  });

  it('by its own token when the one it was given is no longer right', async () => {
    await using gateway = await startTestGateway();
    const { options } = asDevice();
    {
      await using guest = visit(gateway, options);
      await guest.until('hello', () => guest.hellos.length === 1);
    }
    await using again = visit(gateway, { ...options, token: 'of last year' });
    await again.until('hello', () => again.hellos.length === 1);
    expect(again.hellos[0]?.auth).toMatchObject({ method: 'device-token' });
  });

  it('after somebody has approved it, and after somebody has approved more', async () => {
    const config = { gateway: { nodes: { pairing: { autoApproveLocal: false } } } };
    await using gateway = await startTestGateway({ config });
    await using admin = await openSocket(gateway.url);
    const { options } = asDevice();
    const approve = async (scopes: string[]) => {
      await using stranger = visit(gateway, { ...options, scopes });
      await stranger.until('a refusal', () => stranger.refusals.length > 0);
      const [{ details = {} } = {}] = stranger.refusals;
      expect(details).toMatchObject({ code: 'PAIRING_REQUIRED', requestId: expect.any(String) });
      await stranger.until('the pause', () => stranger.pauses.length > 0);
      await admin.call('device.pair.approve', { requestId: details.requestId });
    };
    await approve(['operator.read']);
    {
      await using guest = visit(gateway, { ...options, scopes: ['operator.read'] });
      await guest.until('hello', () => guest.hellos.length === 1);
    }
    await approve(['operator.write']);
    await using guest = visit(gateway, options);
    await guest.until('hello', () => guest.hellos.length === 1);
    expect(guest.hellos[0]?.auth.scopes).toEqual(['operator.write']);
  });

  it('not with a wrong token, and is told why in codes that it knows', async () => {
    await using gateway = await startTestGateway();
    await using guest = visit(gateway, { token: 'wrong' });
    await guest.until('a refusal', () => guest.refusals.length > 0);
    expect(guest.refusals[0]).toBeInstanceOf(GatewayClientRequestError);
    expect(guest.refusals[0]).toMatchObject({ details: { code: 'AUTH_TOKEN_MISMATCH' } });
    await guest.until('the close', () => guest.closes.length > 0);
    expect(guest.closes[0]).toMatchObject({ code: 1008 });
  });
});

describe('the published client goes on', () => {
  it.each<['SIGKILL' | 'SIGTERM', number]>([
    ['SIGKILL', 1006],
    ['SIGTERM', 1012],
  ])('when the gateway has ended by %s and is there again', async (signal, code) => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('hello again'));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    const first = await spawnGateway(start);
    await using guest = visit(first);
    await guest.until('hello', () => guest.hellos.length === 1);
    await guest.client.request('sessions.create', { key: 'kept', label: 'Kept' });
    first.signal(signal);
    await first.exited;
    await guest.until('the close', () => guest.closes.length > 0);
    expect(guest.closes[0]?.code).toBe(code);
    await using _second = await spawnGateway(start);
    await guest.until('the second hello', () => guest.hellos.length === 2);
    expect(guest.hellos[1]?.server.connId).not.toBe(guest.hellos[0]?.server.connId);
    expect(await guest.client.request('sessions.describe', { key: 'kept' })).toMatchObject({
      session: { label: 'Kept' },
    });
    const run = { message: 'hi', idempotencyKey: 'after', sessionKey: 'kept' };
    expect(await guest.client.request('agent', run, { expectFinal: true })).toMatchObject({
      status: 'ok',
      result: { payloads: [{ text: 'hello again' }] },
    });
  });

  it('and is told of the gap when it was too slow for all events', async () => {
    await using house = await openHouse({ limits: { maxBufferedBytes: 1_000_000 } });
    await using guest = visit(house, { token: houseToken });
    await guest.until('hello', () => guest.hellos.length === 1);
    guest.socket().pause();
    const presence = [{ host: 'x'.repeat(100_000), ts: 1 }];
    for (let n = 0; n < 200; n++) {
      house.wire.publish('presence', { presence } as never);
      await new Promise(setImmediate);
    }
    guest.socket().resume();
    const tick = setInterval(() => house.wire.publish('tick', { ts: Date.now() }), 20);
    await guest.until('a gap', () => guest.gaps.length > 0).finally(() => clearInterval(tick));
    const [gap] = guest.gaps;
    expect(gap?.received).toBeGreaterThan(gap?.expected ?? 0);
    expect(await guest.client.request('health', {})).toMatchObject({ ok: true });
  });
});

describe('the published client runs an agent', () => {
  const run = { message: 'hi', idempotencyKey: 'k', sessionKey: 'main' };
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('and waits for the end, which comes on the same id', async () => {
    const gate = Promise.withResolvers<void>();
    gateway.upstream.answer(
      begin('Hello', async (send, res) => {
        await gate.promise;
        send(chunk({ content: ' there' }));
        send(chunk({}, { finish_reason: 'stop' }));
        send('[DONE]');
        res.end();
      }),
    );
    await using guest = visit(gateway);
    await guest.until('hello', () => guest.hellos.length === 1);
    const accepted = Promise.withResolvers<unknown>();
    const end = guest.client.request('agent', run, { expectFinal: true, onAccepted: accepted.resolve });
    expect(await accepted.promise).toMatchObject({ runId: 'k', status: 'accepted', sessionKey: 'agent:main:main' });
    expect(await guest.client.request('agent', run)).toMatchObject({ status: 'in_flight' });
    gate.resolve();
    expect(await end).toMatchObject({ status: 'ok', result: { payloads: [{ text: 'Hello there' }] } });
    expect(await guest.client.request('agent', run, { expectFinal: true })).toMatchObject({ status: 'ok' });
    expect(await guest.client.request('agent.wait', { runId: 'k' })).toMatchObject({ status: 'ok' });
  });

  it('and is told how it failed', async () => {
    gateway.upstream.answer(refuse(401, 'no'));
    await using guest = visit(gateway);
    await guest.until('hello', () => guest.hellos.length === 1);
    const failing = guest.client.request('agent', { ...run, idempotencyKey: 'bad' }, { expectFinal: true });
    await expect(failing).rejects.toMatchObject({
      gatewayCode: 'UNAVAILABLE',
      responsePayload: { runId: 'bad', status: 'error' },
    });
  });
});

describe('the published client calls', () => {
  let gateway: TestGateway;
  let guest: ReturnType<typeof visit>;
  beforeAll(async () => {
    gateway = await startTestGateway();
    guest = visit(gateway);
    await guest.until('hello', () => guest.hellos.length === 1);
  });
  afterAll(async () => {
    await guest[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  });

  // What ends the gateway is asked in the matrix, of a gateway of its own.
  it.each([...methods.keys()].filter((method) => !examples[method]?.alone))('%s', async (method) => {
    const example: Example = examples[method] ?? { params: {} };
    const params = await paramsOf(example, gateway, (name, input) => guest.client.request(name, input));
    const answer = guest.client.request(method, params);
    if (example.refused) await expect(answer).rejects.toMatchObject({ gatewayCode: example.refused.code });
    else expect(await answer).toBeDefined();
  });

  it('and is told which scope it lacks', async () => {
    await using reader = visit(gateway, { scopes: ['operator.read'], token });
    await reader.until('hello', () => reader.hellos.length === 1);
    const sending = reader.client.request('chat.send', { wrong: true });
    await expect(sending).rejects.toMatchObject({
      gatewayCode: 'FORBIDDEN',
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.write' },
    });
  });
});
