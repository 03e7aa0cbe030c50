import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { dial } from '../wire/raw.ts';
import { agentIds, patience, startEdited } from './edited.ts';
import { closeOf } from './soon.ts';

describe('a hot change of the file', () => {
  it('is applied without a socket closed, a shutdown, or another process', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway } = setting;
    await setting.change('agents', { entries: { second: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    await setting.change('agents', { entries: { second: {}, third: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second', 'third']);
    expect(client.told('shutdown')).toEqual([]);
    expect(await client.call('status')).toMatchObject({ pid: gateway.pid });
    expect(await setting.state()).toEqual({ hotReloadStatus: 'active', mode: 'hybrid' });
    const log = await setting.log();
    expect(log).toContain('config change detected; evaluating reload (agents.entries.second)');
    expect(log).not.toContain('requires gateway restart');
  });

  it('of the model is what the next run is answered with', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client } = setting;
    await setting.change('agents', { defaults: { model: 'up/two' } });
    const model = async () =>
      (await client.call<{ models: { model: string }[] }>('status')).models.map((one) => one.model);
    await expect.poll(model, patience).toEqual(['up/two']);
  });

  it('that the gateway itself has written is not taken a second time', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client } = setting;
    const { hash } = await client.call<{ hash: string }>('config.get');
    await client.call('config.patch', { raw: "{ session: { mainKey: 'home' } }", baseHash: hash });
    await setting.change('agents', { entries: { later: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['later']);
    const lines = (await setting.log()).split('\n').filter((line) => line.includes('config change detected'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('(agents.entries.later)');
  });

  it('of the log is in the next record: its level, and its file', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client } = setting;
    const other = join(folder.path, 'other.log');
    await setting.change('logging', { level: 'debug', file: other });
    await expect.poll(() => readFile(other, 'utf8').catch(() => ''), patience).toContain('config change applied');
    await using second = await openSocket(setting.gateway.url);
    second.socket.close();
    await expect.poll(() => readFile(other, 'utf8'), patience).toContain('socket closed');
    expect(await client.call('logs.tail')).toMatchObject({ file: other });
  });

  it('of the token lets the new one in and cuts who came with the old one, but not the others', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway } = setting;
    const closed = closeOf(client);
    await setting.change('gateway', { auth: { mode: 'token', token: 'another-token-for-tests' } });
    expect(await closed).toEqual({ code: 4001, reason: 'auth changed' });
    await using again = await openSocket(gateway.url, { secret: 'another-token-for-tests' });
    expect(await again.call('status')).toMatchObject({ pid: gateway.pid });
    await expect(openSocket(gateway.url)).rejects.toThrow('token mismatch');
    const runtime = JSON.parse(await readFile(join(folder.path, 'gateway.json'), 'utf8'));
    expect(runtime).toMatchObject({ token: 'another-token-for-tests', pid: gateway.pid });
    const log = await setting.log();
    expect(log).not.toContain('another-token-for-tests');
    expect(log).not.toContain(token);
  });
});

describe('a hot change of how the gateway is reached', () => {
  it('is in effect at the next request: trusted proxies, the limit of attempts, and endpoints', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway } = setting;
    const http = gateway.url.replace(/^ws/, 'http');
    const ask = (headers: Record<string, string>, path = '/v1/models') => fetch(http + path, { headers });
    const bearer = { authorization: `Bearer ${token}` };
    const statusOf = (...asked: Parameters<typeof ask>) => ask(...asked).then(({ status }) => status);

    const forwarded = { 'x-forwarded-for': '203.0.113.9' };
    expect(await statusOf({ ...bearer, ...forwarded })).toBe(200);
    await setting.change('gateway', { trustedProxies: ['192.0.2.0/24'] });
    await expect.poll(() => statusOf({ ...bearer, ...forwarded }), patience).toBe(403);
    await setting.change('gateway', { trustedProxies: ['127.0.0.1'] });
    await expect.poll(() => statusOf({ ...bearer, ...forwarded }), patience).toBe(200);

    const rateLimit = { maxAttempts: 1, lockoutMs: 60_000 };
    await setting.change('gateway', { auth: { mode: 'token', token, rateLimit } });
    const wrong = { authorization: 'Bearer wrong', 'x-forwarded-for': '203.0.113.10' };
    await expect.poll(() => statusOf(wrong), patience).toBe(429);
    expect(await statusOf({ ...bearer, ...forwarded })).toBe(200);

    const chat = () =>
      fetch(`${http}/v1/chat/completions`, { method: 'POST', headers: bearer, body: '{}' }).then(
        ({ status }) => status,
      );
    expect(await chat()).toBe(400);
    await setting.change('gateway', { http: { endpoints: { chatCompletions: { enabled: false } } } });
    await expect.poll(chat, patience).toBe(404);

    expect(await client.call('status')).toMatchObject({ pid: gateway.pid });
    expect(client.told('shutdown')).toEqual([]);
    expect(await setting.log()).not.toContain('requires gateway restart');
  });

  it('is in effect at the next socket: allowed origins', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway } = setting;
    const page = async () => {
      using raw = await dial({ url: gateway.url }, { headers: { origin: 'https://control.example' } });
      return (await raw.connect({ auth: { token } })).ok;
    };
    expect(await page()).toBe(false);
    await setting.change('gateway', { controlUi: { allowedOrigins: ['https://control.example'] } });
    await expect.poll(page, patience).toBe(true);
    await setting.change('gateway', { controlUi: { allowedOrigins: [] } });
    await expect.poll(page, patience).toBe(false);
    expect(await client.call('status')).toMatchObject({ pid: gateway.pid });
    expect(client.told('shutdown')).toEqual([]);
  });

  it('is in effect for the next person: whom the trusted proxy may bring', async () => {
    await using folder = await scratch();
    const trustedProxy = { userHeader: 'x-user', allowLoopback: true, allowUsers: ['ada'] };
    const auth = { mode: 'trusted-proxy' as const, password: token, trustedProxy };
    await using setting = await startEdited(folder.path, { gateway: { auth } });
    const { client, gateway } = setting;
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-user': 'grace' };
    const status = () =>
      fetch(`${gateway.url.replace(/^ws/, 'http')}/v1/models`, { headers }).then((res) => res.status);
    expect(await status()).not.toBe(200);
    await setting.change('gateway', {
      auth: { ...auth, trustedProxy: { ...trustedProxy, allowUsers: ['ada', 'grace'] } },
    });
    await expect.poll(status, patience).toBe(200);
    await setting.change('gateway', { auth });
    await expect.poll(status, patience).not.toBe(200);
    expect(await client.call('status')).toMatchObject({ pid: gateway.pid });
    expect(client.told('shutdown')).toEqual([]);
  });
});
