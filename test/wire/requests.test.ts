import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { SecondAnswer } from '../../sdk/protocol/method.ts';
import { makeDevice, prove } from '../auth/device.ts';
import { type House, openHouse, steered } from './house.ts';
import { connectParams, dial, dialIn, type Raw } from './raw.ts';

const run = { runId: 'k', sessionKey: 'agent:main:main', agentId: 'main' };
const accepted = { ...run, status: 'accepted', acceptedAt: 1 };
let second: PromiseWithResolvers<SecondAnswer>;

let house: House;
let admin: Raw;
beforeAll(async () => {
  house = await openHouse({
    handlers: {
      'sessions.list': (input: { limit?: number; search?: string }) => {
        if (input.search === 'known')
          throw new GatewayError('UNAVAILABLE', 'not now', { retryable: true, retryAfterMs: 5 });
        throw new TypeError(`secret detail ${input.limit}`);
      },
      'models.list': () => ({ models: 'not a list' }),
      agent: (_input, { follow }) => {
        follow?.(second.promise);
        return accepted;
      },
    },
  });
  admin = await dialIn(house);
});
afterAll(async () => {
  admin[Symbol.dispose]();
  await house[Symbol.asyncDispose]();
});

describe('a request', () => {
  it.each([undefined, null, {}])('without params (%j) is asked with {}', async (params) => {
    expect(await admin.request('system-presence', params)).toEqual({
      type: 'res',
      id: expect.any(String),
      ok: true,
      payload: [expect.objectContaining({ mode: 'gateway', reason: 'self' })],
    });
  });

  it('is answered twice when two have the same id', async () => {
    const ask = () => admin.request('health', {}, 'same');
    expect(await Promise.all([ask(), ask()])).toMatchObject([{ ok: true }, { ok: true }]);
  });

  it('may be a binary frame', async () => {
    admin.socket.send(Buffer.from('{"type":"req","id":"bin","method":"health"}'), { binary: true });
    expect(await admin.next(({ id }) => id === 'bin')).toMatchObject({ ok: true });
  });

  it('is served to a client without scopes when the method needs none', async () => {
    using raw = await dialIn(house, { scopes: [] });
    expect(await raw.request('health', { probe: true })).toMatchObject({ ok: true });
  });
});

describe('a frame that is no request', () => {
  it('is ignored when it is no JSON', async () => {
    const before = admin.frames.length;
    admin.send('{nonsense');
    admin.send('');
    expect(await admin.request('health')).toMatchObject({ ok: true });
    expect(admin.frames.length).toBe(before + 1);
  });

  it.each<[unknown, unknown, RegExp]>([
    [{ type: 'req', id: 7, method: 'health' }, 7, /id must be a non-empty string/],
    [{ type: 'req', id: '', method: 'health' }, '', /id must be a non-empty string/],
    [{ type: 'req', method: 'health' }, 'invalid', /id must be/],
    [{ type: 'req', id: { a: 1 }, method: 'health' }, 'invalid', /id must be/],
    [{ type: 'req', id: 'm' }, 'm', /method must be/],
    [{ type: 'event', id: 'e', event: 'x' }, 'e', /type must be/],
    [{ type: 'req', id: 'x', method: 'health', extra: 1 }, 'x', /unexpected member "extra"/],
    [{ type: 'req', id: 't', method: 'health', traceparent: 'x'.repeat(129) }, 't', /traceparent/],
    [{ type: 'req', id: 'e', method: 'health', expectedProfileId: 'x'.repeat(129) }, 'e', /expectedProfileId/],
    [{ type: 'req', id: 'e', method: 'health', expectedProfileId: '' }, 'e', /expectedProfileId/],
    [[1], 'invalid', /must be an object/],
    [null, 'invalid', /must be an object/],
  ])('%j is answered on the id %j', async (frame, id, text) => {
    admin.send(frame);
    const answer = await admin.next((one) => one.type === 'res' && one.id === id);
    expect(answer).toMatchObject({ ok: false, error: { code: 'INVALID_REQUEST' } });
    expect(answer.error?.message).toMatch(/^invalid request frame: /);
    expect(answer.error?.message).toMatch(text);
  });
});

