import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDevice, prove, type Signed } from '../auth/device.ts';
import { type House, openHouse, token } from './house.ts';
import { connectParams, dial, type Raw } from './raw.ts';

const client = (id: string, mode: string) => ({ id, mode, version: '1', platform: 'linux' });
const device = makeDevice();

/** Sends `connect` with a device, once the challenge says what to sign. */
const connectWithDevice = async (raw: Raw, changes: Record<string, unknown> = {}, signed: Partial<Signed> = {}) => {
  const challenge = await raw.event('connect.challenge');
  const nonce = String(challenge.payload?.nonce);
  const params = { ...connectParams, client: client('test', 'test'), ...changes };
  const { scopes } = params;
  const proof = prove({ device, nonce, token: params.auth?.token, client: params.client, scopes, ...signed });
  raw.send({ type: 'req', id: 'hello', method: 'connect', params: { ...params, device: proof } });
};

let house: House;
let closedHouse: House;
beforeAll(async () => {
  house = await openHouse({ allowedOrigins: ['https://control.example'] });
  closedHouse = await openHouse({ policy: { mode: 'password', password: token } });
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await closedHouse[Symbol.asyncDispose]();
});

describe('a device', () => {
  it('may be a node, without scopes', async () => {
    using raw = await dial(house);
    const node = { role: 'node', client: client('node-host', 'node'), scopes: [], minProtocol: 3, maxProtocol: 3 };
    await connectWithDevice(raw, node, { role: 'node' });
    expect(await raw.next((frame) => frame.id === 'hello')).toMatchObject({
      ok: true,
      payload: { protocol: 4, auth: { role: 'node', scopes: [] } },
    });
  });

  it('may be the control ui', async () => {
    using raw = await dial(house, { headers: { origin: 'https://control.example' } });
    await connectWithDevice(raw, { client: client('openclaw-control-ui', 'ui') });
    expect(await raw.next((frame) => frame.id === 'hello')).toMatchObject({ ok: true });
  });

  const refuseDevice = async (at: House, changes: Record<string, unknown>, signed: Partial<Signed> = {}) => {
    using raw = await dial(at);
    await connectWithDevice(raw, changes, signed);
    const closed = await raw.closed;
    expect(closed.code).toBe(1008);
    const answer = raw.frames.find((frame) => frame.id === 'hello');
    expect(answer?.error?.message.startsWith(closed.reason)).toBe(true);
    return answer?.error;
  };

  it.each<[string, Partial<Signed>, string, string]>([
    ['id', { device: { ...device, id: 'f'.repeat(64) } }, 'DEVICE_AUTH_DEVICE_ID_MISMATCH', 'device-id-mismatch'],
    ['signedAt', { signedAt: Date.now() - 300_000 }, 'DEVICE_AUTH_SIGNATURE_EXPIRED', 'device-signature-stale'],
    ['nonce', { nonce: '' }, 'DEVICE_AUTH_NONCE_REQUIRED', 'device-nonce-missing'],
    ['nonce', { nonce: 'x' }, 'DEVICE_AUTH_NONCE_MISMATCH', 'device-nonce-mismatch'],
    ['signature', { token: 'x' }, 'DEVICE_AUTH_SIGNATURE_INVALID', 'device-signature'],
  ])('with a false %s is refused, even with the right secret', async (_name, signed, code, reason) => {
    const error = await refuseDevice(house, {}, signed);
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details: { code, reason } });
  });

  it('with a false proof is refused before its secret is looked at', async () => {
    const error = await refuseDevice(house, { auth: { token: 'wrong' } }, { nonce: 'x' });
    expect(error?.details).toMatchObject({ code: 'DEVICE_AUTH_NONCE_MISMATCH' });
  });

  it('without credentials is told to configure them', async () => {
    expect(await refuseDevice(house, { auth: undefined })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/^unauthorized: gateway token missing/),
      details: { code: 'AUTH_TOKEN_MISSING', recommendedNextStep: 'update_auth_configuration' },
    });
    expect(await refuseDevice(closedHouse, { auth: undefined })).toMatchObject({
      details: { code: 'AUTH_PASSWORD_MISSING' },
    });
  });

  it('with a wrong token is told to try its own', async () => {
    expect(await refuseDevice(house, { auth: { token: 'wrong' } })).toMatchObject({
      details: {
        code: 'AUTH_TOKEN_MISMATCH',
        canRetryWithDeviceToken: true,
        recommendedNextStep: 'retry_with_device_token',
      },
    });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['deviceToken', { code: 'AUTH_DEVICE_TOKEN_MISMATCH' }, /^unauthorized: device token mismatch/],
    ['bootstrapToken', { code: 'AUTH_BOOTSTRAP_TOKEN_INVALID' }, /^unauthorized: bootstrap token invalid/],
  ])('with a %s that was never issued is refused', async (member, details, message) => {
    const error = await refuseDevice(house, { auth: { [member]: 'x' } }, { token: 'x' });
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', details, message: expect.stringMatching(message) });
  });
});

it('is cut within its hello when the secret that it has shown is another one by then', async () => {
  const arrived = Promise.withResolvers<void>();
  const admitted = Promise.withResolvers<void>();
  await using own = await openHouse({
    beforeAdmission() {
      arrived.resolve();
      return admitted.promise;
    },
  });
  using raw = await dial(own);
  await connectWithDevice(raw);
  await arrived.promise;
  own.authentication.follow({ mode: 'token', token: 'another-token-for-tests' });
  own.wire.closeOutdated(own.authentication.holds);
  admitted.resolve();
  expect(await raw.closed).toEqual({ code: 4001, reason: 'auth changed' });
  expect(raw.frames.some(({ id }) => id === 'hello')).toBe(false);
  expect(own.wire.counts().ready).toBe(0);
});
