import { describe, expect, it } from 'vitest';
import type { PresenceEntry } from '../../sdk/protocol/presence.ts';
import { healthSnapshot, openHouse } from './house.ts';
import { type AnyFrame, connectParams, dialIn, type Raw } from './raw.ts';
import { faultsOf } from './schema.ts';

const ui = (more: object = {}) => ({ client: { ...connectParams.client, mode: 'ui', ...more } });
const rowsOf = (frame: AnyFrame) => frame.payload?.presence as unknown as PresenceEntry[];
const told = (raw: Raw, event: string) => raw.frames.filter((frame) => frame.event === event);

describe('presence', () => {
  it('of a crowd that comes at once is a few events, the last of which has everybody', async () => {
    await using house = await openHouse({ limits: { newsPauseMs: 400 } });
    using watcher = await dialIn(house);
    const started = performance.now();
    const crowd: Raw[] = [];
    for (let index = 0; index < 60; index++) crowd.push(await dialIn(house, ui({ instanceId: `i${index}` })));
    await expect.poll(() => rowsOf(told(watcher, 'presence').at(-1) ?? { type: '' })?.length).toBe(61);
    const mostEvents = Math.ceil((performance.now() - started) / 400) + 1;
    expect(told(watcher, 'presence').length).toBeLessThanOrEqual(mostEvents);
    for (const raw of crowd) raw.socket.terminate();
    await expect.poll(() => rowsOf(told(watcher, 'presence').at(-1) ?? { type: '' })?.length).toBe(1);
  });

  it('has no more rows than it may, the newest; the gateway is always there', async () => {
    await using house = await openHouse({ limits: { maxPresenceEntries: 4 } });
    for (let index = 0; index < 6; index++) await dialIn(house, ui({ instanceId: `i${index}` }));
    expect(house.wire.presence().map(({ mode, instanceId }) => instanceId ?? mode)).toEqual([
      'gateway',
      'i3',
      'i4',
      'i5',
    ]);
  });

  it('takes down what somebody says of itself, in the row of its connection', async () => {
    await using house = await openHouse();
    using raw = await dialIn(house, ui({ instanceId: 'mac' }));
    house.wire.hear({ instanceId: 'mac', text: 'typing', lastInputSeconds: 3, tags: ['desk'] });
    expect(house.wire.presence()).toMatchObject([
      { mode: 'gateway' },
      { mode: 'ui', instanceId: 'mac', lastInputSeconds: 3, tags: ['desk'], text: 'typing', roles: ['operator'] },
    ]);
    const frame = await raw.next(
      ({ event, payload }) => event === 'presence' && JSON.stringify(payload).includes('desk'),
    );
    for (const row of rowsOf(frame)) expect(faultsOf('PresenceEntry', row)).toEqual([]);
  });

  it('shows of what a client says of itself no more than anybody reads', async () => {
    await using house = await openHouse();
    const long = `${'n'.repeat(199)}🙂${'n'.repeat(5_000)}`;
    const said = { displayName: long, version: long, platform: long, deviceFamily: long, modelIdentifier: long };
    using raw = await dialIn(house, { ...ui({ ...said, instanceId: long }), scopes: [long] });
    expect(raw.socket.readyState).toBe(1);
    const [, row] = house.wire.presence();
    expect(row?.host).toBe(`${'n'.repeat(199)}\ufffd`);
    expect(JSON.stringify(row).length).toBeLessThan(3_000);
  });

  it('of who is not connected has one row each, which fades', async () => {
    await using house = await openHouse({ limits: { beaconLifeMs: 150 } });
    house.wire.hear({ host: 'Studio', mode: 'app', version: '1' });
    house.wire.hear({ host: 'studio', lastInputSeconds: 9 });
    house.wire.hear({ deviceId: 'd1' });
    expect(house.wire.presence()).toMatchObject([
      { mode: 'gateway' },
      { host: 'studio', mode: 'app', version: '1', lastInputSeconds: 9 },
      { deviceId: 'd1' },
    ]);
    await expect.poll(() => house.wire.presence().length).toBe(1);
  });
});

describe('health', () => {
  it('is told once to everybody who connects, and only to them', async () => {
    let taken = 0;
    const health = () => {
      taken++;
      return healthSnapshot();
    };
    await using house = await openHouse({ limits: { newsPauseMs: 200 }, health });
    const started = performance.now();
    const crowd: Raw[] = [];
    for (let index = 0; index < 40; index++) crowd.push(await dialIn(house, { scopes: [] }));
    for (const raw of crowd) {
      expect(await raw.event('health')).toMatchObject({ seq: 1, stateVersion: { health: expect.any(Number) } });
      expect(told(raw, 'health')).toHaveLength(1);
    }
    expect(taken).toBeLessThanOrEqual(Math.ceil((performance.now() - started) / 200) + 1);
  });

  it('that cannot be taken costs nobody the connection', async () => {
    const health = () => {
      throw new Error('disk gone');
    };
    await using house = await openHouse({ health });
    using raw = await dialIn(house);
    await expect.poll(() => house.log.lines.some(({ message }) => message === 'health cannot be told')).toBe(true);
    expect(await raw.request('health')).toMatchObject({ ok: true });
  });
});
