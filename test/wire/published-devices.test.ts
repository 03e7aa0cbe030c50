import { GatewayClient, type GatewayClientOptions, GatewayClientRequestError } from '@openclaw/gateway-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HelloOk } from '../../sdk/protocol/hello.ts';
import { makeDevice, type TestDevice } from '../auth/device.ts';
import { type House, openHouse, token } from './house.ts';
import { dialIn } from './raw.ts';

interface Kept {
  token: string;
  scopes: string[];
}

/** What the published client keeps of a device: by role, as its hosts do. */
const createKeeping = () => new Map<string, Kept>();

/** The published client with a device, on its way in; it keeps the tokens it is told. */
function visit(
  { url }: Pick<House, 'url'>,
  device: TestDevice,
  { keeping = createKeeping(), ...options }: Partial<GatewayClientOptions> & { keeping?: Map<string, Kept> } = {},
) {
  const hello = Promise.withResolvers<HelloOk>();
  const paused = Promise.withResolvers<{ code: number; reason: string; detailCode: string | null }>();
  const errors: Error[] = [];
  const client = new GatewayClient({
    url,
    token,
    clientName: 'openclaw-macos',
    mode: 'ui',
    scopes: ['operator.read', 'operator.write'],
    deviceIdentity: { deviceId: device.id, publicKeyPem: device.pem, privateKeyPem: 'kept elsewhere' },
    hostDeps: {
      signDevicePayload: (_pem, payload) => device.sign(payload).toString('base64url'),
      publicKeyRawBase64UrlFromPem: () => device.publicKey,
      loadDeviceAuthToken: ({ role }) => keeping.get(role) as never,
      storeDeviceAuthToken: ({ role, token: told, scopes = [] }) => void keeping.set(role, { token: told, scopes }),
      clearDeviceAuthToken: ({ role }) => void keeping.delete(role),
    },
    onHelloOk: (ok) => hello.resolve(ok as unknown as HelloOk),
    onConnectError: (error) => errors.push(error),
    onReconnectPaused: (info) => paused.resolve(info as never),
    ...options,
  });
  client.start();
  return {
    client,
    keeping,
    errors,
    hello: hello.promise,
    paused: paused.promise,
    [Symbol.asyncDispose]: () => client.stopAndWait({ timeoutMs: 1_000 }),
  };
}

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

describe('the published client with a device', () => {
  it('keeps the token that it is told, and comes back with it alone', async () => {
    const device = makeDevice();
    await using first = visit(house, device);
    const { auth } = await first.hello;
    expect(first.keeping.get('operator')).toEqual({ token: auth.deviceToken, scopes: auth.scopes });
    await using second = visit(house, device, { token: undefined as never, keeping: first.keeping });
    expect((await second.hello).auth).toMatchObject({
      method: 'device-token',
      deviceToken: auth.deviceToken,
      scopes: ['operator.read', 'operator.write'],
    });
    expect(await second.client.request('health', {})).toMatchObject({ ok: true });
  });

  it('gets in by a password', async () => {
    await using closed = await openHouse({ policy: { mode: 'password', password: 'open sesame' } });
    await using one = visit(closed, makeDevice(), { token: undefined as never, password: 'open sesame' });
    expect((await one.hello).auth).toMatchObject({ method: 'password', deviceToken: expect.any(String) });
  });

  it('tries its own token after a secret that is no longer right', async () => {
    const device = makeDevice();
    await using first = visit(house, device);
    await first.hello;
    await using second = visit(house, device, { token: 'the old one', keeping: first.keeping });
    expect((await second.hello).auth.method).toBe('device-token');
    expect(second.errors).toMatchObject([{ details: { code: 'AUTH_TOKEN_MISMATCH', canRetryWithDeviceToken: true } }]);
  });

  it('is a node, with a token of its own', async () => {
    const device = makeDevice();
    await using operator = visit(house, device);
    await operator.hello;
    const { keeping } = operator;
    await using node = visit(house, device, {
      role: 'node',
      clientName: 'node-host',
      mode: 'node',
      scopes: [],
      keeping,
    });
    expect((await node.hello).auth).toMatchObject({ role: 'node', scopes: [] });
    expect(keeping.get('node')?.token).not.toBe(keeping.get('operator')?.token);
  });

  it('stops and waits when it has to be approved, and gets in after that', async () => {
    await using strict = await openHouse({ autoApproveLocal: false });
    using admin = await dialIn(strict);
    const device = makeDevice();
    await using first = visit(strict, device);
    expect(await first.paused).toMatchObject({ code: 1008, detailCode: 'PAIRING_REQUIRED' });
    const [error] = first.errors as GatewayClientRequestError[];
    expect(error).toBeInstanceOf(GatewayClientRequestError);
    const { requestId } = (error as GatewayClientRequestError).details as { requestId: string };
    expect(await admin.request('device.pair.approve', { requestId })).toMatchObject({ ok: true });
    await using second = visit(strict, device);
    expect((await second.hello).auth.scopes).toEqual(['operator.read', 'operator.write']);
  });

  it('forgets a token that was taken back, and is told why it may not come in', async () => {
    using admin = await dialIn(house);
    const device = makeDevice();
    await using first = visit(house, device);
    await first.hello;
    const { keeping } = first;
    await first.client.stopAndWait({ timeoutMs: 1_000 });
    await admin.request('device.token.revoke', { deviceId: device.id, role: 'operator' });
    await using second = visit(house, device, { token: undefined as never, keeping });
    expect(await second.paused).toMatchObject({ detailCode: 'AUTH_DEVICE_TOKEN_MISMATCH' });
    expect(keeping.has('operator')).toBe(false);
    await using third = visit(house, device, { keeping });
    expect(await third.paused).toMatchObject({ detailCode: 'PAIRING_REQUIRED' });
  });

  it('is closed when it is removed, and pairs anew', async () => {
    using admin = await dialIn(house);
    const device = makeDevice();
    const closed = Promise.withResolvers<unknown>();
    await using one = visit(house, device, { onClose: (code, reason) => closed.resolve({ code, reason }) });
    const before = (await one.hello).auth.deviceToken;
    await admin.request('device.pair.remove', { deviceId: device.id });
    expect(await closed.promise).toEqual({ code: 4001, reason: 'device removed' });
    await using two = visit(house, device, { keeping: one.keeping });
    expect((await two.hello).auth.deviceToken).not.toBe(before);
  });
});
