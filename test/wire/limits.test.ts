import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { defaultLimits, limitsFrom } from '../../server/wire/limits.ts';
import { openHouse, steered } from './house.ts';
import { connectParams, dial, dialIn, type Raw } from './raw.ts';

const health = (raw: Raw) => raw.request('health');
/** A connect frame of exactly so many bytes. */
const connectOf = (bytes: number) => {
  const frame = (userAgent: string) =>
    JSON.stringify({ type: 'req', id: 'hello', method: 'connect', params: { ...connectParams, userAgent } });
  return frame('x'.repeat(bytes - frame('').length));
};

describe('before hello', () => {
  it('a frame may have 65 536 bytes', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    raw.send(connectOf(65_536));
    expect(await raw.next((frame) => frame.id === 'hello')).toMatchObject({ ok: true });
  });

  it('one byte more closes 1009 without an answer', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    raw.send(connectOf(65_537));
    expect(await raw.closed).toEqual({ code: 1009, reason: '' });
    expect(raw.frames.filter(({ type }) => type === 'res')).toEqual([]);
    expect(house.stability.read({ limit: 10 }).events).toMatchObject([
      { type: 'payload.large', surface: 'gateway.ws.preauth', action: 'closed', limitBytes: 65_536 },
    ]);
  });

  it('a frame that cannot end in time is not waited for', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    // The first part of a message that never ends.
    raw.socket.send(Buffer.alloc(2_000_000), { fin: false });
    expect(await raw.closed).toEqual({ code: 1009, reason: '' });
  });

  it('15 frames queue behind connect and are answered after hello', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    raw.send({ type: 'req', id: 'hello', method: 'connect', params: connectParams });
    for (let index = 0; index < 15; index++) raw.send({ type: 'req', id: `q${index}`, method: 'health' });
    await raw.next((frame) => frame.id === 'q14');
    const ids = raw.frames.filter(({ type }) => type === 'res').map(({ id }) => id);
    expect(ids).toEqual(['hello', ...Array.from({ length: 15 }, (_, index) => `q${index}`)]);
  });

  it('a 16th closes 1008', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    // A wrong secret takes its time, so that the queue is there whatever arrives together.
    const params = { ...connectParams, auth: { token: 'wrong' } };
    raw.send({ type: 'req', id: 'hello', method: 'connect', params });
    for (let index = 0; index < 16; index++) raw.send({ type: 'req', id: `q${index}`, method: 'health' });
    expect(await raw.closed).toEqual({ code: 1008, reason: 'too many pending handshake frames' });
    expect(raw.frames.filter(({ type }) => type === 'res')).toEqual([]);
  });

  it('an oversized frame in the queue closes 1009', async () => {
    await using house = await openHouse();
    using raw = await dial(house);
    raw.send({ type: 'req', id: 'hello', method: 'connect', params: { ...connectParams, auth: { token: 'wrong' } } });
    raw.send(`"${'x'.repeat(65_536)}"`);
    expect(await raw.closed).toEqual({ code: 1009, reason: '' });
  });

  it('silence closes 1000 with no reason', async () => {
    await using house = await openHouse({ limits: { handshakeTimeoutMs: 60 } });
    using raw = await dial(house);
    expect(await raw.closed).toEqual({ code: 1000, reason: '' });
    await expect.poll(() => house.wire.counts()).toEqual({ opening: 0, ready: 0, bufferedBytes: 0 });
  });

  it('time in which the gateway was too busy to listen does not count', async () => {
    await using house = await openHouse({ limits: { handshakeTimeoutMs: 200 } });
    using raw = await dial(house);
    raw.send({ type: 'req', id: 'hello', method: 'connect', params: connectParams });
    for (const until = performance.now() + 400; performance.now() < until; );
    expect(await raw.next(({ id }) => id === 'hello')).toMatchObject({ ok: true });
  });

  it('pings are answered but do not buy time', async () => {
    await using house = await openHouse({ limits: { handshakeTimeoutMs: 600 } });
    using raw = await dial(house);
    const pinging = setInterval(() => raw.socket.ping(), 20);
    await once(raw.socket, 'pong');
    expect(await raw.closed).toEqual({ code: 1000, reason: '' });
    clearInterval(pinging);
  });

  it('only so many sockets of one address may wait; the next gets 503, until one is through or gone', async () => {
    await using house = await openHouse({ limits: { maxPreauthConnectionsPerAddress: 2 } });
    using first = await dial(house);
    using second = await dial(house);
    expect(house.wire.counts().opening).toBe(2);
    await expect(dial(house)).rejects.toThrow('503');
    await first.connect();
    using third = await dial(house);
    await expect(dial(house)).rejects.toThrow('503');
    third.socket.terminate();
    await third.closed;
    second.socket.close();
    await second.closed;
    using fourth = await dial(house);
    expect(await fourth.connect()).toMatchObject({ ok: true });
  });

  it('a request that is no proper handshake of a socket does not keep its place', async () => {
    await using house = await openHouse({ limits: { maxPreauthConnectionsPerAddress: 1 } });
    const socket = connectTcp(house.port, '127.0.0.1');
    socket.write(
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('400 Bad Request');
    expect(JSON.parse(String(answer).split('\r\n\r\n')[1] ?? '')).toMatchObject({
      error: {
        type: 'invalid_request_error',
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('Sec-WebSocket-Key'),
      },
    });
    socket.destroy();
    await expect.poll(() => house.wire.counts().opening).toBe(0);
  });
});

