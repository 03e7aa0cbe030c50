import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hold, say } from '../scripted-model.ts';
import { openHouse, readError, token } from './house.ts';
import { dial, type RawAnswer, toHead } from './raw.ts';

const bearer = `authorization: Bearer ${token}`;
const chatPath = '/v1/chat/completions';
const chat = JSON.stringify({ model: 'openclaw', messages: [{ role: 'user', content: 'hello' }] });
const models = toHead('GET /v1/models', bearer);
const bodyRoutes = [chatPath, '/v1/responses', '/v1/embeddings', '/rpc/agent'];

const errorOf = ({ body }: RawAnswer) => (JSON.parse(body) as { error: Record<string, unknown> }).error;

describe('a caller who is not let in', () => {
  it.each(bodyRoutes)('is told so by %s before the body comes', async (path) => {
    await using house = await openHouse(say('hi'));
    for (const length of ['content-length: 19000000', 'content-length: 100', 'transfer-encoding: chunked']) {
      using line = await dial(house.port);
      await line.write(toHead(`POST ${path}`, length));
      const answer = await line.answer();
      expect([path, length, answer.status]).toEqual([path, length, 401]);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    expect(house.rooms.models.requests).toEqual([]);
  });

  it('is told that it is not let in, and not that its body is too large', async () => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(toHead(`POST ${chatPath}`, 'content-length: 99000000000'));
    expect((await line.answer()).status).toBe(401);
  });

  it('is not asked for a body that it would send when invited', async () => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(toHead(`POST ${chatPath}`, `content-length: ${chat.length}`, 'expect: 100-continue'));
    const answer = await line.answer();
    expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
    await line.closed();
  });

  it('hears the answer though it goes on sending, and is cut off then', async () => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(toHead(`POST ${chatPath}`, 'content-length: 19000000'));
    const answer = await line.answer();
    expect([answer.status, answer.headers.connection]).toEqual([401, 'close']);
    await line.write(Buffer.alloc(2_000_000, 'x'));
    await line.closed();
  });

  it('can ask again on the same connection after a small body that nobody read', async () => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(
      toHead(`POST ${chatPath}`, 'authorization: Bearer wrong', `content-length: ${chat.length}`) + chat,
    );
    expect((await line.answer()).status).toBe(401);
    await line.write(models);
    expect((await line.answer()).status).toBe(200);
    // The body may also come after the answer.
    await line.write(toHead(`PUT ${chatPath}`, bearer, `content-length: ${chat.length}`));
    expect((await line.answer()).status).toBe(405);
    await line.write(chat + models);
    expect((await line.answer()).status).toBe(200);
  });

  it('cannot smuggle a request in behind a body that closes the connection', async () => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(toHead(`POST ${chatPath}`, 'transfer-encoding: chunked'));
    expect((await line.answer()).status).toBe(401);
    const behind = toHead(`POST ${chatPath}`, bearer, `content-length: ${chat.length}`) + chat;
    await line.write(`0\r\n\r\n${behind}`);
    await expect(line.answer()).rejects.toThrow('closed');
    expect(house.rooms.models.requests).toEqual([]);
  });
});

