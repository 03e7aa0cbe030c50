import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import { type Database, openDatabase } from '../../server/database/database.ts';
import type { Arrival } from '../../server/devices/admission.ts';
import { createDevices } from '../../server/devices/devices.ts';
import { owner } from '../../server/devices/offline.ts';
import { local, remote } from '../auth/callers.ts';
import { scratch } from '../scratch.ts';

const arrival: Arrival = {
  deviceId: 'd1',
  publicKey: 'k1',
  client: { id: 'openclaw-macos', mode: 'ui', version: '1', platform: 'macos' },
  role: 'operator',
  scopes: ['operator.read'],
  caller: local,
  method: 'token',
};

/** Devices on a real database, whose disk a test may break. */
async function open({ change = (database: Database) => database, secret = 's' } = {}) {
  const folder = await scratch();
  const real = await openDatabase(join(folder.path, 'openclaw.db'));
  const told: { event: string; payload: unknown }[] = [];
  const closed: unknown[] = [];
  const publish: Publish = (event, payload) => void told.push({ event, payload });
  const devices = createDevices({
    database: change(real),
    secret,
    publish,
    sockets: { close: (device) => closed.push(device) },
    autoApproveLocal: () => true,
  });
  return {
    devices,
    database: real,
    told,
    closed,
    async [Symbol.asyncDispose]() {
      devices.close();
      await real.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const full = () => new GatewayError('UNAVAILABLE', 'the disk is full', { retryable: true });
/** A disk that takes nothing from the moment that it is broken. */
const breakable = () => {
  const disk = { isBroken: false };
  const change = (database: Database): Database => ({
    ...database,
    durable: () => (disk.isBroken ? Promise.reject(full()) : database.durable()),
  });
  return { disk, change };
};

describe('a disk that refuses', () => {
  it('lets nobody be approved, and nothing be told', async () => {
    const { disk, change } = breakable();
    await using house = await open({ change });
    disk.isBroken = true;
    await expect(house.devices.admit(arrival)).rejects.toThrow('the disk is full');
    await expect(house.devices.admit({ ...arrival, deviceId: 'd2', caller: remote })).rejects.toThrow('full');
    expect(house.told).toEqual([]);
    // Nor is it told to the next socket of the device, which finds it approved.
    await expect(house.devices.admit(arrival)).rejects.toThrow('full');
  });

  it('does not keep a device out that is approved already', async () => {
    const { disk, change } = breakable();
    await using house = await open({ change });
    const first = await house.devices.admit(arrival);
    disk.isBroken = true;
    expect(await house.devices.admit(arrival)).toMatchObject({ token: 'token' in first ? first.token : undefined });
  });
});

describe('an admission', () => {
  it('holds until its token is taken back', async () => {
    await using house = await open();
    for (const end of ['rotate', 'revoke', 'remove'] as const) {
      const admission = await house.devices.admit({ ...arrival, deviceId: end });
      if (admission.pairing) throw new Error('it has to wait');
      expect(admission.holds()).toBe(true);
      if (end === 'remove') await house.devices.remove(end, owner);
      else await house.devices[end]({ deviceId: end, role: 'operator' }, owner);
      expect(admission.holds()).toBe(false);
    }
  });

  it('of a token is the same in the next process', async () => {
    await using house = await open();
    const first = await house.devices.admit(arrival);
    const again = createDevices({
      database: house.database,
      secret: 's',
      publish: () => {},
      sockets: { close: () => {} },
      autoApproveLocal: () => true,
    });
    expect(await again.admit(arrival)).toMatchObject({ token: 'token' in first ? first.token : undefined });
    again.close();
  });

  it('closes the sockets of others at once, and that of who asked after its answer', async () => {
    await using house = await open();
    await house.devices.admit(arrival);
    const answer = house.devices.revoke({ deviceId: 'd1', role: 'operator' }, { ...owner, id: 'me' });
    expect(house.closed).toEqual([{ deviceId: 'd1', role: 'operator', sparing: 'me' }]);
    await answer;
    expect(house.closed).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(house.closed[1]).toEqual({ deviceId: 'd1', role: 'operator' });
  });

  it('keeps no token anywhere in the database', async () => {
    await using house = await open();
    const admission = await house.devices.admit(arrival);
    const token = ('token' in admission && admission.token?.deviceToken) || 'none';
    await house.database.durable();
    const tables = ['devices', 'device_roles', 'device_requests', 'device_generation'];
    const rows = tables.flatMap((table) => house.database.prepare(`SELECT * FROM ${table}`).all());
    expect(rows.length).toBeGreaterThan(2);
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe('what a client says of itself', () => {
  it('is cut to what a list has room for', async () => {
    await using house = await open();
    await house.devices.admit({ ...arrival, client: { ...arrival.client, displayName: 'x'.repeat(10_000) } });
    expect(house.devices.list(owner).paired[0]?.displayName).toHaveLength(200);
  });
});
