import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PairedDevice } from '../../sdk/protocol/device.ts';
import { makeDevice, type TestDevice } from '../auth/device.ts';
import { authOf, connectDevice, elsewhere, refusalOf } from '../device-client.ts';
import { type House, openHouse } from '../wire/house.ts';
import { type AnyFrame, dialIn, type Raw } from '../wire/raw.ts';
import { faultsOf } from '../wire/schema.ts';

let house: House;
let admin: Raw;
beforeAll(async () => {
  house = await openHouse();
  admin = await dialIn(house);
});
afterAll(async () => {
  admin[Symbol.dispose]();
  await house[Symbol.asyncDispose]();
});

const manager = ['operator.pairing', 'operator.read'];
const gone = { code: 4001, reason: 'device removed' };
const missing = (scope: string) => ({
  code: 'FORBIDDEN',
  message: `missing scope: ${scope}`,
  details: { code: 'MISSING_SCOPE', missingScope: scope },
});

/** A device of this machine that is paired with these scopes, and connected. */
const join = async (scopes: string[] = manager, device = makeDevice(), more: Record<string, unknown> = {}) => {
  const raw = await connectDevice(house, device, { params: { scopes, ...more } });
  return Object.assign(raw, { device, token: authOf(raw).deviceToken ?? '' });
};
/** The same, by its token alone. */
const rejoin = (device: TestDevice, token: string, scopes: string[] = manager) =>
  join(scopes, device, { auth: { token } });
const wait = async (scopes: string[], more: Record<string, unknown> = {}) => {
  const device = makeDevice();
  using raw = await connectDevice(house, device, { params: { scopes, ...more }, ...elsewhere });
  return { device, requestId: String((await refusalOf(raw)).details.requestId) };
};
const list = async (raw: Raw) =>
  (await raw.request('device.pair.list')).payload as unknown as {
    paired: PairedDevice[];
    pending: { deviceId: string }[];
  };
const find = async ({ id }: TestDevice) => (await list(admin)).paired.find(({ deviceId }) => deviceId === id);

describe('device.pair.list', () => {
  it('tells all about devices but their tokens', async () => {
    using raw = await join(['operator.read']);
    const row = await find(raw.device);
    expect(row).toEqual({
      deviceId: raw.device.id,
      publicKey: raw.device.publicKey,
      platform: 'macos',
      clientId: 'openclaw-macos',
      clientMode: 'ui',
      role: 'operator',
      roles: ['operator'],
      scopes: ['operator.read'],
      approvedVia: 'silent',
      createdAtMs: expect.any(Number),
      approvedAtMs: expect.any(Number),
      lastSeenAtMs: expect.any(Number),
      lastSeenReason: 'connect',
      connected: true,
      tokens: [{ role: 'operator', scopes: ['operator.read'], createdAtMs: expect.any(Number) }],
    });
    const { payload } = await admin.request('device.pair.list');
    expect(JSON.stringify(payload)).not.toContain(raw.token);
  });

  it('tells when a device has left, and when its token was used', async () => {
    using raw = await join();
    using second = await rejoin(raw.device, raw.token);
    for (const one of [raw, second]) {
      expect((await find(raw.device))?.connected).toBe(true);
      one.socket.close();
      await one.closed;
    }
    await admin.request('health');
    expect(await find(raw.device)).toMatchObject({
      connected: false,
      lastSeenReason: 'disconnect',
      tokens: [{ lastUsedAtMs: expect.any(Number) }],
    });
  });

  it('shows a device without operator.admin only itself', async () => {
    await wait(['operator.read']);
    using one = await join();
    using two = await join(['operator.admin']);
    const seen = await list(one);
    expect(seen.paired.map(({ deviceId }) => deviceId)).toEqual([one.device.id]);
    expect(seen.pending).toEqual([]);
    expect((await list(two)).paired.length).toBeGreaterThan(1);
    expect((await list(two)).pending.length).toBeGreaterThan(0);
  });
});

