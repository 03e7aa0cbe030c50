import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createHome, type Home } from '../processes.ts';

describe('the probes of a gateway in its process', () => {
  let home: Home;
  let url = '';
  let http = '';
  let token = '';
  beforeAll(async () => {
    home = await createHome();
    ({ url } = await home.gateway());
    http = url.replace('ws', 'http');
    token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it.each([
    ['/healthz', { ok: true, status: 'live' }],
    ['/health', { ok: true, status: 'live' }],
    ['/readyz', { ready: true, failing: [], uptimeMs: expect.any(Number) }],
    ['/ready', { ready: true, failing: [], uptimeMs: expect.any(Number) }],
    ['/startupz', expect.objectContaining({ status: 'started' })],
    ['/startup', expect.objectContaining({ status: 'started' })],
  ])('%s answers without a secret, GET and HEAD, and is not cached', async (path, body) => {
    const get = await fetch(`${http}${path}`);
    expect(get.status).toBe(200);
    expect(await get.json()).toEqual(body);
    const head = await fetch(`${http}${path}`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const { headers } of [get, head])
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
  });

  it.each(['/v1/models', '/v1/chat/completions'])('%s wants a bearer, and says so in JSON', async (path) => {
    const method = path.endsWith('models') ? 'GET' : 'POST';
    for (const headers of [{}, { authorization: 'Bearer wrong-token-of-somebody' }] as Record<string, string>[]) {
      const answer = await fetch(`${http}${path}`, { method, headers, ...(method === 'POST' && { body: '{}' }) });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toMatchObject({ error: expect.anything() });
    }
  });

  it('says hello, with how things stand and what may be sent', async () => {
    const frames = await talk(url, () => toConnect(token), 2);
    expect(frames.received[1]).toMatchObject({
      type: 'res',
      ok: true,
      payload: {
        type: 'hello-ok',
        snapshot: {
          presence: expect.any(Array),
          health: { ok: true },
          stateVersion: { presence: expect.any(Number), health: expect.any(Number) },
          uptimeMs: expect.any(Number),
        },
        policy: {
          maxPayload: expect.any(Number),
          maxBufferedBytes: expect.any(Number),
          tickIntervalMs: expect.any(Number),
        },
      },
    });
  });

  it.each([
    ['another method than connect', JSON.stringify({ type: 'req', id: '1', method: 'health', params: {} })],
    ['no JSON', 'hello?'],
    ['no frame', '[]'],
  ])('refuses a first frame that is %s, and closes', async (_, text) => {
    const { closed } = await talk(url, () => text);
    expect(closed).toBeGreaterThanOrEqual(1000);
    expect(closed).not.toBe(1006);
  });

  it('refuses a wrong token with its reason, then 1008', async () => {
    const { received, closed } = await talk(url, () => toConnect('wrong-token-of-somebody'));
    expect(received[1]).toMatchObject({
      ok: false,
      error: {
        message: expect.stringMatching(/^unauthorized: gateway token mismatch/),
        details: { code: 'AUTH_TOKEN_MISMATCH' },
      },
    });
    expect(closed).toBe(1008);
  });
});

function toConnect(token: string): string {
  const client = { id: 'cli', mode: 'cli', version: '0', platform: 'test' };
  const params = {
    minProtocol: 4,
    maxProtocol: 4,
    client,
    role: 'operator',
    scopes: ['operator.read'],
    auth: { token },
  };
  return JSON.stringify({ type: 'req', id: 'connect', method: 'connect', params });
}

/** Sends one frame after the challenge. @param enough hangs up after so many frames; by default the gateway does. */
async function talk(url: string, first: () => string, enough = Number.POSITIVE_INFINITY) {
  const received: Record<string, unknown>[] = [];
  const socket = new WebSocket(url);
  const closed = await new Promise<number>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', resolve);
    socket.on('message', (message) => {
      received.push(JSON.parse(String(message)));
      if (received.length === 1) socket.send(first());
      if (received.length >= enough) socket.close();
    });
  });
  return { received, closed };
}