describe('after hello', () => {
  it('a frame may be larger than before, up to the limit; beyond it the socket closes 1009', async () => {
    await using house = await openHouse({ limits: { maxPayloadBytes: 200_000 } });
    using raw = await dialIn(house);
    expect(await raw.request('health', { note: 'x'.repeat(150_000) })).toMatchObject({ ok: true });
    raw.send({ type: 'req', id: 'big', method: 'health', params: { note: 'x'.repeat(200_000) } });
    expect(await raw.closed).toEqual({ code: 1009, reason: '' });
    expect(raw.frames.find(({ id }) => id === 'big')).toBeUndefined();
    expect(house.stability.read({ limit: 10 }).events).toMatchObject([
      { type: 'payload.large', surface: 'gateway.ws.inbound', reason: 'ws_payload_limit', limitBytes: 200_000 },
    ]);
  });

  it('the client is pinged, and dropped when it does not answer', async () => {
    await using house = await openHouse({ limits: { pingIntervalMs: 150 } });
    using raw = await dialIn(house);
    await once(raw.socket, 'ping');
    await once(raw.socket, 'ping');
    raw.socket.pause();
    const gone = expect.poll(() => house.wire.counts().ready).toBe(0);
    await gone;
    raw.socket.resume();
    expect((await raw.closed).code).toBe(1006);
  });

  it('requests beyond the queue are refused for now, the others are answered', async () => {
    await using house = await openHouse({ limits: { maxWaitingRequests: 20, maxStartsPerTurn: 5 } });
    using raw = await dialIn(house);
    const frame = (index: number) => JSON.stringify({ type: 'req', id: `b${index}`, method: 'health' });
    raw.socket.pause();
    for (let index = 0; index < 600; index++) raw.send(frame(index));
    raw.socket.resume();
    await expect.poll(() => raw.frames.filter(({ id }) => String(id).startsWith('b')).length).toBe(600);
    const answers = raw.frames.filter(({ id }) => String(id).startsWith('b'));
    const refused = answers.filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(25);
    expect(house.stability.read({ limit: 10 }).summary.byType).toEqual({ 'request.busy': expect.any(Number) });
    expect(refused[0]?.error).toEqual({
      code: 'UNAVAILABLE',
      message: 'The server is busy. Please try again in a moment.',
      retryable: true,
    });
    expect(await health(raw)).toMatchObject({ ok: true });
  });

  it('a burst of 100 is served whole', async () => {
    await using house = await openHouse();
    using raw = await dialIn(house);
    const answers = await Promise.all(Array.from({ length: 100 }, () => health(raw)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });

  it('a client that does not read is closed 1008 rather than buffered for; others go on', async () => {
    const big = 'x'.repeat(200_000);
    await using house = await openHouse({
      limits: { maxBufferedBytes: 1_000_000, closeTimeoutMs: 100 },
      handlers: { 'logs.tail': () => ({ file: big, cursor: 0, size: 0, lines: [] }) },
    });
    using other = await dialIn(house);
    using raw = await dialIn(house);
    raw.socket.pause();
    for (let index = 0; index < 100; index++) raw.send({ type: 'req', id: `l${index}`, method: 'logs.tail' });
    await expect.poll(() => house.wire.counts().ready).toBe(1);
    expect(await health(other)).toMatchObject({ ok: true });
    const line = house.log.lines.find(
      ({ fields }) => (fields?.farewell as { code?: number } | undefined)?.code === 1008,
    );
    expect(line).toMatchObject({ level: 'warn', fields: { farewell: { reason: 'slow consumer' } } });
    const [record] = house.stability.read({ limit: 10 }).events;
    expect(record).toMatchObject({
      type: 'payload.large',
      surface: 'gateway.ws.outbound_buffer',
      reason: 'ws_send_buffer_close',
      action: 'closed',
      limitBytes: 1_000_000,
    });
    expect(record?.bytes).toBeGreaterThan(1_000_000);
  });

  it('what waits for a handler is let go when the socket goes', async () => {
    const started = steered<AbortSignal | undefined>();
    await using house = await openHouse({
      handlers: {
        'agent.wait': (_input, { signal }) => {
          started.resolve(signal);
          return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
        },
      },
    });
    using raw = await dialIn(house);
    raw.send({ type: 'req', id: 'w', method: 'agent.wait', params: { runId: 'r' } });
    const signal = await started.promise;
    expect(signal?.aborted).toBe(false);
    raw.socket.terminate();
    await expect.poll(() => signal?.aborted).toBe(true);
    expect(house.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('limitsFrom', () => {
  it('takes two numbers from the environment', () => {
    const env = { OPENCLAW_HANDSHAKE_TIMEOUT_MS: '60000', OPENCLAW_MAX_PREAUTH_CONNECTIONS_PER_IP: '400' };
    expect(limitsFrom(env, expect.fail)).toEqual({
      ...defaultLimits,
      handshakeTimeoutMs: 60_000,
      maxPreauthConnectionsPerAddress: 400,
    });
  });

  it.each(['0', '-1', '1.5', 'soon'])('ignores %j, and says so', (value) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    expect(limitsFrom({ OPENCLAW_HANDSHAKE_TIMEOUT_MS: value }, warn)).toEqual(defaultLimits);
    expect(warnings).toEqual([expect.stringContaining(`OPENCLAW_HANDSHAKE_TIMEOUT_MS is ignored: "${value}"`)]);
  });

  it('takes an empty variable for none', () => {
    expect(limitsFrom({ OPENCLAW_HANDSHAKE_TIMEOUT_MS: '' }, expect.fail)).toEqual(defaultLimits);
  });

  it('is what the protocol says', () => {
    expect(defaultLimits).toMatchObject({
      maxPreauthPayloadBytes: 65_536,
      maxPayloadBytes: 26_214_400,
      maxBufferedBytes: 52_428_800,
      handshakeTimeoutMs: 15_000,
      maxPreauthConnectionsPerAddress: 32,
      maxQueuedHandshakeFrames: 15,
      pingIntervalMs: 25_000,
      tickIntervalMs: 30_000,
      maxWaitingRequests: 256,
      maxWaitingRequestBytes: 52_428_800,
      maxUnauthorizedCalls: 10,
    });
  });
});