describe('device.pair.approve', () => {
  it.each<[string, string[], string[], Record<string, unknown>, string]>([
    ['scopes that it does not hold', manager, ['operator.read', 'operator.write'], {}, 'operator.write'],
    ['an admin', ['operator.pairing', 'operator.write'], ['operator.admin'], {}, 'operator.admin'],
    [
      'a node',
      manager,
      [],
      { role: 'node', client: { id: 'node-host', mode: 'node', version: '1', platform: 'linux' } },
      'operator.admin',
    ],
  ])('is refused to who would approve %s', async (_name, held, wanted, more, scope) => {
    using raw = await dialIn(house, { scopes: held });
    const { requestId } = await wait(wanted, more);
    expect((await raw.request('device.pair.approve', { requestId })).error).toMatchObject(missing(scope));
    expect(await admin.request('device.pair.approve', { requestId })).toMatchObject({ ok: true });
  });

  it('is allowed within the own scopes, by the lattice', async () => {
    using raw = await dialIn(house, { scopes: ['operator.pairing', 'operator.write'] });
    const { requestId, device } = await wait(['operator.read', 'operator.write']);
    const { payload } = await raw.request('device.pair.approve', { requestId });
    expect(payload).toMatchObject({
      requestId,
      device: { deviceId: device.id, scopes: ['operator.read', 'operator.write'] },
    });
  });

  it('is refused to a device for another one', async () => {
    using raw = await join();
    const { requestId } = await wait(['operator.read']);
    for (const method of ['device.pair.approve', 'device.pair.reject'])
      expect((await raw.request(method, { requestId })).error).toMatchObject(missing('operator.admin'));
  });

  it('wants operator.pairing before it looks at anything', async () => {
    using raw = await dialIn(house, { scopes: ['operator.write'] });
    for (const method of [
      'pair.list',
      'pair.approve',
      'pair.reject',
      'pair.remove',
      'pair.rename',
      'token.rotate',
      'token.revoke',
    ])
      expect((await raw.request(`device.${method}`, { nonsense: 1 })).error).toMatchObject(missing('operator.pairing'));
  });
});

describe('device.pair.remove', () => {
  it('forgets the device, closes its sockets, and tells', async () => {
    using raw = await join();
    using second = await rejoin(raw.device, raw.token);
    const told = admin.next(({ event }) => event === 'device.pair.changed');
    expect((await admin.request('device.pair.remove', { deviceId: raw.device.id })).payload).toEqual({
      deviceId: raw.device.id,
    });
    expect((await told).payload).toEqual({});
    expect([await raw.closed, await second.closed]).toEqual([gone, gone]);
    expect(await find(raw.device)).toBeUndefined();
    using stale = await connectDevice(house, raw.device, { params: { scopes: [], auth: { token: raw.token } } });
    expect((await refusalOf(stale)).details).toMatchObject({ code: 'AUTH_TOKEN_MISMATCH' });
    // A token that was given up is not valid again once the device is back.
    using again = await join(manager, raw.device);
    expect(again.token).not.toBe(raw.token);
  });

  it('by the device itself is answered before its socket closes', async () => {
    using raw = await join();
    expect((await raw.request('device.pair.remove', { deviceId: raw.device.id })).ok).toBe(true);
    expect(await raw.closed).toEqual(gone);
  });

  it('of another device, and of one that is not there, is refused', async () => {
    using one = await join();
    using two = await join();
    const other = await one.request('device.pair.remove', { deviceId: two.device.id });
    expect(other.error).toMatchObject(missing('operator.admin'));
    const { error } = await admin.request('device.pair.remove', { deviceId: 'nobody' });
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown deviceId' });
  });
});

describe('device.pair.rename', () => {
  it('gives a name that outlives a new approval', async () => {
    using raw = await join(['operator.read']);
    const { payload } = await admin.request('device.pair.rename', { deviceId: raw.device.id, label: ' Desk ' });
    expect(payload).toEqual({ deviceId: raw.device.id, label: 'Desk' });
    using _upgraded = await join(['operator.write'], raw.device);
    expect(await find(raw.device)).toMatchObject({
      operatorLabel: 'Desk',
      scopes: ['operator.read', 'operator.write'],
    });
  });

  it.each(['', ' ', 'x'.repeat(65)])('refuses the name %j', async (label) => {
    const { error } = await admin.request('device.pair.rename', { deviceId: 'any', label });
    expect(error?.message).toMatch(/^invalid device\.pair\.rename params: label/);
  });
});

