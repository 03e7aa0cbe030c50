import { GatewayClient, type GatewayClientOptions, GatewayClientRequestError } from '@openclaw/gateway-client';
import { describe, expect, it } from 'vitest';
import type { SecondAnswer } from '../../sdk/protocol/method.ts';
import { makeDevice } from '../auth/device.ts';
import { type House, openHouse, steered, token } from './house.ts';
import { type AnyFrame, dial, dialIn } from './raw.ts';
import { faultsOf } from './schema.ts';

interface Visit extends AsyncDisposable {
  client: GatewayClient;
  hello: Promise<{ auth: { scopes: string[] }; server: { connId: string } }>;
  refused: Promise<Error>;
  closed: Promise<{ code: number; reason: string }>;
  events: AnyFrame[];
  event(name: string): Promise<AnyFrame>;
  gaps: { expected: number; received: number }[];
}

/** The published client, on its way in. */
function visit({ url }: House, options: Partial<GatewayClientOptions> = {}): Visit {
  const [hello, refused, closed] = [
    Promise.withResolvers<never>(),
    Promise.withResolvers<Error>(),
    Promise.withResolvers<never>(),
  ];
  const events: AnyFrame[] = [];
  const waiting = new Set<() => void>();
  const gaps: Visit['gaps'] = [];
  const client = new GatewayClient({
    url,
    token,
    onHelloOk: (ok) => hello.resolve(ok as never),
    onConnectError: refused.resolve,
    onClose: (code, reason) => closed.resolve({ code, reason } as never),
    onGap: (gap) => gaps.push(gap),
    onEvent(event) {
      events.push(event as unknown as AnyFrame);
      for (const look of waiting) look();
    },
    ...options,
  });
  client.start();
  return {
    client,
    hello: hello.promise,
    refused: refused.promise,
    closed: closed.promise,
    events,
    gaps,
    event: (name) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.find(({ event }) => event === name);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: () => client.stopAndWait({ timeoutMs: 1_000 }),
  };
}

describe('the published client', () => {
  it('gets in, asks, and hears events without a gap', async () => {
    await using house = await openHouse();
    await using one = visit(house);
    expect(await one.hello).toMatchObject({ auth: { scopes: ['operator.admin'] } });
    expect(await one.client.request('system-presence')).toMatchObject([{ mode: 'gateway' }]);
    for (let ts = 1; ts <= 3; ts++) house.wire.publish('tick', { ts });
    await one.client.request('health', {});
    expect(one.events.filter(({ event }) => event === 'tick').map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(one.gaps).toEqual([]);
  });

  it('gets in with a password, and with a device', async () => {
    await using closed = await openHouse({ policy: { mode: 'password', password: 'open sesame' } });
    await using one = visit(closed, { token: undefined as never, password: 'open sesame' });
    expect(await one.hello).toMatchObject({ auth: { method: 'password' } });

    const device = makeDevice();
    await using house = await openHouse();
    await using two = visit(house, {
      clientName: 'test',
      mode: 'test',
      deviceFamily: 'Desk',
      deviceIdentity: { deviceId: device.id, publicKeyPem: device.pem, privateKeyPem: 'kept elsewhere' },
      hostDeps: {
        signDevicePayload: (_pem, payload) => device.sign(payload).toString('base64url'),
        publicKeyRawBase64UrlFromPem: () => device.publicKey,
      },
    });
    expect(await two.hello).toMatchObject({ auth: { scopes: ['operator.admin'] } });
  });

  it('is told why it is refused, in codes that it knows', async () => {
    await using house = await openHouse();
    await using one = visit(house, { token: 'wrong' });
    const error = await one.refused;
    expect(error).toBeInstanceOf(GatewayClientRequestError);
    expect(error).toMatchObject({ details: { code: 'AUTH_TOKEN_MISMATCH' } });
    expect(await one.closed).toMatchObject({ code: 1008 });
  });

  it('waits for the end of a two-stage method', async () => {
    const end = steered<SecondAnswer>();
    const run = { runId: 'k', sessionKey: 'agent:main:main', agentId: 'main' };
    await using house = await openHouse({
      handlers: {
        agent: (_input, { follow }) => {
          follow?.(end.promise);
          return { ...run, status: 'accepted', acceptedAt: 1 };
        },
      },
    });
    await using one = visit(house);
    await one.hello;
    const accepted = steered<unknown>();
    const final = one.client.request(
      'agent',
      { message: 'hi', idempotencyKey: 'k' },
      { expectFinal: true, onAccepted: accepted.resolve },
    );
    expect(await accepted.promise).toMatchObject({ status: 'accepted' });
    end.resolve({ ok: true, payload: { ...run, status: 'ok', summary: 'completed' } });
    expect(await final).toMatchObject({ status: 'ok' });
  });

  it('hears of the end', async () => {
    const house = await openHouse();
    await using one = visit(house);
    await one.hello;
    const told = one.event('shutdown');
    await house[Symbol.asyncDispose]();
    expect((await told).payload).toEqual({ reason: 'gateway stopping' });
    expect(await one.closed).toEqual({ code: 1012, reason: 'service restart' });
  });
});

describe('the published schema', () => {
  it('describes what is sent', async () => {
    await using house = await openHouse();
    using person = await dial(house);
    const ui = { client: { id: 'openclaw-macos', mode: 'ui', version: '2.0', platform: 'macos' } };
    const { payload: hello } = await person.connect(ui);
    using admin = await dialIn(house);
    const health = await admin.request('health');
    const presence = await admin.request('system-presence');
    const refusals = [await admin.request('no.such'), await admin.request('sessions.list', { limit: 0 })];
    house.wire.publish('health', health.payload as never);
    house.wire.publish('tick', { ts: 1 });
    await house.wire.close({ reason: 'gateway restarting', restartExpectedMs: 1500 });

    const frames = [...person.frames, ...admin.frames];
    const payloads = (name: string) => frames.filter(({ event }) => event === name).map(({ payload }) => payload);
    const names = ['connect.challenge', 'presence', 'health', 'tick', 'shutdown'];
    expect(names.map((name) => payloads(name).length > 0)).toEqual(names.map(() => true));
    expect([
      ...faultsOf('HelloOk', hello),
      ...(presence.payload as unknown as unknown[]).flatMap((entry) => faultsOf('PresenceEntry', entry)),
      ...refusals.flatMap(({ error }) => faultsOf('ErrorShape', error)),
      ...frames.flatMap((frame) => faultsOf(frame.type === 'res' ? 'ResponseFrame' : 'EventFrame', frame)),
      ...payloads('tick').flatMap((payload) => faultsOf('TickEvent', payload)),
      ...payloads('shutdown').flatMap((payload) => faultsOf('ShutdownEvent', payload)),
    ]).toEqual([]);
    expect(faultsOf('HelloOk', { ...hello, policy: {} })).not.toEqual([]);
  });
});
