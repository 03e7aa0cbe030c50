import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HelloOk } from '../../sdk/protocol/hello.ts';
import { type House, openHouse, token } from './house.ts';
import { type AnyFrame, type Closed, connectParams, dial, dialIn, type Raw } from './raw.ts';

/** The one answer to `connect` and how the socket was closed after it. */
interface Refused {
  answer: AnyFrame | undefined;
  closed: Closed;
}

const refusedBy = async (house: House, act: (raw: Raw) => void, headers?: Record<string, string>): Promise<Refused> => {
  using raw = await dial(house, headers && { headers });
  act(raw);
  const closed = await raw.closed;
  return { answer: raw.frames.find((frame) => frame.type === 'res'), closed };
};
const connect = (changes: Record<string, unknown>) => (raw: Raw) =>
  raw.send({ type: 'req', id: 'hello', method: 'connect', params: { ...connectParams, ...changes } });

const client = (id: string, mode: string) => ({ id, mode, version: '1', platform: 'linux' });

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

describe('a socket that opens', () => {
  it('is challenged at once, without seq', async () => {
    using raw = await dial(house);
    const challenge = await raw.next();
    expect(challenge).toEqual({
      type: 'event',
      event: 'connect.challenge',
      payload: { nonce: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/), ts: expect.any(Number) },
    });
  });

  it.each(['/', '/some/path?x=1'])('may use the path %s', async (path) => {
    using raw = await dial({ url: house.url + path });
    expect(await raw.connect()).toMatchObject({ ok: true });
  });

  it('gets no compression, even when it offers some', async () => {
    using raw = await dial(house, { perMessageDeflate: true });
    expect(raw.socket.extensions).toBe('');
  });
});

describe('hello-ok', () => {
  it('tells who the gateway is, how things stand and what the client may do', async () => {
    using raw = await dial(house);
    const { payload } = await raw.connect();
    expect(payload).toMatchObject({
      type: 'hello-ok',
      protocol: 4,
      server: { version: '0.1.0', bootId: 'boot', connId: expect.any(String) },
      features: {
        methods: expect.arrayContaining(['health', 'agent', 'agent.wait', 'sessions.list', 'system-presence']),
        events: expect.arrayContaining(['agent', 'chat', 'tick', 'shutdown']),
        capabilities: expect.arrayContaining(['run-events']),
      },
      snapshot: {
        presence: [{ mode: 'gateway', reason: 'self' }],
        health: { ok: true },
        stateVersion: { presence: 0, health: 0 },
        uptimeMs: 1,
        configPath: '/etc/openclaw.json',
        stateDir: '/var/openclaw',
        authMode: 'token',
      },
      auth: { role: 'operator', scopes: ['operator.admin'], method: 'token' },
      policy: {
        maxPayload: 26_214_400,
        maxBufferedBytes: 52_428_800,
        tickIntervalMs: 30_000,
        attachments: { maxBytes: 19_464_192, maxImageBytes: 6_291_456 },
      },
    });
    expect(payload?.auth).toEqual({
      role: 'operator',
      scopes: ['operator.admin'],
      method: 'token',
      recoveryScope: expect.stringMatching(/^[\w-]{43}$/),
      requestedScopes: ['operator.admin'],
      withheldScopes: [],
      grantedAs: 'local-tool',
    });
  });

  it('keeps to itself what is for admins', async () => {
    using raw = await dial(house);
    const { payload } = await raw.connect({ scopes: ['operator.write'] });
    const snapshot = payload?.snapshot as unknown as Record<string, unknown>;
    for (const member of ['configPath', 'stateDir', 'authMode']) expect(snapshot).not.toHaveProperty(member);
    expect(snapshot).toHaveProperty('health');
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['the scopes of a backend', {}, ['operator.admin']],
    ['unknown scopes as they are', { scopes: ['operator.x', 'operator.read'] }, ['operator.x', 'operator.read']],
    ['the scopes of the cli', { client: client('cli', 'cli') }, ['operator.admin']],
    ['none to a probe', { client: client('cli', 'probe') }, []],
    ['none to another client', { client: client('test', 'test') }, []],
    ['none to who asks for none', { scopes: undefined }, []],
  ])('grants %s', async (_name, changes, scopes) => {
    using raw = await dial(house);
    const auth = (await raw.connect(changes)).payload?.auth as HelloOk['auth'] | undefined;
    expect(auth?.scopes).toEqual(scopes);
    // Whatever was asked for is either granted or told why not.
    const withheld = auth?.withheldScopes?.map(({ scope }) => scope) ?? [];
    expect([...scopes, ...withheld]).toEqual(auth?.requestedScopes);
    for (const { fix } of auth?.withheldScopes ?? []) expect(fix).toMatch(/device/);
  });

  it.each([
    ['token', 'password'],
    ['password', 'token'],
    ['password', 'password'],
  ])('is answered in mode %s when auth.%s carries the secret', async (mode, member) => {
    using raw = await dial(mode === 'token' ? house : closedHouse);
    expect(await raw.connect({ auth: { [member]: token } })).toMatchObject({
      ok: true,
      payload: { auth: { method: mode } },
    });
  });

  it('is answered without credentials in mode none, with the same rule for scopes', async () => {
    await using open = await openHouse({ policy: { mode: 'none' } });
    using backend = await dialIn(open, { auth: undefined });
    expect(backend.frames.at(-1)?.payload?.auth).toMatchObject({ scopes: ['operator.admin'], method: 'none' });
    using other = await dialIn(open, { auth: undefined, client: client('test', 'test') });
    expect(other.frames.at(-1)?.payload?.auth).toMatchObject({ scopes: [] });
  });

  it.each<[string, Record<string, unknown>]>([
    ['3 to 4', { minProtocol: 3, maxProtocol: 4 }],
    ['4 to 9', { minProtocol: 4, maxProtocol: 9 }],
    ['3 to 3 of a probe', { minProtocol: 3, maxProtocol: 3, client: client('cli', 'probe') }],
  ])('is answered in version 4 to the range %s', async (_name, changes) => {
    using raw = await dial(house);
    expect((await raw.connect(changes)).payload).toMatchObject({ protocol: 4 });
  });

  it('is answered to a binary frame, as text', async () => {
    using raw = await dial(house);
    let isBinary: boolean | undefined;
    raw.socket.on('message', (_data, binary) => {
      isBinary = binary;
    });
    const text = JSON.stringify({ type: 'req', id: 'hello', method: 'connect', params: connectParams });
    raw.socket.send(Buffer.from(text), { binary: true });
    expect(await raw.next((frame) => frame.id === 'hello')).toMatchObject({ ok: true });
    expect(isBinary).toBe(false);
  });
});