describe('device.token.rotate', () => {
  const rotate = (raw: Raw, deviceId: string, more: Record<string, unknown> = {}): Promise<AnyFrame> =>
    raw.request('device.token.rotate', { deviceId, role: 'operator', ...more });

  it('tells the new token to the device itself, connected with the old one, and closes after it', async () => {
    using first = await join();
    using raw = await rejoin(first.device, first.token);
    const { payload } = await rotate(raw, first.device.id);
    expect(faultsOf('DeviceTokenRotateResult', payload)).toEqual([]);
    expect(payload).toEqual({
      deviceId: first.device.id,
      role: 'operator',
      token: expect.stringMatching(/^[\w-]{43}$/),
      scopes: manager,
      rotatedAtMs: expect.any(Number),
      tokenDelivery: 'in-band',
    });
    expect([await first.closed, await raw.closed]).toEqual([gone, gone]);
    using next = await rejoin(first.device, String(payload?.token));
    expect(authOf(next)).toMatchObject({ deviceToken: payload?.token, issuedAtMs: payload?.rotatedAtMs });
  });

  it.each<[string, (first: Awaited<ReturnType<typeof join>>) => Raw]>([
    ['an admin', () => admin],
    ['the device connected with the shared secret', (first) => first],
  ])('does not tell it to %s', async (_name, whom) => {
    using first = await join();
    const { payload } = await rotate(whom(first), first.device.id);
    expect(payload).toMatchObject({ tokenDelivery: 'withheld-cross-device' });
    expect(payload).not.toHaveProperty('token');
    expect(await first.closed).toEqual(gone);
  });

  it('leaves the sockets of the other role alone', async () => {
    const device = makeDevice();
    const node = { role: 'node', client: { id: 'node-host', mode: 'node', version: '1', platform: 'macos' } };
    using operator = await join(['operator.read'], device);
    using asNode = await join([], device, node);
    await rotate(admin, device.id, { role: 'node' });
    expect(await asNode.closed).toEqual(gone);
    expect(await operator.request('health')).toMatchObject({ ok: true });
  });

  it('narrows what the token carries, and not what the device is approved for', async () => {
    using raw = await join(['operator.write', 'operator.pairing']);
    const { payload } = await rotate(admin, raw.device.id, { scopes: ['operator.read'] });
    expect(payload?.scopes).toEqual(['operator.read']);
    expect(await find(raw.device)).toMatchObject({
      scopes: ['operator.write', 'operator.pairing'],
      tokens: [{ scopes: ['operator.read'], rotatedAtMs: payload?.rotatedAtMs }],
    });
    using narrow = await join(['operator.read'], raw.device);
    using denied = await connectDevice(house, raw.device, {
      params: { scopes: ['operator.write'], auth: { token: narrow.token } },
    });
    expect((await refusalOf(denied)).details).toMatchObject({ code: 'AUTH_SCOPE_MISMATCH' });
    // With the secret it may still ask for all that it was approved for, and gets no token that could not stand for it.
    using broad = await connectDevice(house, raw.device, { params: { scopes: ['operator.write'] } });
    expect(authOf(broad)).toMatchObject({ scopes: ['operator.write'] });
    expect(authOf(broad)).not.toHaveProperty('deviceToken');
  });

  it('is refused for a role or scopes that nobody approved', async () => {
    using raw = await join(['operator.read']);
    const beyond = await rotate(admin, raw.device.id, { scopes: ['operator.write'] });
    expect(beyond.error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('operator.write') });
    const role = await rotate(admin, raw.device.id, { role: 'node' });
    expect(role.error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('"node"') });
    expect(await raw.request('health')).toMatchObject({ ok: true });
  });

  it('is refused to who holds less than the token carries, and for nodes to all but admins', async () => {
    using strong = await join(['operator.write', 'operator.pairing']);
    using weak = await dialIn(house, { scopes: manager });
    for (const method of ['device.token.rotate', 'device.token.revoke']) {
      const { error } = await weak.request(method, { deviceId: strong.device.id, role: 'operator' });
      expect(error).toMatchObject(missing('operator.write'));
    }
    const node = { role: 'node', client: { id: 'node-host', mode: 'node', version: '1', platform: 'macos' } };
    using _node = await join([], strong.device, node);
    const { error } = await strong.request('device.token.revoke', { deviceId: strong.device.id, role: 'node' });
    expect(error).toMatchObject(missing('operator.admin'));
  });
});

describe('device.token.revoke', () => {
  it('ends the token and wants a new approval, on this machine too', async () => {
    using raw = await join();
    const { payload } = await admin.request('device.token.revoke', { deviceId: raw.device.id, role: 'operator' });
    expect(payload).toEqual({ deviceId: raw.device.id, role: 'operator', revokedAtMs: expect.any(Number) });
    expect(await raw.closed).toEqual(gone);
    using byToken = await connectDevice(house, raw.device, {
      params: { scopes: [], auth: { deviceToken: raw.token } },
    });
    expect((await refusalOf(byToken)).details).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' });
    using bySecret = await connectDevice(house, raw.device, { params: { scopes: manager } });
    const { details } = await refusalOf(bySecret);
    expect(details).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'role-upgrade', approvedRoles: [] });
    expect(await find(raw.device)).toMatchObject({
      roles: [],
      scopes: [],
      tokens: [{ revokedAtMs: payload?.revokedAtMs }],
    });
    await admin.request('device.pair.approve', { requestId: details.requestId });
    using again = await join(manager, raw.device);
    expect(again.token).not.toBe(raw.token);
  });

  it('of what is revoked already is refused', async () => {
    using raw = await join();
    const target = { deviceId: raw.device.id, role: 'operator' };
    await admin.request('device.token.revoke', target);
    expect((await admin.request('device.token.revoke', target)).error?.code).toBe('INVALID_REQUEST');
  });
});

describe('events of devices', () => {
  it('go to operator.pairing and to nobody else', async () => {
    using reader = await dialIn(house, { scopes: ['operator.write'] });
    using pairer = await dialIn(house, { scopes: ['operator.pairing'] });
    const { requestId } = await wait(['operator.read']);
    expect((await pairer.event('device.pair.requested')).payload).toMatchObject({ requestId });
    await reader.request('health');
    expect(reader.frames.filter(({ event }) => event?.startsWith('device.'))).toEqual([]);
  });
});
