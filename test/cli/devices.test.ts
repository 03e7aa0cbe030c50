import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDevice, type TestDevice } from '../auth/device.ts';
import { authOf, connectDevice, elsewhere, refusalOf } from '../device-client.ts';
import { createHome, type Ended, freePort, type Home } from './processes.ts';

let home: Home;
beforeEach(async () => {
  home = await createHome();
  // The tests are a proxy when they pass on sockets of devices elsewhere.
  const config = { gateway: { mode: 'local', trustedProxies: ['127.0.0.1'] } };
  await mkdir(home.stateDir, { mode: 0o700 });
  await writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify(config), { mode: 0o600 });
});
afterEach(() => home[Symbol.asyncDispose]());

const client = {
  id: 'openclaw-macos',
  mode: 'ui',
  version: '1',
  platform: 'macos',
  displayName: 'Kitchen\u001b[31m Mac',
};

/** A device of another machine, at a gateway of this home. */
const knock = async (url: string, device: TestDevice, auth?: Record<string, string>) => {
  const token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
  const params = { client, scopes: ['operator.read'], auth: auth ?? { token } };
  return connectDevice({ url }, device, { params, ...elsewhere });
};
const askIn = async (url: string, device: TestDevice): Promise<string> => {
  using raw = await knock(url, device);
  return String((await refusalOf(raw)).details.requestId);
};
/** Nothing listens where these commands look, unless a gateway of this home says where it is. */
const nowhere = async () => ({ env: { OPENCLAW_GATEWAY_PORT: String(await freePort()) } });
const json = async (...line: string[]) => answerOf(await home.run([...line, '--json']));
const jsonOffline = async (...line: string[]) => answerOf(await home.run([...line, '--json'], await nowhere()));
const answerOf = (ended: Ended) => {
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  return JSON.parse(ended.stdout);
};
describe('openclaw devices, at a gateway', () => {
  it('shows who waits, approves, renames, rotates, revokes and removes', async () => {
    const { url } = await home.gateway();
    const device = makeDevice();
    expect((await home.run(['devices', 'list'])).stdout).toBe('No devices are paired.\n');
    expect(await home.run(['devices', 'approve'])).toMatchObject({
      exitCode: 1,
      stdout: 'No device waits for approval.\n',
    });

    const requestId = await askIn(url, device);
    const list = await home.run(['devices', 'list']);
    expect(list).toMatchObject({ exitCode: 0, stderr: '' });
    for (const part of [requestId, device.id, 'Kitchen', 'operator; operator.read', 'openclaw devices approve'])
      expect(list.stdout).toContain(part);
    expect(list.stdout).not.toContain('\u001b');

    const preview = await home.run(['devices', 'approve']);
    expect(preview).toMatchObject({ exitCode: 1, stderr: '' });
    expect(preview.stdout).toContain(`Approve it: openclaw devices approve ${requestId}\n`);
    expect((await json('devices', 'list')).paired).toEqual([]);

    const approved = await home.run(['devices', 'approve', requestId]);
    expect(approved, approved.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Approved Kitchen/),
    });
    using first = await knock(url, device);
    const { deviceToken = '' } = authOf(first);

    const prefix = device.id.slice(0, 10);
    await json('devices', 'rename', '--device', prefix, '--name', 'Desk');
    const rotated = await json(
      'devices',
      'rotate',
      '--device',
      'Desk',
      '--role',
      'operator',
      '--scope',
      'operator.read',
    );
    expect(rotated).toMatchObject({
      deviceId: device.id,
      scopes: ['operator.read'],
      tokenDelivery: 'withheld-cross-device',
    });
    expect(rotated).not.toHaveProperty('token');
    expect(await first.closed).toEqual({ code: 4001, reason: 'device removed' });
    using stale = await knock(url, device, { deviceToken });
    expect((await refusalOf(stale)).details).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' });

    await json('devices', 'revoke', '--device', prefix, '--role', 'operator');
    using revoked = await knock(url, device);
    expect((await refusalOf(revoked)).details).toMatchObject({ code: 'PAIRING_REQUIRED', reason: 'role-upgrade' });
    expect((await home.run(['devices', 'remove', prefix])).stdout).toMatch(/^Removed Desk/);
    expect(await json('devices', 'list')).toEqual({ pending: [], paired: [] });
  });

  it('says what to do about an id that is not known', async () => {
    await home.gateway();
    const unknown = await home.run(['devices', 'approve', 'nobody']);
    expect(unknown).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('"openclaw devices list"'),
    });
    const missing = await home.run(['devices', 'remove', 'nobody']);
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no paired device is called "nobody"'),
    });
    expect(await home.run(['devices', 'rotate', '--device', 'x'])).toMatchObject({ exitCode: 2 });
  });
});