describe('a first frame that is no connect', () => {
  it.each(['{', '', 'hello'])('closes 1000 without a word on %j', async (text) => {
    const { answer, closed } = await refusedBy(house, (raw) => raw.socket.send(text));
    expect({ answer, closed }).toEqual({ answer: undefined, closed: { code: 1000, reason: '' } });
  });

  it.each([
    { type: 'event', event: 'x' },
    [],
    null,
    7,
    { type: 'req', method: 'connect', params: connectParams },
    { type: 'req', id: 7, method: 'connect', params: connectParams },
    { type: 'req', id: 'a', method: 'connect', params: connectParams, extra: 1 },
    { type: 'req', id: 'a', method: 'connect', params: connectParams, traceparent: 'x'.repeat(129) },
  ])('closes 1008 without an answer on no request frame (%#)', async (frame) => {
    const { answer, closed } = await refusedBy(house, (raw) => raw.send(frame));
    expect({ answer, closed }).toEqual({ answer: undefined, closed: { code: 1008, reason: 'invalid request frame' } });
  });

  it('is told to be connect', async () => {
    const { answer, closed } = await refusedBy(house, (raw) => raw.send({ type: 'req', id: 'a', method: 'health' }));
    const message = 'invalid handshake: first request must be connect';
    expect(answer).toEqual({ type: 'res', id: 'a', ok: false, error: { code: 'INVALID_REQUEST', message } });
    expect(closed).toEqual({ code: 1008, reason: message });
  });

  it.each([{ role: 'worker' }, { client: client('cli', 'worker') }, { client: client('openclaw-worker', 'cli') }])(
    'closes 1008 without an answer on a worker (%#)',
    async (changes) => {
      const { answer, closed } = await refusedBy(house, connect(changes));
      expect({ answer, closed }).toEqual({ answer: undefined, closed: { code: 1008, reason: 'invalid-handshake' } });
    },
  );
});

