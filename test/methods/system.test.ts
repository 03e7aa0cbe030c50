import { describe, expect, it } from 'vitest';
import { startTestGateway } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { faultsOf } from '../wire/schema.ts';

describe('system-event', () => {
  it('is listed by status, the newest twenty, one that repeats itself once', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const queued = async () => (await client.call<{ queuedSystemEvents: string[] }>('status')).queuedSystemEvents;
    expect(await queued()).toEqual([]);
    for (let index = 1; index <= 22; index++) await client.call('system-event', { text: ` event ${index} ` });
    expect(await client.call('system-event', { text: 'event 22' })).toEqual({ ok: true });
    expect(await queued()).toEqual(Array.from({ length: 20 }, (_, index) => `event ${index + 3}`));
    expect(client.told('presence')).toEqual([]);
  });

  it('with fields of presence tells everybody, and the state version grows', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await using nobody = await openSocket(gateway.url, { scopes: [] });
    const before = nobody.hello.snapshot.stateVersion.presence;
    await client.call('system-event', {
      text: 'Mac is awake',
      host: 'Studio',
      mode: 'ui',
      lastInputSeconds: 4,
      tags: ['a'],
    });
    const frame = await nobody.until('presence', () => nobody.events.find(({ event }) => event === 'presence'));
    expect(frame.stateVersion?.presence).toBeGreaterThan(before);
    const rows = (frame.payload as { presence: unknown[] }).presence;
    expect(rows).toMatchObject([
      { mode: 'gateway', reason: 'self' },
      { host: 'Studio', mode: 'ui', lastInputSeconds: 4, tags: ['a'], text: 'Mac is awake' },
    ]);
    for (const row of rows) expect(faultsOf('PresenceEntry', row)).toEqual([]);
    expect(await client.call('system-presence')).toEqual(rows);
  });

  it('needs a text, and admin', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect((await client.refused('system-event', {})).message).toMatch(/^invalid system-event params: text/);
    expect((await client.refused('system-event', { text: '  ' })).code).toBe('INVALID_REQUEST');
    await using writer = await openSocket(gateway.url, { scopes: ['operator.write'] });
    expect((await writer.refused('system-event', { text: 'x' })).code).toBe('FORBIDDEN');
  });
});

describe('status', () => {
  it('keeps to admins where things are, and what people have told the gateway', async () => {
    await using gateway = await startTestGateway();
    await using admin = await openSocket(gateway.url);
    await admin.call('system-event', { text: 'the owner is away' });
    await using writer = await openSocket(gateway.url, { scopes: ['operator.write'] });
    expect(JSON.stringify(await admin.call('status'))).toContain(gateway.paths.databasePath);
    const status = await writer.call('status');
    expect(status).toMatchObject({ pid: process.pid, queuedSystemEvents: [], sessions: { paths: [] } });
    expect(JSON.stringify(status)).not.toContain(gateway.paths.stateDir);
  });
});

describe('system.info', () => {
  it('describes this machine, as the published schema has it', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const machine = await client.call('system.info');
    expect(faultsOf('SystemInfoResult', machine)).toEqual([]);
    expect(machine).toMatchObject({
      pid: process.pid,
      nodeVersion: process.version,
      platform: process.platform,
      port: gateway.port,
      processInstanceId: client.hello.server.bootId,
      diskPath: gateway.paths.stateDir,
    });
  });
});

describe('health', () => {
  it('has seen every session that was there when it is asked for', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const count = async () => (await client.call<{ sessions: { count: number } }>('health')).sessions.count;
    for (let sessions = 1; sessions <= 3; sessions++) {
      await client.call('sessions.create', { key: `agent:main:s${sessions}` });
      expect(await count()).toBe(sessions);
    }
    await client.call('sessions.delete', { key: 'agent:main:s1' });
    expect(await count()).toBe(2);
  });

  it('is told once to everybody who connects', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url, { scopes: [] });
    await client.until('health', () => client.told('health')[0]);
    await using other = await openSocket(gateway.url);
    await other.until('health', () => other.told('health')[0]);
    expect(client.told('health')).toHaveLength(1);
  });
});