describe('openclaw devices, without a gateway', () => {
  it('works on the database, and a gateway that is killed and started again knows all of it', async () => {
    const device = makeDevice();
    const one = await home.gateway();
    const requestId = await askIn(one.url, device);
    one.process.kill('SIGKILL');
    await one.ended;

    const list = await home.run(['devices', 'list'], await nowhere());
    expect(list, list.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(requestId) });
    expect(list.stderr).toContain('No gateway answers: this was asked of its database');
    expect(await jsonOffline('devices', 'approve', requestId)).toMatchObject({ device: { approvedVia: 'owner' } });

    const two = await home.gateway();
    using first = await knock(two.url, device);
    const { deviceToken = '' } = authOf(first);
    two.process.kill('SIGKILL');
    await two.ended;

    const three = await home.gateway();
    using second = await knock(three.url, device, { deviceToken });
    expect(authOf(second)).toMatchObject({ method: 'device-token', deviceToken });
    three.process.kill('SIGKILL');
    await three.ended;

    await jsonOffline('devices', 'rotate', '--device', device.id, '--role', 'operator');
    const four = await home.gateway();
    using third = await knock(four.url, device, { deviceToken });
    expect((await refusalOf(third)).details).toMatchObject({ code: 'AUTH_DEVICE_TOKEN_MISMATCH' });
  });

  it('keeps an approval that was told, whatever happens right after it', async () => {
    const device = makeDevice();
    const one = await home.gateway();
    const requestId = await askIn(one.url, device);
    await json('devices', 'approve', requestId);
    one.process.kill('SIGKILL');
    await one.ended;
    const two = await home.gateway();
    using raw = await knock(two.url, device);
    expect(authOf(raw).scopes).toEqual(['operator.read']);
  });

  it('ends every device token with the file that they are derived from, and keeps the approvals', async () => {
    const device = makeDevice();
    const one = await home.gateway();
    await json('devices', 'approve', await askIn(one.url, device));
    using first = await knock(one.url, device);
    const { deviceToken = '' } = authOf(first);
    one.process.kill('SIGKILL');
    await one.ended;
    await rm(join(home.stateDir, 'devices.secret'));
    const two = await home.gateway();
    using second = await knock(two.url, device, { deviceToken });
    await refusalOf(second);
    using third = await knock(two.url, device);
    expect(authOf(third).deviceToken).not.toBe(deviceToken);
  });

  it('does not touch the database of a gateway that runs elsewhere, nor one that is not there', async () => {
    await home.gateway();
    const named = await home.run(['devices', 'list', '--url', `ws://127.0.0.1:${await freePort()}`, '--token', 'x']);
    expect(named).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no gateway answers at') });
    const elsewherePort = { OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    const held = await home.run(['devices', 'list'], { env: elsewherePort });
    expect(held).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('a gateway holds the state directory') });
    const none = await home.run(['devices', 'list', '--profile', 'empty'], {
      env: { ...elsewherePort, OPENCLAW_STATE_DIR: '' },
    });
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('none has ever run') });
  });
});