describe('connect is refused', () => {
  it.each<[string, unknown, RegExp]>([
    ['missing', undefined, /^invalid connect params: minProtocol: .*; maxProtocol: .*; client: /],
    ['null', null, /^invalid connect params: minProtocol: /],
    ['unknown', { ...connectParams, extra: 1 }, /^invalid connect params: .*"extra"/],
    [
      'of an unknown client',
      { ...connectParams, client: client('nobody', 'cli') },
      /^invalid connect params: client\.id: /,
    ],
    [
      'of an unknown mode',
      { ...connectParams, client: client('cli', 'nothing') },
      /^invalid connect params: client\.mode: /,
    ],
    ['of the wrong type', { ...connectParams, minProtocol: '4' }, /^invalid connect params: minProtocol: .*number/],
  ])('for params that are %s', async (_name, params, message) => {
    const { answer, closed } = await refusedBy(house, (raw) =>
      raw.send({ type: 'req', id: 'a', method: 'connect', params }),
    );
    expect(answer).toMatchObject({ id: 'a', ok: false, error: { code: 'INVALID_REQUEST' } });
    expect(answer?.error?.message).toMatch(message);
    expect(closed.code).toBe(1008);
    expect(answer?.error?.message.startsWith(closed.reason)).toBe(true);
    expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);
  });

  it.each([
    { minProtocol: 3, maxProtocol: 3 },
    { minProtocol: 5, maxProtocol: 9 },
    { minProtocol: 4, maxProtocol: 3 },
    { minProtocol: 2, maxProtocol: 2, client: client('cli', 'probe') },
  ])('for the protocol range %j, with 1002', async (changes) => {
    const { answer, closed } = await refusedBy(house, connect(changes));
    expect(answer?.error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'protocol mismatch',
      details: {
        code: 'PROTOCOL_MISMATCH',
        clientMinProtocol: changes.minProtocol,
        clientMaxProtocol: changes.maxProtocol,
        expectedProtocol: 4,
        minimumProbeProtocol: 3,
      },
    });
    expect(closed).toEqual({ code: 1002, reason: 'protocol mismatch' });
  });

  it('for an unknown role', async () => {
    const { answer, closed } = await refusedBy(house, connect({ role: 'viewer' }));
    expect(answer?.error).toEqual({ code: 'INVALID_REQUEST', message: 'invalid role' });
    expect(closed).toEqual({ code: 1008, reason: 'invalid role' });
  });

  it.each<[string, Record<string, unknown>, string | undefined, string]>([
    ['a foreign page, whatever client it says it is', {}, 'https://evil.example', 'origin not allowed'],
    [
      'the control ui without a page',
      { client: client('openclaw-control-ui', 'ui') },
      undefined,
      'origin missing or invalid',
    ],
    ['webchat without a page', { client: client('webchat', 'webchat') }, undefined, 'origin missing or invalid'],
  ])('to %s', async (_name, changes, origin, reason) => {
    const { answer, closed } = await refusedBy(house, connect(changes), origin === undefined ? undefined : { origin });
    expect(answer?.error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED', reason },
    });
    expect(answer?.error?.message.startsWith(closed.reason)).toBe(true);
    expect(closed.code).toBe(1008);
  });

  it('to a foreign page before its credentials are looked at', async () => {
    const { answer } = await refusedBy(house, connect({ auth: { token: 'wrong' } }), {
      origin: 'https://evil.example',
    });
    expect(answer?.error?.details).toMatchObject({ code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' });
  });

  it('not to an allowed page, which gets no scopes without a device', async () => {
    using raw = await dial(house, { headers: { origin: 'https://control.example' } });
    expect((await raw.connect()).payload?.auth).toMatchObject({ scopes: [] });
  });

  it.each(['openclaw-control-ui', 'openclaw-tui'])('to %s without a device', async (id) => {
    const origin = { origin: 'https://control.example' };
    const { answer, closed } = await refusedBy(house, connect({ client: client(id, 'ui') }), origin);
    expect(answer?.error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED' },
    });
    expect(closed.code).toBe(1008);
  });

  it.each<[string, Record<string, unknown>]>([
    ['without credentials and device', { auth: undefined }],
    ['with empty credentials and no device', { auth: { token: '' } }],
    ['of a node without device', { role: 'node', client: client('node-host', 'node'), scopes: [] }],
  ])('%s', async (_name, changes) => {
    const { answer, closed } = await refusedBy(house, connect(changes));
    expect(answer?.error).toEqual({
      code: 'NOT_PAIRED',
      message: 'device identity required',
      details: { code: 'DEVICE_IDENTITY_REQUIRED' },
    });
    expect(closed).toEqual({ code: 1008, reason: 'device identity required' });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['token', { token: 'wrong' }, { code: 'AUTH_TOKEN_MISMATCH', authReason: 'token_mismatch' }],
    ['device token', { deviceToken: 'wrong' }, { code: 'AUTH_DEVICE_TOKEN_MISMATCH' }],
  ])('with a wrong %s', async (_name, auth, details) => {
    const { answer, closed } = await refusedBy(house, connect({ auth }));
    expect(answer?.error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { canRetryWithDeviceToken: false, recommendedNextStep: 'update_auth_credentials', ...details },
    });
    expect(answer?.error?.message).toMatch(/^unauthorized: /);
    expect(closed.code).toBe(1008);
    expect(closed.reason).toMatch(/^unauthorized: /);
    expect(answer?.error?.message.startsWith(closed.reason)).toBe(true);
  });

  it('with a wrong password in mode password', async () => {
    const { answer } = await refusedBy(closedHouse, connect({ auth: { password: 'wrong' } }));
    expect(answer?.error?.details).toMatchObject({ code: 'AUTH_PASSWORD_MISMATCH', authReason: 'password_mismatch' });
  });

  it('while the gateway is starting', async () => {
    await using starting = await openHouse({ isStarting: () => true });
    const { answer, closed } = await refusedBy(starting, connect({}));
    expect(answer?.error).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      retryAfterMs: 500,
      details: { reason: 'startup-sidecars' },
    });
    expect(closed).toEqual({ code: 1013, reason: 'gateway starting' });
  });

  it('when the gateway cannot say how it is; the log knows why', async () => {
    await using broken = await openHouse({
      hello() {
        throw new Error('the health snapshot broke');
      },
    });
    const { answer, closed } = await refusedBy(broken, connect({}));
    expect(answer?.error).toMatchObject({ code: 'INTERNAL' });
    expect(answer?.error?.message).not.toContain('snapshot');
    expect(closed.code).toBe(1011);
    const requestId = answer?.error?.details?.requestId;
    const line = broken.log.lines.find(({ fields }) => fields?.requestId === requestId);
    expect(String(line?.fields?.error)).toContain('the health snapshot broke');
    expect(broken.wire.counts().ready).toBe(0);
  });

  it('in a log line that names the cause and no secret', async () => {
    await refusedBy(house, connect({ auth: { token: 'presented-secret' } }));
    const line = house.log.lines.findLast(({ message }) => message === 'handshake refused');
    expect(line?.fields).toMatchObject({ address: '127.0.0.1', details: { code: 'AUTH_TOKEN_MISMATCH' } });
    expect(JSON.stringify(house.log.lines)).not.toMatch(/presented-secret|correct-horse/);
  });
});

