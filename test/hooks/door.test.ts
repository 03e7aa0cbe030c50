import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { hookToken, openHooks } from './setup.ts';

const wake = { text: 'hello', mode: 'next-heartbeat' };

describe('the door of hooks', () => {
  it('lets in who has the token, in either header, and nobody else', async () => {
    await using gateway = await openHooks();
    const knock = (headers: Record<string, string>) =>
      gateway.send('/hooks/wake', wake, { bearer: false, headers }).then(({ status }) => status);
    expect(await knock({ authorization: `bearer ${hookToken}` })).toBe(200);
    expect(await knock({ 'x-openclaw-token': hookToken })).toBe(200);
    // The bearer counts when both are there.
    expect(await knock({ authorization: 'Bearer wrong', 'x-openclaw-token': hookToken })).toBe(401);
    expect(await knock({ authorization: `Bearer ${token}` })).toBe(401);
    expect(await knock({ authorization: `Basic ${btoa(hookToken)}` })).toBe(401);
    const none = await gateway.send('/hooks/wake', wake, { bearer: false });
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    expect(none.body).toEqual({ ok: false, error: expect.stringContaining('this hook needs its token') });
    // The token of hooks opens nothing else.
    expect((await gateway.send('/v1/models', undefined, { method: 'GET' })).status).toBe(401);
  });

  it('refuses a token in the address, also a right one beside a right header', async () => {
    await using gateway = await openHooks();
    const answer = await gateway.send(`/hooks/wake?token=${hookToken}`, wake);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain('Authorization: Bearer');
    expect(JSON.stringify(answer.body)).not.toContain(hookToken);
  });

  it('is not there while hooks are off, and opens and closes without a restart', async () => {
    await using gateway = await openHooks({ enabled: false });
    expect((await gateway.send('/hooks/wake', wake)).status).toBe(404);
    await using client = await openSocket(gateway.url);
    const patch = async (hooks: object) => {
      const { hash } = await client.call<{ hash: string }>('config.get');
      return client.call('config.patch', { raw: JSON.stringify({ hooks }), baseHash: hash });
    };
    await patch({ enabled: true });
    expect((await gateway.send('/hooks/wake', wake)).status).toBe(200);
    await patch({ path: 'in/coming/', token: 'another-token-of-hooks' });
    expect((await gateway.send('/hooks/wake', wake)).status).toBe(404);
    expect((await gateway.send('/in/coming/wake', wake)).status).toBe(401);
    const headers = { authorization: 'Bearer another-token-of-hooks' };
    expect((await gateway.send('/in/coming/wake', wake, { headers })).status).toBe(200);
    await expect(patch({ token })).rejects.toThrow(/hooks\.token/);
    expect((await gateway.send('/in/coming/wake', wake, { headers })).status).toBe(200);
    await patch({ enabled: false });
    expect((await gateway.send('/in/coming/wake', wake, { headers })).status).toBe(404);
  });

  it('answers POST only, and says so in JSON', async () => {
    await using gateway = await openHooks();
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await gateway.send('/hooks/wake', undefined, { method });
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'POST']);
      expect(answer.body).toEqual({ ok: false, error: expect.any(String) });
    }
    expect((await gateway.send('/hooks/wake', undefined, { method: 'HEAD' })).status).toBe(405);
  });

  it('knows its own paths, and no others', async () => {
    await using gateway = await openHooks();
    for (const path of ['/hooks', '/hooks/', '/hooks/unheard-of', '/hooks/wake/more', '/hooks/%zz'])
      expect([path, (await gateway.send(path, wake)).status]).toEqual([path, 404]);
    expect((await gateway.send('/hooksy/wake', wake)).status).toBe(404);
    expect((await gateway.send('/hooks/wake/', wake)).status).toBe(200);
    expect((await gateway.send('/hooks/unheard-of', wake, { bearer: false })).status).toBe(401);
  });

  it('takes bodies of up to 256 KiB', async () => {
    await using gateway = await openHooks();
    const fits = JSON.stringify({ ...wake, text: 'x' }).padEnd(256 * 1024, ' ');
    expect((await gateway.send('/hooks/wake', fits)).status).toBe(200);
    const over = await gateway.send('/hooks/wake', `${fits} `);
    expect(over.status).toBe(413);
    expect(over.body.error).toContain('262144 bytes');
  });

  it('takes JSON whatever it is called, and forms', async () => {
    await using gateway = await openHooks();
    const send = (type: string, body: string) =>
      gateway.send('/hooks/wake', body, { headers: { 'content-type': type } }).then(({ status }) => status);
    expect(await send('text/plain', JSON.stringify(wake))).toBe(200);
    expect(await send('application/x-www-form-urlencoded', JSON.stringify(wake))).toBe(200);
    expect(await send('application/x-www-form-urlencoded', 'text=hello&mode=next-heartbeat')).toBe(200);
    const payload = new URLSearchParams({ payload: JSON.stringify(wake) }).toString();
    expect(await send('application/x-www-form-urlencoded; charset=utf-8', payload)).toBe(200);
    expect(await send('application/x-www-form-urlencoded', 'payload={no')).toBe(400);
    expect(await send('multipart/form-data; boundary=x', '--x--')).toBe(415);
    expect(await send('application/json', '')).toBe(400);
  });

  it('refuses everybody wrong after 20 failures, and still lets in who is right', async () => {
    await using gateway = await openHooks();
    const wrong = () => gateway.send('/hooks/wake', wake, { headers: { authorization: 'Bearer wrong' } });
    for (let attempt = 0; attempt < 20; attempt++) expect((await wrong()).status).toBe(401);
    const limited = await wrong();
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(limited.body.ok).toBe(false);
    // Another origin is no way around it.
    const headers = { authorization: 'Bearer wrong', origin: 'http://127.0.0.1' };
    expect((await gateway.send('/hooks/wake', wake, { headers })).status).toBe(429);
    expect((await gateway.send('/hooks/wake', wake)).status).toBe(200);
    expect((await wrong()).status).toBe(401);
  });

  it('refuses every token while its own cannot be read', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
    const unread = '${HOOK_TOKEN_THAT_NOBODY_SET}';
    await using gateway = await openHooks({ token: unread });
    const answer = await gateway.send('/hooks/wake', wake, { headers: { authorization: `Bearer ${unread}` } });
    expect(answer.status).toBe(401);
    expect(answer.body.error).toContain('hooks.token is not available');
  });

  it('writes who was let in and who was not, and neither secrets nor payloads', async () => {
    const mappings = [
      { id: 'raw', match: { path: 'raw' }, messageTemplate: '{{x}}', allowUnsafeExternalContent: true },
    ];
    await using gateway = await openHooks({ mappings });
    await gateway.send('/hooks/wake', { text: 'a-secret-of-the-payload' });
    await gateway.send('/hooks/agent', { message: 'a-secret-of-the-payload' });
    await gateway.send('/hooks/raw', { x: 'a-secret-of-the-payload' });
    await gateway.send('/hooks/wake', wake, { headers: { authorization: 'Bearer a-guess-of-somebody' } });
    await gateway.send(`/hooks/wake?token=${hookToken}`, wake);
    const text = () => readFile(gateway.logFile, 'utf8');
    await expect.poll(text).toContain('a token in the address');
    const log = await text();
    for (const line of ['wake accepted', 'agent accepted', 'mapping raw accepted', 'hooks are answered at /hooks'])
      expect(log).toContain(line);
    expect(log).toContain('mapping raw: allowUnsafeExternalContent lets its senders speak to the model as you do');
    for (const secret of ['a-secret-of-the-payload', 'a-guess-of-somebody', hookToken])
      expect(log).not.toContain(secret);
  });
});

describe('the token of hooks', () => {
  it('may not be the one of the gateway, wherever that comes from', async () => {
    await expect(openHooks({ token })).rejects.toThrow(/hooks\.token/);
    const env = { OPENCLAW_GATEWAY_TOKEN: hookToken };
    await expect(openHooks({}, { env, config: { gateway: { auth: {} } } })).rejects.toThrow(/OPENCLAW_GATEWAY_TOKEN/);
  });
});