describe('a body', () => {
  it('is invited when it waits for that, once its sender is known', async () => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    const length = `content-length: ${chat.length}`;
    await line.write(toHead(`POST ${chatPath}`, bearer, length, 'expect: 100-continue'));
    expect((await line.answer()).status).toBe(100);
    await line.write(chat);
    expect((await line.answer()).status).toBe(200);
    await line.write(models);
    expect((await line.answer()).status).toBe(200);
  });

  it('is not invited when it is too large, and the connection says that it ends', async () => {
    await using house = await openHouse(say('hi'), { limits: { maxBodyBytes: 1000 } });
    using line = await dial(house.port);
    await line.write(toHead(`POST ${chatPath}`, bearer, 'content-length: 1001', 'expect: 100-continue'));
    const answer = await line.answer();
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
    await line.closed();
  });

  it.each(bodyRoutes)('larger than 20 MB is refused by %s from its announced length', async (path) => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(toHead(`POST ${path}`, bearer, 'content-length: 20000001'));
    const answer = await line.answer();
    expect(answer.status).toBe(413);
    expect(errorOf(answer).message).toContain('20000000 bytes');
  });

  it('that comes in chunks is counted, and refused when it is too large', async () => {
    await using house = await openHouse(say('hi'), { limits: { maxBodyBytes: 1000 } });
    using line = await dial(house.port);
    await line.write(toHead(`POST ${chatPath}`, bearer, 'transfer-encoding: chunked'));
    for (let sent = 0; sent <= 1000; sent += 250) await line.write(`fa\r\n${'x'.repeat(250)}\r\n`);
    const answer = await line.answer();
    expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
    expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', code: null, param: null });
  });

  it('that stops coming is given up with 408, and the connection closed', async () => {
    await using house = await openHouse(say('hi'), { limits: { bodyIdleMs: 50 } });
    for (const path of bodyRoutes) {
      using line = await dial(house.port);
      await line.write(`${toHead(`POST ${path}`, bearer, 'content-length: 100', 'content-type: application/json')}{`);
      const answer = await line.answer();
      expect([path, answer.status, answer.headers.connection]).toEqual([path, 408, 'close']);
      await line.closed();
    }
  });

  it('that is compressed is refused, with the coding that is taken', async () => {
    await using house = await openHouse(say('hi'));
    for (const path of bodyRoutes) {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-encoding': 'gzip',
        'content-type': 'application/json',
      };
      const answer = await fetch(house.url + path, { method: 'POST', headers, body: gzipSync(chat) });
      expect([path, answer.status, answer.headers.get('accept-encoding')]).toEqual([path, 415, 'identity']);
      expect(await answer.text()).toContain('send it uncompressed');
    }
    const plain = await house.ask(chatPath, { body: chat, headers: { 'content-encoding': 'identity' } });
    expect(plain.status).toBe(200);
  });

  it('of another type than JSON is refused with the type to send; JSON is taken whatever it is called', async () => {
    await using house = await openHouse(Array.from({ length: 4 }, () => say('hi')));
    const form = new FormData();
    form.set('model', 'openclaw');
    const authorization = { authorization: `Bearer ${token}` };
    const sent = await fetch(house.url + chatPath, { method: 'POST', headers: authorization, body: form });
    expect(await readError(sent)).toMatchObject({ status: 415, type: 'invalid_request_error' });
    const post = (type: string, body: string) =>
      house.ask(chatPath, { method: 'POST', body, headers: { 'content-type': type } });
    const fields = await readError(await post('application/x-www-form-urlencoded', 'model=openclaw'));
    expect(fields).toMatchObject({ status: 415, message: expect.stringContaining('content-type application/json') });
    expect((await post('application/json', 'model=openclaw')).status).toBe(400);
    for (const type of [
      'application/json; charset=utf-8',
      'application/vnd.api+json',
      'text/plain',
      'application/x-www-form-urlencoded',
    ])
      expect([type, (await post(type, chat)).status]).toEqual([type, 200]);
  });
});

describe('what is no request', () => {
  it.each<[string, string, number, string]>([
    ['words', 'hello there\r\n\r\n', 400, 'no HTTP/1.1 request'],
    ['too many headers', toHead('GET /v1/models', `x: ${'x'.repeat(20_000)}`), 431, '16 KiB'],
    ['two lengths', toHead(`POST ${chatPath}`, 'content-length: 2', 'transfer-encoding: chunked'), 400, 'no HTTP/1.1'],
    ['a chunk that is none', `${toHead(`POST ${chatPath}`, bearer, 'transfer-encoding: chunked')}zz\r\n`, 400, 'chunk'],
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n', 400, 'no Host header'],
    ['an expectation', toHead(`POST ${chatPath}`, bearer, 'expect: banana', 'content-length: 2'), 417, 'banana'],
  ])('is answered in JSON: %s', async (_name, text, status, words) => {
    await using house = await openHouse(say('hi'));
    using line = await dial(house.port);
    await line.write(text);
    const answer = await line.answer();
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/json; charset=utf-8']);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', code: null, param: null });
    expect(errorOf(answer).message).toContain(words);
    expect(house.logged.join('\n')).toContain(answer.headers['x-request-id']);
  });

  it('does not disturb an answer that has begun', async () => {
    await using house = await openHouse(hold('one', 'two').script);
    using line = await dial(house.port);
    const body = JSON.stringify({ ...JSON.parse(chat), stream: true });
    await line.write(toHead(`POST ${chatPath}`, bearer, `content-length: ${body.length}`) + body);
    let seen = '';
    await new Promise<void>((resolve) => {
      line.socket.on('data', (piece) => {
        seen += piece;
        if (seen.includes('data:')) resolve();
      });
    });
    await line.write('nonsense\r\n\r\n');
    await line.closed();
    expect(seen).not.toContain('HTTP/1.1 400');
  });
});

