import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { connectParams, dial, dialIn, type Raw } from '../wire/raw.ts';
import { expectLogged, readLog } from './log-lines.ts';

const right = { auth: { token } };
const connect = { type: 'req', id: '1', method: 'connect', params: { ...connectParams, ...right } };
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** The TCP socket under a client, for bytes that no client would send. */
const tcpOf = (raw: Raw) => (raw.socket as unknown as { _socket: Socket })._socket;

async function expectAlive(gateway: TestGateway): Promise<void> {
  using raw = await dialIn(gateway, right);
  expect((await raw.request('health')).ok).toBe(true);
}

describe('what a stranger sends first', () => {
  it.each<[string, string | Buffer, number, string[]]>([
    ['half a value', '{', 1000, ['the first frame is no JSON']],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00]), 1000, ['the first frame is no JSON']],
    ['thirty thousand levels', deep(30_000), 1008, ['invalid request frame']],
    [
      'a frame with a prototype',
      `{"__proto__":{},${JSON.stringify(connect).slice(1)}`,
      1008,
      ['invalid request frame'],
    ],
    [
      'params with a prototype',
      JSON.stringify(connect).replace('"params":{', '"params":{"__proto__":{"role":"node"},'),
      1008,
      ['invalid connect params', '__proto__'],
    ],
    ['another method', '{"type":"req","id":"1","method":"chat.send"}', 1008, ['first request must be connect']],
    ['too much', JSON.stringify({ ...connect, id: 'x'.repeat(70_000) }), 1009, ['more than 65536 bytes']],
    [
      'a key that is none',
      JSON.stringify({
        ...connect,
        params: {
          ...connect.params,
          device: { id: 'd', publicKey: '-----BEGIN\ud800', signature: 'x', signedAt: 1, nonce: 'n' },
        },
      }),
      1008,
      ['DEVICE_AUTH_DEVICE_ID_MISMATCH'],
    ],
    [
      'half a character for a token',
      JSON.stringify({ ...connect, params: { ...connect.params, auth: { token: '\ud800' } } }),
      1008,
      ['AUTH_TOKEN_MISMATCH'],
    ],
  ])('closes the socket with a code, and the log says why: %s', async (_name, frame, code, words) => {
    await using gateway = await startTestGateway();
    using raw = await dial(gateway);
    raw.socket.send(frame);
    expect(await raw.closed).toMatchObject({ code });
    await expectLogged(gateway, ...words);
    await expectAlive(gateway);
  });
});