describe('the upgrade', () => {
  const upgrade = (headers: Record<string, string>) => dial(house, { headers });

  it('is refused to a browser that was led here by a false name', async () => {
    await expect(upgrade({ host: 'evil.example' })).rejects.toThrow('403');
  });

  it('is not refused to a proxy, whose clients are strangers to this machine', async () => {
    using raw = await upgrade({ host: 'gateway.example', 'x-forwarded-for': '192.0.2.7' });
    const { error } = await raw.connect({ auth: { token: 'wrong' } });
    expect(error?.message).toContain('set by its operator');
  });

  it('locks a browser page of this machine out after ten wrong secrets, and tells it for how long', async () => {
    const origin = 'https://control.example';
    const guess = async () => (await refusedBy(house, connect({ auth: { token: 'wrong' } }), { origin })).answer?.error;
    const guesses = await Promise.all(Array.from({ length: 10 }, guess));
    for (const error of guesses) expect(error?.details).toMatchObject({ code: 'AUTH_TOKEN_MISMATCH' });
    expect(await guess()).toMatchObject({
      code: 'INVALID_REQUEST',
      retryable: true,
      retryAfterMs: expect.any(Number),
      details: { code: 'AUTH_RATE_LIMITED', recommendedNextStep: 'wait_then_retry' },
    });
    using local = await dial(house);
    expect(await local.connect()).toMatchObject({ ok: true });
  });
});