describe('the headers of every answer', () => {
  const paths: [string, string][] = [
    ['GET', '/v1/models'],
    ['GET', '/v1/none'],
    ['PUT', '/v1/models'],
    ['POST', chatPath],
    ['GET', '/healthz'],
    ['GET', '/rpc/none'],
  ];

  it('have the policy for TLS that is configured, from the next request on', async () => {
    const config = {
      gateway: { http: { securityHeaders: { strictTransportSecurity: 'max-age=31536000' as string | false } } },
    };
    await using house = await openHouse(say('hi'), { config });
    for (const [method, path] of paths) {
      const answer = await fetch(house.url + path, { method });
      expect([path, answer.headers.get('strict-transport-security')]).toEqual([path, 'max-age=31536000']);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
    using line = await dial(house.port);
    await line.write('nonsense\r\n\r\n');
    expect((await line.answer()).headers['strict-transport-security']).toBe('max-age=31536000');
    for (const off of [false as const, '', 'max-age=1\r\nx: y']) {
      config.gateway.http.securityHeaders.strictTransportSecurity = off;
      const answer = await fetch(`${house.url}/healthz`);
      expect([off, answer.status, answer.headers.get('strict-transport-security')]).toEqual([off, 200, null]);
    }
  });

  it('say nothing of other origins where none is configured', async () => {
    await using house = await openHouse(say('hi'));
    for (const [method, path] of [...paths, ['OPTIONS', chatPath] as const]) {
      const headers = { origin: 'https://chat.example', 'access-control-request-method': 'POST' };
      const answer = await fetch(house.url + path, { method, headers });
      const names = [...answer.headers.keys()].filter((name) => name === 'vary' || name.startsWith('access-control'));
      expect([path, names]).toEqual([path, []]);
      if (method === 'OPTIONS') expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});

describe('pages of other origins', () => {
  const allowedOrigins = ['https://chat.example', 'https://other.example'];
  const from = (origin: string, more: Record<string, string> = {}) => ({ headers: { origin, ...more } });

  it('may read answers and errors when they are configured, and the headers worth reading', async () => {
    await using house = await openHouse(say('hi'), { allowedOrigins });
    const good = await house.ask(chatPath, { body: chat, ...from('https://chat.example') });
    const bad = await fetch(house.url + chatPath, { method: 'POST', ...from('https://other.example') });
    const missing = await house.ask('/v1/none', from('https://chat.example'));
    expect([good.status, bad.status, missing.status]).toEqual([200, 401, 404]);
    for (const [answer, origin] of [
      [good, 'https://chat.example'],
      [bad, 'https://other.example'],
      [missing, 'https://chat.example'],
    ] as const) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('vary')).toContain('Origin');
      const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
      expect(exposed).toEqual(
        expect.arrayContaining(['x-request-id', 'x-openclaw-session-key', 'x-openclaw-model', 'retry-after']),
      );
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
    const stream = await house.ask(chatPath, {
      body: { ...JSON.parse(chat), stream: true },
      ...from('https://chat.example'),
    });
    expect(stream.headers.get('access-control-allow-origin')).toBe('https://chat.example');
    await stream.body?.cancel();
  });

  it('are told so by the contract over HTTP as well', async () => {
    await using house = await openHouse(say('hi'), { allowedOrigins });
    for (const origin of ['https://chat.example', 'https://evil.example']) {
      const answer = await house.ask('/rpc/no.such', from(origin));
      expect(answer.headers.get('vary')?.split(', ')).toEqual(expect.arrayContaining(['Origin', 'accept']));
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin.includes('evil') ? null : origin);
    }
  });

  it('are asked for nothing but the method and the headers before they send', async () => {
    await using house = await openHouse(say('hi'), { allowedOrigins });
    const question = from('https://chat.example', {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-os, bad name',
    });
    const answer = await fetch(house.url + chatPath, { method: 'OPTIONS', ...question });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://chat.example');
    expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
    expect(answer.headers.get('access-control-allow-headers')).toBe('authorization, content-type, x-stainless-os');
    expect(answer.headers.get('vary')).toContain('Origin');
    const plain = await fetch(house.url + chatPath, { method: 'OPTIONS', ...from('https://chat.example') });
    expect(plain.status).toBe(405);
    expect((await fetch(`${house.url}/v1/none`, { method: 'OPTIONS', ...question })).status).toBe(404);
  });

  it('that are not configured are told nothing, and caches that it depends on the page', async () => {
    await using house = await openHouse(say('hi'), { allowedOrigins });
    for (const origin of [
      'https://evil.example',
      'http://chat.example',
      'https://chat.example.evil.example',
      'https://chat.example:8443',
      'null',
      'nonsense',
    ]) {
      const answer = await house.ask('/v1/models', from(origin));
      expect([origin, answer.headers.get('access-control-allow-origin')]).toEqual([origin, null]);
      expect(answer.headers.get('access-control-expose-headers')).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
      const question = from(origin, { 'access-control-request-method': 'POST' });
      expect((await fetch(house.url + chatPath, { method: 'OPTIONS', ...question })).status).toBe(405);
    }
    expect((await house.ask('/v1/models')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('are all that have an origin, where any is allowed', async () => {
    await using house = await openHouse(say('hi'), { allowedOrigins: ['*'] });
    const answer = await house.ask('/v1/models', from('https://any.example'));
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://any.example');
    expect((await house.ask('/v1/models', from('null'))).headers.get('access-control-allow-origin')).toBeNull();
  });
});