describe('a client that is through', () => {
  it.each<[string, (raw: Raw) => void, number, string]>([
    ['text that is no UTF-8', (raw) => tcpOf(raw).write(Buffer.from('818200000000fffe', 'hex')), 1007, 'UTF-8'],
    ['a reserved bit', (raw) => tcpOf(raw).write(Buffer.from('f182000000007b7d', 'hex')), 1002, 'RSV'],
    ['a frame without a mask', (raw) => tcpOf(raw).write(Buffer.from('81027b7d', 'hex')), 1002, 'MASK'],
    ['more than it may', (raw) => raw.socket.send(Buffer.alloc(26_214_401)), 1009, 'Max payload size exceeded'],
  ])('is closed with a code for %s, and the log says why', async (_name, send, code, words) => {
    await using gateway = await startTestGateway();
    using other = await dialIn(gateway, right);
    using raw = await dialIn(gateway, right);
    send(raw);
    expect(await raw.closed).toMatchObject({ code });
    await expectLogged(gateway, 'socket closed', words);
    expect((await other.request('health')).ok).toBe(true);
  });

  it('is answered on every frame that can be answered, and noted in the log', async () => {
    await using gateway = await startTestGateway();
    using raw = await dialIn(gateway, right);
    for (const frame of ['', '{', 'hello', '\u0000']) raw.send(frame);
    for (const frame of [
      'null',
      '1',
      '"x"',
      '[]',
      '{}',
      '{"type":"res","id":"r","ok":true}',
      '{"type":"req","id":7}',
    ]) {
      raw.send(frame);
      expect((await raw.next(({ type }) => type === 'res')).error, frame).toMatchObject({ code: 'INVALID_REQUEST' });
    }
    await expectLogged(gateway, 'frame refused', 'type must be');
    for (const method of ['no.such', '__proto__', 'constructor', 'toString', 'x'.repeat(5000)]) {
      const { error } = await raw.request(method);
      expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: `unknown method: ${method.slice(0, 100)}` });
    }
    await expectLogged(gateway, 'request refused: unknown method: no.such', 'INVALID_REQUEST');
    const babble = (await readLog(gateway)).filter(({ message }) => message === 'frames that are no JSON are ignored');
    expect(babble).toHaveLength(1);
    expect((await raw.request('health')).ok).toBe(true);
  });

  it('changes nothing but its own request with prototypes, depth and numbers', async () => {
    await using gateway = await startTestGateway();
    using raw = await dialIn(gateway, right);
    const ask = (id: string, method: string, params: string) => {
      raw.send(`{"type":"req","id":"${id}","method":"${method}","params":${params}}`);
      return raw.next((frame) => frame.id === id);
    };
    const refused: [string, string, string][] = [
      ['chat.send', '{"__proto__":{"message":"x"},"sessionKey":"s","idempotencyKey":"k"}', 'message'],
      ['chat.send', '{"__proto__":{},"sessionKey":"s","message":"x","idempotencyKey":"k"}', '__proto__'],
      ['chat.send', deep(100_000), 'expected object, received array'],
      ['chat.send', `{"sessionKey":"s","message":${deep(100_000)},"idempotencyKey":"k"}`, 'message'],
      ['sessions.list', '{"limit":1e999}', 'limit'],
      ['sessions.list', '{"limit":-1}', 'limit'],
      ['sessions.list', '{"offset":0.5}', 'offset'],
      ['logs.tail', '{"cursor":-1}', 'cursor'],
      ['agent.wait', '{"runId":"r","timeoutMs":-1}', 'timeoutMs'],
      ['chat.send', '"sessionKey"', 'expected object'],
    ];
    for (const [index, [method, params, words]] of refused.entries()) {
      const { ok, error } = await ask(`p${index}`, method, params);
      expect(ok).toBe(false);
      expect(error?.code).toBe('INVALID_REQUEST');
      expect(error?.message).toContain(words);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect((await raw.request('sessions.list')).payload).toMatchObject({ count: 0 });
    expect(gateway.upstream.requests).toEqual([]);
  });
});

describe('two hundred sockets that say nothing', () => {
  it('take 32 places for a while; the rest is told to come back, and the log knows', async () => {
    await using gateway = await startTestGateway({ env: { OPENCLAW_HANDSHAKE_TIMEOUT_MS: '3000' } });
    using early = await dialIn(gateway, right);
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => outcomeOf(gateway.url)));
    const refused = outcomes.filter((outcome) => outcome.startsWith('503'));
    expect(refused.length).toBe(200 - 32);
    expect(new Set(refused).size).toBe(1);
    expect(refused[0]).toContain('"code":"UNAVAILABLE"');
    expect(outcomes.filter((outcome) => outcome === 'closed 1000')).toHaveLength(32);
    await expectLogged(gateway, 'socket refused', 'crowded');
    await expectLogged(gateway, 'socket closed', 'no connect within 3000 ms');
    expect((await early.request('health')).ok).toBe(true);
    await expectAlive(gateway);
  });
});

/** How a socket ended on which nothing was said: `503 <body>`, or `closed <code>`. */
function outcomeOf(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.on('error', () => undefined);
    socket.on('close', (code) => resolve(`closed ${code}`));
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (piece) => {
        body += piece;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
  });
}
