import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../server/config/config.ts';
import { startTestGateway, token } from '../gateway.ts';
import { connectParams, dial } from '../wire/raw.ts';
import { nginxPath, startNginx } from './nginx.ts';

const client = (address: string, more: Record<string, string> = {}) => ({ 'x-test-client': address, ...more });
const basic = (user: string, password: string) => ({ authorization: `Basic ${btoa(`${user}:${password}`)}` });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

async function behindNginx(
  gatewayConfig: GatewayConfig,
  nginx: { users?: Record<string, string>; lines?: string[] } = {},
) {
  const gateway = await startTestGateway({ config: { gateway: gatewayConfig } });
  const proxy = await startNginx({ gateway: gateway.http, ...nginx });
  const status = async (path: string, headers: Record<string, string>) =>
    (await fetch(proxy.url + path, { headers })).status;
  return {
    gateway,
    url: proxy.url,
    ws: proxy.url.replace(/^http/, 'ws'),
    status,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!nginxPath)('a gateway with a token behind nginx', () => {
  const auth = { mode: 'token', token } as const;

  it('refuses, for everybody, what a proxy passes on that it was not told of', async () => {
    await using house = await behindNginx({ auth, trustedProxies: [] });
    const answer = await fetch(`${house.url}/v1/models`, { headers: client('203.0.113.9', bearer(token)) });
    expect([answer.status, ((await answer.json()) as { error: object }).error]).toEqual([
      403,
      expect.objectContaining({
        code: 'proxy_attribution_required',
        message: expect.stringContaining('gateway.trustedProxies'),
      }),
    ]);
    await expect(dial({ url: house.ws })).rejects.toThrow('403');
    // Probes need no attribution, nor does who comes directly.
    expect(await house.status('/healthz', {})).toBe(200);
    expect((await fetch(`${house.gateway.http}/v1/models`, { headers: bearer(token) })).status).toBe(200);
  });

  it('counts wrong secrets by the address of the client, not of the proxy', async () => {
    await using house = await behindNginx({
      auth: { ...auth, rateLimit: { maxAttempts: 3 } },
      trustedProxies: ['127.0.0.0/8'],
    });
    const guess = (address: string) => house.status('/v1/models', client(address, bearer('guess')));
    for (let n = 0; n < 3; n++) expect(await guess('203.0.113.9')).toBe(401);
    const locked = await fetch(`${house.url}/v1/models`, { headers: client('203.0.113.9', bearer(token)) });
    expect([locked.status, Number(locked.headers.get('retry-after'))]).toEqual([429, expect.closeTo(300, -1)]);
    // The same count holds for the socket.
    using raw = await dial({ url: house.ws }, { headers: client('203.0.113.9') });
    const { error } = await raw.connect();
    expect(error?.message).toBe('unauthorized: too many failed authentication attempts (retry later)');
    expect(error?.details?.code).toBe('AUTH_RATE_LIMITED');
    expect((await raw.closed).code).toBe(1008);
    expect(await house.status('/v1/models', client('203.0.113.10', bearer(token)))).toBe(200);
    // What a client claims itself is overwritten by the proxy.
    const spoofed = client('203.0.113.9', { ...bearer(token), 'x-forwarded-for': '203.0.113.77' });
    expect(await house.status('/v1/models', spoofed)).toBe(429);
  });

  it('takes no client behind it for one of this machine', async () => {
    await using house = await behindNginx({ auth, trustedProxies: ['127.0.0.1'] });
    expect(await house.status('/metrics', client('203.0.113.9'))).toBe(401);
    // Without a client that could be elsewhere nobody knows who it is.
    expect(await house.status('/metrics', {})).toBe(403);
    using raw = await dial({ url: house.ws }, { headers: client('203.0.113.9') });
    const hello = await raw.connect({ auth: { token } });
    expect(hello.payload?.auth).toMatchObject({ grantedAs: 'remote-tool', method: 'token' });
  });

  it('streams through it, chunk by chunk', async () => {
    await using house = await behindNginx({ auth, trustedProxies: ['127.0.0.1'] });
    const { promise: seen, resolve: goOn } = Promise.withResolvers<void>();
    const piece = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
    house.gateway.upstream.answer(async (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(piece('first words of the answer. '));
      // Says no more until the test has read them: what holds them back holds up all.
      await seen;
      res.end(`${piece('the rest')}data: [DONE]\n\n`);
    });
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: client('203.0.113.9', { ...bearer(token), 'content-type': 'application/json' }),
      body: JSON.stringify({ model: 'openclaw', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('first words')) goOn();
    }
    expect(text).toContain('data: [DONE]');
  });
});

describe.skipIf(!nginxPath)('a gateway that leaves the login to nginx', () => {
  const users = { 'nick@example.org': 'n', 'eve@example.org': 'e' };
  const trusting = (more: object = {}, rest: object = {}): GatewayConfig => ({
    trustedProxies: ['127.0.0.1'],
    auth: {
      mode: 'trusted-proxy',
      trustedProxy: {
        userHeader: 'x-forwarded-user',
        requiredHeaders: ['x-forwarded-proto'],
        allowLoopback: true,
        ...more,
      },
      ...rest,
    },
  });
  const nick = client('203.0.113.9', basic('nick@example.org', 'n'));
  const eve = client('203.0.113.9', basic('eve@example.org', 'e'));

  it('lets in whom it has signed in, over HTTP as the owner, and less when the proxy says so', async () => {
    await using house = await behindNginx(trusting(), { users });
    expect(await house.status('/v1/models', client('203.0.113.9'))).toBe(401);
    expect(await house.status('/v1/models', nick)).toBe(200);
    expect(await house.status('/v1/models', { ...nick, 'x-openclaw-scopes': '' })).toBe(403);
    const rpc = async (path: string) => (await fetch(`${house.url}/rpc/${path}`, { headers: nick })).json();
    expect(JSON.stringify(await rpc('users.self'))).toContain('nick@example.org');
  });

  it('lets in nobody whom the list does not name', async () => {
    await using house = await behindNginx(trusting({ allowUsers: ['Nick@example.org'] }), { users });
    expect(await house.status('/v1/models', nick)).toBe(200);
    const refused = await fetch(`${house.url}/v1/models`, { headers: eve });
    expect([refused.status, ((await refused.json()) as { error: object }).error]).toEqual([
      403,
      expect.objectContaining({ code: 'trusted_proxy_user_not_allowed' }),
    ]);
  });

  it('gives a socket the scopes of the person, and no more than the proxy allows', async () => {
    const identityScopes = { 'nick@example.org': ['operator.write'], 'eve@example.org': ['operator.admin'] };
    await using house = await behindNginx(trusting({}, { identityScopes }), { users });
    const greet = async (headers: Record<string, string>, id = 'openclaw-macos') => {
      using raw = await dial({ url: house.ws }, { headers });
      const { auth: _, ...params } = connectParams;
      const hello = await raw.request('connect', { ...params, client: { ...params.client, id, mode: 'ui' } });
      return hello.payload?.auth as unknown as { scopes: string[]; method: string };
    };
    expect(await greet(nick)).toMatchObject({ method: 'trusted-proxy', scopes: ['operator.write'] });
    expect(await greet({ ...nick, 'x-openclaw-scopes': 'operator.read' })).toMatchObject({ scopes: ['operator.read'] });
    expect(await greet(eve)).toMatchObject({ scopes: ['operator.admin'] });
    expect(await greet({ ...eve, 'x-openclaw-scopes': '' })).toMatchObject({ scopes: [] });
  });

  it('lets pages in whose origin is allowed, and no others', async () => {
    const config = { ...trusting(), controlUi: { allowedOrigins: ['https://app.example'] } };
    await using house = await behindNginx(config, { users });
    expect(await house.status('/v1/models', { ...nick, origin: 'https://app.example' })).toBe(200);
    expect(await house.status('/v1/models', { ...nick, origin: 'https://evil.example' })).toBe(403);
    using raw = await dial({ url: house.ws }, { headers: { ...nick, origin: 'https://evil.example' } });
    expect((await raw.connect({ auth: undefined })).error?.details?.code).toBe('CONTROL_UI_ORIGIN_NOT_ALLOWED');
  });

  it('tells what the proxy leaves out, in the order of the rules', async () => {
    const refusal = async (config: GatewayConfig, headers: Record<string, string>) => {
      await using gateway = await startTestGateway({ config: { gateway: config } });
      const answer = await fetch(`${gateway.http}/v1/models`, { headers });
      const { error } = (await answer.json()) as { error: { message: string } };
      return [answer.status, /trusted_proxy_\w+(?:-\w+)*|proxy_attribution_required/.exec(error.message)?.[0]];
    };
    const passed = { 'x-forwarded-for': '203.0.113.9' };
    const secure = { ...passed, 'x-forwarded-proto': 'https' };
    expect(await refusal(trusting(), {})).toEqual([401, 'trusted_proxy_untrusted_source']);
    expect(await refusal(trusting(), { 'x-forwarded-for': '127.0.0.1' })).toEqual([403, 'proxy_attribution_required']);
    expect(await refusal(trusting({ allowLoopback: false }), passed)).toEqual([401, 'trusted_proxy_loopback_source']);
    expect(await refusal(trusting(), passed)).toEqual([401, 'trusted_proxy_missing_header_x-forwarded-proto']);
    expect(await refusal(trusting(), secure)).toEqual([401, 'trusted_proxy_user_missing']);
    expect(await refusal(trusting(), { ...secure, 'x-forwarded-user': ' ' })).toEqual([
      401,
      'trusted_proxy_user_missing',
    ]);
    const other = { ...trusting(), trustedProxies: ['10.0.0.0/8'] };
    expect(await refusal(other, { via: '1.1 x' })).toEqual([401, 'trusted_proxy_untrusted_source']);
  });

  it('lets programs of this machine in with the password, and with no headers of their own', async () => {
    await using house = await behindNginx(trusting({}, { password: 'open sesame' }), { users });
    const direct = async (headers: Record<string, string>) =>
      (await fetch(`${house.gateway.http}/v1/models`, { headers })).status;
    expect(await direct(bearer('open sesame'))).toBe(200);
    expect(await direct(bearer('wrong'))).toBe(401);
    expect(await direct({})).toBe(401);
    expect(await direct({ 'x-forwarded-user': 'nick@example.org', 'x-forwarded-for': '127.0.0.1' })).toBe(403);
    // Who comes through the proxy is asked by the proxy.
    expect(await house.status('/v1/models', client('203.0.113.9', bearer('open sesame')))).toBe(401);
    using raw = await dial({ url: house.gateway.url });
    expect((await raw.connect({ auth: { password: 'open sesame' } })).payload?.auth).toMatchObject({
      method: 'password',
    });
  });
});