describe('a refusal', () => {
  it('of an unknown method is plain for admins', async () => {
    for (const method of ['no.such', 'events.tick', 'toString', '__proto__']) {
      expect((await admin.request(method)).error).toEqual({
        code: 'INVALID_REQUEST',
        message: `unknown method: ${method}`,
      });
    }
  });

  it('of an unknown method tells others only that they are no admins', async () => {
    using raw = await dialIn(house, { scopes: ['operator.write'] });
    expect((await raw.request('no.such')).error).toEqual({
      code: 'FORBIDDEN',
      message: 'missing scope: operator.admin',
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.admin', requiredScopes: ['operator.admin'] },
    });
  });

  it('of a second connect leaves the connection alive', async () => {
    expect((await admin.request('connect', connectParams)).error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'connect is only valid as the first request',
    });
    using raw = await dialIn(house, { scopes: [] });
    expect((await raw.request('connect', connectParams)).error).toMatchObject({ code: 'FORBIDDEN' });
    expect(await raw.request('health')).toMatchObject({ ok: true });
  });

  it('of params says which', async () => {
    const { error } = await admin.request('sessions.list', { limit: 0, offset: 'x', nonsense: 1 });
    expect(error?.code).toBe('INVALID_REQUEST');
    expect(error?.message).toMatch(/^invalid sessions\.list params: limit: .*; offset: .*"nonsense"/);
  });

  it('of params stays short, however wrong they are', async () => {
    const wrong = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${'x'.repeat(100)}${index}`, 1]));
    const { error } = await admin.request('sessions.list', {
      ...wrong,
      limit: 'x',
      offset: 'x',
      search: 1,
      label: 1,
      archived: 7,
    });
    expect(error?.message.length).toBeLessThan(1_300);
  });

  it('for a scope comes before that of params', async () => {
    using raw = await dialIn(house, { scopes: ['operator.pairing'] });
    expect((await raw.request('sessions.list', { limit: 0 })).error).toEqual({
      code: 'FORBIDDEN',
      message: 'missing scope: operator.read',
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.read', requiredScopes: ['operator.read'] },
    });
  });

  it('for a scope that only this input needs', async () => {
    using raw = await dialIn(house, { scopes: ['operator.write'] });
    const { error } = await raw.request('agent', { message: '/reset', idempotencyKey: 'k' });
    expect(error?.details).toMatchObject({ missingScope: 'operator.admin' });
  });

  it('by a domain keeps its code, its patience and its words', async () => {
    const { error } = await admin.request('sessions.list', { search: 'known' });
    expect(error).toEqual({ code: 'UNAVAILABLE', message: 'not now', retryable: true, retryAfterMs: 5 });
  });

  it.each([
    ['a fault of a handler', 'sessions.list', { limit: 77 }, 'secret detail 77'],
    ['an answer that is not what was declared', 'models.list', {}, 'models'],
  ])('by %s says nothing but an id, which the log explains', async (_name, method, params, detail) => {
    const { error } = await admin.request(method, params);
    const requestId = error?.details?.requestId;
    expect(error).toEqual({
      code: 'INTERNAL',
      message: `internal error, request id ${requestId}`,
      details: { requestId },
    });
    const line = house.log.lines.find(({ fields }) => fields?.requestId === requestId);
    expect(line).toMatchObject({ level: 'error', fields: { method } });
    expect(String(line?.fields?.error)).toContain(detail);
    expect(String(line?.fields?.error)).toContain('at ');
  });

  it('carries the trace of its request into the log, unless that is none', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const refuse = async (id: string, trace: string) => {
      admin.send({ type: 'req', id, method: 'no.such', traceparent: trace });
      await admin.next((frame) => frame.id === id);
      return house.log.lines.findLast(({ message }) => message.startsWith('request refused'))?.fields;
    };
    expect(await refuse('t1', traceparent)).toMatchObject({ method: 'no.such', traceparent });
    expect(await refuse('t2', 'nonsense')).not.toHaveProperty('traceparent');
    expect(
      await refuse('t3', traceparent.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32))),
    ).not.toHaveProperty('traceparent');
  });

  it('of a profile that is not the caller', async () => {
    admin.send({ type: 'req', id: 'p', method: 'health', expectedProfileId: 'somebody' });
    expect((await admin.next(({ id }) => id === 'p')).error).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { reason: 'EXPECTED_PROFILE_MISMATCH', execution: 'not_started' },
    });
  });
});

describe('a two-stage method', () => {
  const ask = (id: string) => admin.request('agent', { message: 'hi', idempotencyKey: id }, id);

  it('answers on the same id when it is accepted and at its end', async () => {
    second = steered();
    expect(await ask('two')).toMatchObject({ ok: true, payload: accepted });
    const payload = { ...run, status: 'ok', summary: 'completed' };
    second.resolve({ ok: true, payload });
    expect(await admin.next(({ id }) => id === 'two')).toEqual({ type: 'res', id: 'two', ok: true, payload });
  });

  it('answers in that order even when the end is there first', async () => {
    second = steered();
    second.resolve({ ok: true, payload: { ...run, status: 'ok' } });
    expect(await ask('swift')).toMatchObject({ payload: { status: 'accepted' } });
    expect(await admin.next(({ id }) => id === 'swift')).toMatchObject({ payload: { status: 'ok' } });
  });

  it('fails with payload and error both', async () => {
    second = steered();
    await ask('failed');
    const answer: SecondAnswer = {
      ok: false,
      payload: { runId: 'k', status: 'error', summary: 'no' },
      error: { code: 'UNAVAILABLE', message: 'no' },
    };
    second.resolve(answer);
    expect(await admin.next(({ id }) => id === 'failed')).toEqual({ type: 'res', id: 'failed', ...answer });
  });
});

describe('a node', () => {
  const dialNode = async (): Promise<Raw> => {
    const device = makeDevice();
    const raw = await dial(house);
    const nonce = String((await raw.event('connect.challenge')).payload?.nonce);
    const client = { id: 'node-host', mode: 'node', version: '1', platform: 'linux' };
    const proof = prove({ device, nonce, client, role: 'node', token: connectParams.auth.token });
    await raw.connect({ role: 'node', scopes: [], client, device: proof });
    return raw;
  };

  it('may ask for health and nothing that is for operators', async () => {
    using node = await dialNode();
    expect(await node.request('health')).toMatchObject({ ok: true });
    for (const method of ['sessions.list', 'no.such', 'node.list', 'node.invoke', 'node.pair.approve', 'nodes']) {
      expect((await node.request(method)).error).toEqual({
        code: 'INVALID_REQUEST',
        message: 'unauthorized role: node',
      });
    }
  });

  it('is not closed for asking what only nodes ask', async () => {
    using node = await dialNode();
    for (const method of Array.from({ length: 12 }, () => 'node.event'))
      expect((await node.request(method)).error).toEqual({
        code: 'INVALID_REQUEST',
        message: 'unknown method: node.event',
      });
    expect((await node.request('node.invoke.result')).error?.message).toBe('unknown method: node.invoke.result');
    expect(await node.request('health')).toMatchObject({ ok: true });
  });

  it('is closed after more than ten such calls in a row', async () => {
    using node = await dialNode();
    for (let call = 0; call < 10; call++) await node.request('sessions.list');
    expect(await node.request('health')).toMatchObject({ ok: true });
    for (let call = 0; call < 10; call++) await node.request('sessions.list');
    expect(await node.request('sessions.list')).toMatchObject({ ok: false });
    expect(await node.closed).toEqual({ code: 1008, reason: 'repeated unauthorized calls' });
  });
});
