import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PairingRequest } from '../../sdk/protocol/device.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { makeDevice } from '../auth/device.ts';
import { authOf, connectDevice, elsewhere, plainClient, refusalOf } from '../device-client.ts';
import { type House, openHouse } from './house.ts';
import { dialIn, type Raw } from './raw.ts';
import { faultsOf } from './schema.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house[Symbol.asyncDispose]());

const read = { scopes: ['operator.read'] };
const node = { role: 'node', scopes: [], client: { id: 'node-host', mode: 'node', version: '1', platform: 'linux' } };
const pending = async (admin: Raw) => {
  const { payload } = await admin.request('device.pair.list');
  return (payload as unknown as { pending: PairingRequest[] }).pending;
};
const pairingId = (details: Record<string, unknown>) => String(details.requestId);

describe('a device on this machine that has the secret', () => {
  it('is paired without a word, and gets a token that stays the same', async () => {
    using admin = await dialIn(house);
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read });
    const auth = authOf(first);
    expect(auth).toMatchObject({
      role: 'operator',
      scopes: ['operator.read'],
      method: 'token',
      deviceToken: expect.stringMatching(/^[\w-]{43}$/),
      issuedAtMs: expect.any(Number),
      recoveryScope: expect.any(String),
      grantedAs: 'device',
    });
    expect((await admin.event('device.pair.resolved')).payload).toMatchObject({
      deviceId: device.id,
      decision: 'approved',
    });
    expect(admin.frames.some(({ event }) => event === 'device.pair.requested')).toBe(false);
    using second = await connectDevice(house, device, { params: read });
    expect(authOf(second)).toMatchObject({
      deviceToken: auth.deviceToken,
      issuedAtMs: auth.issuedAtMs,
      recoveryScope: auth.recoveryScope,
    });
  });

  it.each(['token', 'deviceToken'])('comes back with its token alone, in auth.%s', async (member) => {
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: { scopes: ['operator.write'] } });
    const { deviceToken } = authOf(first);
    using second = await connectDevice(house, device, { params: { ...read, auth: { [member]: deviceToken } } });
    expect(authOf(second)).toMatchObject({ method: 'device-token', scopes: ['operator.read'], deviceToken });
    expect((await second.request('device.pair.list')).error?.details).toMatchObject({
      missingScope: 'operator.pairing',
    });
  });

  it('gets in by its token beside a secret that is no longer right, as the published client retries', async () => {
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read });
    const { deviceToken } = authOf(first);
    using second = await connectDevice(house, device, { params: { ...read, auth: { token: 'old', deviceToken } } });
    expect(authOf(second)).toMatchObject({ method: 'device-token' });
  });

  it('gets a new token with more scopes, and the old one ends', async () => {
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read });
    const old = authOf(first).deviceToken;
    using second = await connectDevice(house, device, { params: { scopes: ['operator.write'] } });
    expect(authOf(second).deviceToken).not.toBe(old);
    using third = await connectDevice(house, device, { params: { ...read, auth: { deviceToken: old } } });
    expect(await refusalOf(third)).toMatchObject({
      details: { code: 'AUTH_DEVICE_TOKEN_MISMATCH' },
      closed: { code: 1008, reason: expect.stringMatching(/^unauthorized: device token mismatch/) },
    });
  });

  it('gets a token of its own as a node', async () => {
    const device = makeDevice();
    using operator = await connectDevice(house, device, { params: read });
    using second = await connectDevice(house, device, { params: node });
    const asNode = authOf(second);
    expect(asNode).toMatchObject({ role: 'node', scopes: [], deviceToken: expect.any(String) });
    expect(asNode.deviceToken).not.toBe(authOf(operator).deviceToken);
    expect(asNode).not.toHaveProperty('recoveryScope');
    using third = await connectDevice(house, device, { params: { ...node, auth: { token: asNode.deviceToken } } });
    expect(authOf(third)).toMatchObject({ role: 'node', method: 'device-token' });
    using fourth = await connectDevice(house, device, { params: { ...read, auth: { token: asNode.deviceToken } } });
    expect((await refusalOf(fourth)).details).toMatchObject({ code: 'AUTH_TOKEN_MISMATCH' });
  });

  it('may be another client than the one it was paired as, and another platform', async () => {
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read });
    const other = { id: 'openclaw-tui', mode: 'cli', version: '1', platform: 'linux' };
    using second = await connectDevice(house, device, { params: { ...read, client: other } });
    expect(authOf(second).deviceToken).toBe(authOf(first).deviceToken);
  });

  it('is not paired as our own backend, and gets no token', async () => {
    const device = makeDevice();
    const client = { id: 'gateway-client', mode: 'backend', version: '1', platform: 'linux' };
    using backend = await connectDevice(house, device, { params: { client, scopes: ['operator.admin'] } });
    expect(authOf(backend)).not.toHaveProperty('deviceToken');
    const { payload } = await backend.request('device.pair.list');
    expect(JSON.stringify(payload)).not.toContain(device.id);
  });

  it('is not let in by a token of another device', async () => {
    using first = await connectDevice(house, makeDevice(), { params: read });
    const { deviceToken } = authOf(first);
    using second = await connectDevice(house, makeDevice(), { params: { ...read, auth: { deviceToken } } });
    expect((await refusalOf(second)).details).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' });
  });

  it('cannot ask for more than its token carries', async () => {
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read });
    const auth = { token: authOf(first).deviceToken };
    using second = await connectDevice(house, device, { params: { scopes: ['operator.admin'], auth } });
    expect(await refusalOf(second)).toMatchObject({
      error: { code: 'INVALID_REQUEST', message: expect.stringMatching(/^unauthorized: device token scope mismatch/) },
      details: {
        code: 'AUTH_SCOPE_MISMATCH',
        authReason: 'scope_mismatch',
        canRetryWithDeviceToken: false,
        recommendedNextStep: 'review_auth_configuration',
      },
      closed: { code: 1008 },
    });
  });
});

