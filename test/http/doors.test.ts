import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { say } from '../scripted-model.ts';
import { openHouse, readError, token } from './house.ts';
import { dial } from './raw.ts';

const chat = { model: 'openclaw', messages: [{ role: 'user', content: 'hello' }] };

describe('the doors of the HTTP side', () => {
  it('let in who has the token, also as a password, and name every answer', async () => {
    await using house = await openHouse(say('hi'));
    const answer = await house.ask('/v1/models');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const id = answer.headers.get('x-request-id') ?? '';
    expect(id).toMatch(/^req_[0-9a-f]{32}$/);
    await expect.poll(() => house.logged.join('\n')).toContain(id);

    await using guarded = await openHouse(say('hi'), { auth: { mode: 'password', password: 'open sesame' } });
    const withPassword = await guarded.ask('/v1/models', { headers: { authorization: 'bearer open sesame' } });
    expect(withPassword.status).toBe(200);
  });

  it('repeat a request id that the caller chose, and none that would break a log', async () => {
    await using house = await openHouse(say('hi'));
    const named = await house.ask('/v1/models', { headers: { 'x-request-id': 'trace-1.2' } });
    expect(named.headers.get('x-request-id')).toBe('trace-1.2');
    const odd = await house.ask('/v1/models', { headers: { 'x-request-id': 'a "b" c' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it.each([
    ['no bearer', {}],
    ['a wrong bearer', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: `Basic ${btoa(`user:${token}`)}` }],
  ])('answer 401 to %s on every route', async (_name, headers) => {
    await using house = await openHouse(say('hi'));
    const routes: [string, string][] = [
      ['GET', '/v1/models'],
      ['GET', '/v1/models/openclaw'],
      ['POST', '/v1/chat/completions'],
      ['POST', '/v1/responses'],
      ['POST', '/v1/embeddings'],
      ['POST', '/tools/invoke'],
      ['GET', '/rpc/health'],
    ];
    for (const [method, path] of routes) {
      const answer = await fetch(`${house.url}${path}`, {
        method,
        headers,
        body: method === 'POST' ? '{not json' : null,
      });
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      const { error } = (await answer.json()) as { error: { type?: string; message: string } };
      if (path.startsWith('/v1'))
        expect(error).toMatchObject({ type: 'unauthorized', code: 'invalid_api_key', param: null });
      expect(error.message).not.toContain(token);
    }
    expect(house.rooms.models.requests).toEqual([]);
  });

  it('lock out who guesses, with the time to wait', async () => {
    const attempts = { maxAttempts: 2, exemptLoopback: false };
    await using house = await openHouse(say('hi'), { attempts });
    const guess = () => fetch(`${house.url}/v1/models`, { headers: { authorization: 'Bearer guess' } });
    expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(401);
    const locked = await guess();
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(290);
    expect(await readError(locked)).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    });
    expect((await house.ask('/v1/models')).status).toBe(429);
    expect((await fetch(`${house.url}/healthz`)).status).toBe(200);
  });

  it('refuse what the caller may not do', async () => {
    await using house = await openHouse(say('hi'), { auth: { mode: 'none' } });
    const headers = { 'x-openclaw-scopes': 'operator.read' };
    expect((await house.ask('/v1/models', { headers })).status).toBe(200);
    const refused = await house.ask('/v1/chat/completions', { headers, body: chat });
    expect(await readError(refused)).toMatchObject({ status: 403, type: 'forbidden', code: 'missing_scope' });
    expect((await house.ask('/v1/chat/completions', { body: chat })).status).toBe(200);
  });

  it('let no web page in that does not belong, where no secret is needed', async () => {
    await using house = await openHouse(say('hi'), {
      auth: { mode: 'none' },
      allowedOrigins: ['https://chat.example'],
    });
    const from = (origin: string) => house.ask('/v1/models', { headers: { origin } }).then(({ status }) => status);
    expect(await from('https://evil.example')).toBe(403);
    expect(await from('null')).toBe(403);
    expect(await from('https://chat.example')).toBe(200);
    expect(await from(house.url)).toBe(200);
  });

  it('let no page in whose name was pointed at this machine', async () => {
    await using house = await openHouse(say('hi'));
    expect(await statusWithHost(house.port, 'evil.example')).toBe(403);
    expect(await statusWithHost(house.port, `localhost:${house.port}`)).toBe(200);
    // Behind a proxy of this machine the name is the proxy's, and the secret guards.
    expect(await statusWithHost(house.port, 'gateway.example', { 'x-forwarded-for': '192.0.2.7' })).toBe(200);
    await using open = await openHouse(say('hi'), { auth: { mode: 'none' } });
    expect(await statusWithHost(open.port, 'evil.example', { 'x-forwarded-for': '192.0.2.7' })).toBe(403);
  });

  it('answer unknown paths and wrong methods in JSON', async () => {
    await using house = await openHouse(say('hi'));
    for (const path of ['/v1/nothing', '/', '/v1', '/v1/chat', '/favicon.ico', '/%E0%A4%A', '//v1/models']) {
      const answer = await house.ask(path);
      expect([path, await readError(answer)]).toMatchObject([
        path,
        { status: 404, type: 'not_found_error', code: null, param: null },
      ]);
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
    const wrong: [string, string, string][] = [
      ['GET', '/v1/chat/completions', 'POST'],
      ['DELETE', '/v1/responses', 'POST'],
      ['OPTIONS', '/v1/chat/completions', 'POST'],
      ['POST', '/v1/models', 'GET'],
      ['PUT', '/v1/models/openclaw', 'GET'],
      ['PATCH', '/v1/embeddings', 'POST'],
      ['POST', '/healthz', 'GET, HEAD'],
      ['DELETE', '/rpc/health', 'GET, POST'],
    ];
    for (const [method, path, allow] of wrong) {
      const answer = await house.ask(path, { method });
      expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow]);
      expect(((await answer.json()) as { error: object }).error).toHaveProperty('message');
    }
    const head = await house.ask('/v1/models', { method: 'HEAD' });
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('refuse a body by its announced length, before it comes', async () => {
    await using house = await openHouse(say('hi'), { limits: { maxBodyBytes: 1000 } });
    const { status, body } = await sendHead(house.port, { 'content-length': 1001 });
    expect(status).toBe(413);
    expect(JSON.parse(body).error).toMatchObject({ type: 'invalid_request_error', code: null, param: null });
    const chunked = await house.ask('/v1/chat/completions', { body: { ...chat, padding: 'x'.repeat(2000) } });
    expect(chunked.status).toBe(413);
  });

  it('refuse a body that grows over the limit without having said so', async () => {
    await using house = await openHouse(say('hi'), { limits: { maxBodyBytes: 1000 } });
    const { status } = await sendHead(house.port, { 'transfer-encoding': 'chunked' }, 'x'.repeat(5000));
    expect(status).toBe(413);
  });

  it('give up on a body that never arrives', async () => {
    await using house = await openHouse(say('hi'), { limits: { bodyIdleMs: 50 } });
    const { status, body } = await sendHead(house.port, { 'content-length': 100 }, '{"model":');
    expect(status).toBe(408);
    expect(JSON.parse(body).error.message).toContain('50 ms');
  });

  it('survive a caller who goes away in the middle of a body', async () => {
    await using house = await openHouse(say('hi'));
    const socket = connect(house.port, '127.0.0.1');
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}`;
    await new Promise((resolve) => socket.write(`${head}\r\ncontent-length: 99\r\n\r\n{`, resolve));
    socket.destroy();
    await expect.poll(() => house.logged.join('\n')).toContain('cut off');
    expect(house.logged.filter((line) => line.startsWith('error'))).toEqual([]);
    expect((await house.ask('/v1/models')).status).toBe(200);
  });

  it('never show what an unexpected error says', async () => {
    await using house = await openHouse(say('hi'), { embed: () => Promise.reject(new TypeError('the secret is 42')) });
    const answer = await house.ask('/v1/embeddings', { body: { model: 'openclaw', input: 'x' } });
    const id = answer.headers.get('x-request-id') ?? '';
    const error = await readError(answer);
    expect(error).toMatchObject({ status: 500, type: 'api_error' });
    expect(error.message).toContain(id);
    expect(error.message).not.toContain('secret');
    expect(house.logged.find((line) => line.startsWith('error') && line.includes(id))).toContain('the secret is 42');
  });
});

describe('the probes', () => {
  it.each(['/healthz', '/health'])('%s says that the process lives, without a secret', async (path) => {
    await using house = await openHouse(say('hi'), { phase: 'starting' });
    const answer = await fetch(house.url + path);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true, status: 'live' }]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const head = await fetch(house.url + path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    await expect.poll(() => house.logged.length).toBe(2);
    expect(house.logged.every((line) => line.startsWith('debug'))).toBe(true);
  });

  it.each(['/readyz', '/ready'])('%s names what is not ready', async (path) => {
    await using ready = await openHouse(say('hi'));
    const answer = await fetch(ready.url + path);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { ready: true, failing: [], uptimeMs: expect.any(Number) },
    ]);
    await using failing = await openHouse(say('hi'), { failing: ['database'] });
    const red = await fetch(failing.url + path);
    expect([red.status, await red.json()]).toMatchObject([503, { ready: false, failing: ['database'] }]);
    await using draining = await openHouse(say('hi'), { phase: 'draining' });
    expect(await (await fetch(draining.url + path)).json()).toMatchObject({ ready: false, failing: ['draining'] });
  });

  it('tells strangers no more than yes or no', async () => {
    await using house = await openHouse(say('hi'), { failing: ['database'] });
    const forwarded = { 'x-forwarded-for': '192.0.2.7' };
    const stranger = await fetch(`${house.url}/readyz`, { headers: forwarded });
    expect([stranger.status, await stranger.json()]).toEqual([503, { ready: false }]);
    const known = await house.ask('/readyz', { headers: forwarded });
    expect(await known.json()).toMatchObject({ failing: ['database'] });
  });

  it('tells no more to a page under another name, nor to a proxy that says nothing of the client', async () => {
    await using house = await openHouse(say('hi'), { failing: ['database'] });
    const ask = async (lines: string[]) => {
      using wire = await dial(house.port);
      await wire.write([...lines, '', ''].join('\r\n'));
      return JSON.parse((await wire.answer()).body);
    };
    expect(await ask(['GET /readyz HTTP/1.1', 'Host: evil.example'])).toEqual({ ready: false });
    expect(await ask(['GET /readyz HTTP/1.0', 'Host: 127.0.0.1'])).toEqual({ ready: false });
    const page = ['Host: 127.0.0.1', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'];
    expect(await ask(['GET /readyz HTTP/1.1', ...page])).toEqual({ ready: false });
    expect(await ask(['GET /readyz HTTP/1.1', 'Host: 127.0.0.1'])).toMatchObject({ failing: ['database'] });
    expect(await ask(['GET /openapi.json HTTP/1.1', ...page])).toMatchObject({ error: { type: 'unauthorized' } });
    expect(await ask(['GET /metrics HTTP/1.0', 'Host: 127.0.0.1'])).toMatchObject({ error: { type: 'unauthorized' } });
  });

  it('want one Host: a proxy could have looked at the other', async () => {
    await using house = await openHouse(say('hi'));
    using wire = await dial(house.port);
    await wire.write('GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: evil.example\r\n\r\n');
    const answer = await wire.answer();
    expect([answer.status, JSON.parse(answer.body).error.message]).toEqual([
      400,
      'the request has more than one Host header',
    ]);
  });

  it.each([
    ['starting', 503, false],
    ['started', 200, true],
    ['draining', 503, false],
  ] as const)('/startupz says %s', async (phase, status, ok) => {
    await using house = await openHouse(say('hi'), { phase });
    for (const path of ['/startupz', '/startup']) {
      const answer = await fetch(house.url + path);
      expect([answer.status, await answer.json()]).toEqual([status, { ok, status: phase }]);
    }
  });
});

/** Sends a head and perhaps the beginning of a body that never ends. */
function sendHead(port: number, headers: Record<string, string | number>, beginning = '') {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const req = request(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${token}`, ...headers },
      },
      (res) => {
        let body = '';
        res
          .on('data', (chunk) => (body += chunk))
          .on('end', () => {
            req.destroy();
            resolve({ status: res.statusCode, body });
          });
      },
    );
    req.on('error', reject);
    req.flushHeaders();
    if (beginning) req.write(beginning);
  });
}

function statusWithHost(port: number, host: string, headers: Record<string, string> = {}) {
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${token}`, host, ...headers };
    request({ port, host: '127.0.0.1', path: '/v1/models', headers: all }, (res) => {
      res.resume();
      resolve(res.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