describe('a device of another machine', () => {
  it('waits for approval, in the words of the protocol, and gets in after it', async () => {
    using admin = await dialIn(house);
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read, ...elsewhere });
    const { error, details, closed } = await refusalOf(first);
    const requestId = pairingId(details);
    expect(error).toMatchObject({ code: 'NOT_PAIRED', message: expect.stringMatching(/^pairing required: /) });
    expect(details).toEqual({
      code: 'PAIRING_REQUIRED',
      reason: 'not-paired',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      deviceId: device.id,
      requestedRole: 'operator',
      requestedScopes: ['operator.read'],
      remediationHint: expect.stringContaining(`openclaw devices approve ${requestId}`),
    });
    expect(closed.code).toBe(1008);
    expect(closed.reason).toMatch(/^pairing required: .* \(requestId: [0-9a-f-]{36}\)$/);
    expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);

    const { payload: told } = await admin.event('device.pair.requested');
    expect(told).toMatchObject({
      requestId,
      deviceId: device.id,
      publicKey: device.publicKey,
      platform: 'macos',
      clientId: 'openclaw-macos',
      clientMode: 'ui',
      role: 'operator',
      scopes: ['operator.read'],
      remoteIp: '192.0.2.7',
      isRepair: false,
    });
    expect(faultsOf('DevicePairRequestedEvent', told)).toEqual([]);
    const { payload: list } = await admin.request('device.pair.list');
    expect(list?.pending).toContainEqual(told);

    const approved = await admin.request('device.pair.approve', { requestId });
    expect(approved.payload).toMatchObject({ requestId, device: { deviceId: device.id, approvedVia: 'owner' } });
    const { payload: resolved } = await admin.event('device.pair.resolved');
    expect(resolved).toMatchObject({ requestId, deviceId: device.id, decision: 'approved' });
    expect(faultsOf('DevicePairResolvedEvent', resolved)).toEqual([]);
    using second = await connectDevice(house, device, { params: read, ...elsewhere });
    expect(authOf(second)).toMatchObject({ scopes: ['operator.read'], deviceToken: expect.any(String) });
  });

  const approve = async (params: Record<string, unknown>, device = makeDevice()) => {
    using admin = await dialIn(house);
    using first = await connectDevice(house, device, { params, ...elsewhere });
    await admin.request('device.pair.approve', { requestId: pairingId((await refusalOf(first)).details) });
    return device;
  };

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['more scopes', { scopes: ['operator.write'] }, { reason: 'scope-upgrade', requestedScopes: ['operator.write'] }],
    ['another role', node, { reason: 'role-upgrade', requestedRole: 'node', requestedScopes: [] }],
    [
      'another machine under the same key',
      { client: { ...plainClient, platform: 'windows' } },
      { reason: 'metadata-upgrade' },
    ],
  ])('waits again with %s, and is told what it may already', async (_name, changes, expected) => {
    const device = await approve(read);
    using second = await connectDevice(house, device, { params: { ...read, ...changes }, ...elsewhere });
    expect((await refusalOf(second)).details).toMatchObject({
      ...expected,
      approvedRoles: ['operator'],
      approvedScopes: ['operator.read'],
    });
    await approve({ ...read, ...changes }, device);
    using third = await connectDevice(house, device, { params: { ...read, ...changes }, ...elsewhere });
    expect(authOf(third).deviceToken).toBeDefined();
  });

  it('is the same machine after an update of its system', async () => {
    const ios = (platform: string) => ({ ...read, client: { ...plainClient, platform } });
    const device = await approve(ios('iOS 18.4.0'));
    using second = await connectDevice(house, device, { params: ios('iOS 19.1'), ...elsewhere });
    expect(authOf(second).deviceToken).toBeDefined();
  });

  it('keeps one request, under one id for the same and under a new one for something else', async () => {
    using admin = await dialIn(house);
    const device = makeDevice();
    const ask = async (params: Record<string, unknown>) => {
      using raw = await connectDevice(house, device, { params, ...elsewhere });
      return pairingId((await refusalOf(raw)).details);
    };
    const first = await ask(read);
    expect(await ask(read)).toBe(first);
    const second = await ask({ scopes: ['operator.write'] });
    expect(second).not.toBe(first);
    const mine = (await pending(admin)).filter(({ deviceId }) => deviceId === device.id);
    expect(mine).toMatchObject([{ requestId: second, scopes: ['operator.write'] }]);
    expect((await admin.request('device.pair.approve', { requestId: first })).error).toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'unknown requestId',
    });
  });

  it('that is a node and an operator asks for both at once', async () => {
    const device = makeDevice();
    const macNode = { ...node, client: { ...node.client, platform: 'macos' } };
    using operator = await connectDevice(house, device, { params: read, ...elsewhere });
    await refusalOf(operator);
    await approve(macNode, device);
    using second = await connectDevice(house, device, { params: read, ...elsewhere });
    using third = await connectDevice(house, device, { params: macNode, ...elsewhere });
    expect([authOf(second).role, authOf(third).role]).toEqual(['operator', 'node']);
  });

  it('can be turned away', async () => {
    using admin = await dialIn(house);
    const device = makeDevice();
    using first = await connectDevice(house, device, { params: read, ...elsewhere });
    const requestId = pairingId((await refusalOf(first)).details);
    const rejected = await admin.request('device.pair.reject', { requestId });
    expect(rejected.payload).toEqual({ requestId, deviceId: device.id });
    expect((await admin.event('device.pair.resolved')).payload).toMatchObject({ requestId, decision: 'rejected' });
    expect((await admin.request('device.pair.reject', { requestId })).error?.message).toBe('unknown requestId');
  });

  it('gets no request without the secret', async () => {
    using raw = await connectDevice(house, makeDevice(), { params: { auth: { token: 'wrong' } }, ...elsewhere });
    expect((await refusalOf(raw)).details).toMatchObject({
      code: 'AUTH_TOKEN_MISMATCH',
      canRetryWithDeviceToken: true,
    });
  });
});

describe('a gateway that approves nobody by itself', () => {
  it('asks about devices of its own machine, too', async () => {
    await using strict = await openHouse({ autoApproveLocal: false });
    using raw = await connectDevice(strict, makeDevice(), { params: read });
    expect((await refusalOf(raw)).details).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'not-paired' });
  });

  it('forgets a request after five minutes', async () => {
    let now = Date.now();
    await using strict = await openHouse({ autoApproveLocal: false, now: () => now });
    using admin = await dialIn(strict);
    using raw = await connectDevice(strict, makeDevice(), { params: read });
    const requestId = pairingId((await refusalOf(raw)).details);
    now += 5 * 60_000 - 1;
    expect((await admin.request('device.pair.list')).payload?.pending).toHaveLength(1);
    now += 1;
    expect((await admin.request('device.pair.list')).payload?.pending).toEqual([]);
    expect((await admin.event('device.pair.resolved')).payload).toMatchObject({ requestId, decision: 'expired' });
    expect((await admin.request('device.pair.approve', { requestId })).error?.message).toBe('unknown requestId');
  });

  it('keeps no more than 256 requests', async () => {
    await using strict = await openHouse({ autoApproveLocal: false });
    using admin = await dialIn(strict);
    const ids: string[] = [];
    for (let count = 0; count < 257; count++) {
      using raw = await connectDevice(strict, makeDevice(), { params: read });
      ids.push(pairingId((await refusalOf(raw)).details));
    }
    const left = (await pending(admin)).map(({ requestId }) => requestId);
    expect(new Set(left)).toEqual(new Set(ids.slice(1)));
  });
});

describe('a device that is removed while it comes in', () => {
  it('is closed instead of let in', async () => {
    await using own = await openHouse();
    const { admit } = own.devices;
    const asker = { id: 'test', scopes: ['operator.admin'], method: 'token' } as const;
    own.devices.admit = async (arrival) => {
      const admission = await admit(arrival);
      await own.devices.remove(arrival.deviceId, asker);
      return admission;
    };
    const sent = connectDevice(own, makeDevice(), { params: read });
    await expect(sent).rejects.toThrow('closed 4001 device removed');
    expect(own.wire.counts().ready).toBe(0);
  });
});

describe('a disk that takes no approval', () => {
  it('is told to the device as such, to try again later', async () => {
    await using own = await openHouse();
    own.devices.admit = () => Promise.reject(new GatewayError('UNAVAILABLE', 'the disk is full', { retryable: true }));
    using raw = await connectDevice(own, makeDevice(), { params: read });
    expect(await refusalOf(raw)).toMatchObject({
      error: { code: 'UNAVAILABLE', message: 'the disk is full', retryable: true },
      closed: { code: 1011, reason: 'hello failed' },
    });
  });
});
