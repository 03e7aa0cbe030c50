import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import type { Config } from '../../server/config/config.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { hookToken, lastUserWords } from './setup.ts';

const secret = `whsec_${Buffer.from('twenty-four bytes of key').toString('base64')}`;
const hooks: Config['hooks'] = {
  enabled: true,
  token: hookToken,
  mappings: [
    { match: { path: 'orders' }, messageTemplate: '{{type}}', signature: { scheme: 'standard-webhooks', secret } },
  ],
};

const send = async (url: string, path: string, body: object, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${url.replace(/^ws/, 'http')}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hookToken}`, ...headers },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { ok: boolean; runId: string };
};

describe('kill -9', () => {
  it('after acceptance: the run is marked, the main session is told, and the key still holds', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(begin('half a reply', () => undefined));
    const config = { ...withUpstream(upstream.url), hooks };
    const start = { stateDir: folder.path, port: await findFreePort(), config };
    const headers = { 'idempotency-key': 'k1' };
    const agent = { message: 'long work', name: 'Nightly' };
    let accepted: { runId: string };
    {
      await using gateway = await spawnGateway(start);
      accepted = await send(gateway.url, '/hooks/agent', agent, headers);
      await upstream.request(0);
      expect(await send(gateway.url, '/hooks/wake', { text: 'kept', mode: 'next-heartbeat' })).toMatchObject({
        ok: true,
      });
      await gateway.kill();
    }
    upstream.answer(reply('here again'));
    await using gateway = await spawnGateway(start);
    expect(await send(gateway.url, '/hooks/agent', agent, headers)).toEqual({ ok: true, runId: accepted.runId });
    await using client = await openSocket(gateway.url);
    const { runId } = accepted;
    expect(await client.call('agent.wait', { runId })).toMatchObject({ status: 'error', stopReason: 'crash' });
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: `agent:main:hook:${runId}` });
    expect(JSON.stringify(page.messages[0])).toContain('long work');
    expect(upstream.requests).toHaveLength(1);
    await client.call('chat.send', { sessionKey: 'main', message: 'what is new?', idempotencyKey: 'c' });
    await client.end('c');
    const words = lastUserWords(await upstream.request(1));
    expect(words.match(/kept/g)).toHaveLength(1);
    expect(words).toContain(`the run ${runId} of the webhook "Nightly" has ended: interrupted`);
    expect(words.endsWith('what is new?')).toBe(true);
  });

  it('at any moment: everything that was accepted is there once, and nothing twice', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('ok'));
    const config = { ...withUpstream(upstream.url), hooks };
    const start = { stateDir: folder.path, port: await findFreePort(), config };
    const accepted = new Map<string, string>();
    for (const killAfter of [3, 17, 31]) {
      await using gateway = await spawnGateway(start);
      let answers = 0;
      const one = async (index: number) => {
        const key = `key-${index}`;
        const sent = index % 2 === 0 ? '/hooks/agent' : '/hooks/wake';
        const body = index % 2 === 0 ? { message: key, deliver: false } : { text: key, mode: 'next-heartbeat' };
        const { runId = 'event' } = await send(gateway.url, sent, body, { 'idempotency-key': key });
        expect([undefined, runId]).toContain(accepted.get(key));
        accepted.set(key, runId);
        if (++answers === killAfter) await gateway.kill();
      };
      // Those that were under way get no answer, and are sent again in the next round.
      await Promise.allSettled(Array.from({ length: 40 }, (_, index) => one(index)));
      await gateway.kill();
    }
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url);
    expect(accepted.size).toBeGreaterThanOrEqual(31);
    for (const [key, runId] of accepted) {
      if (runId === 'event') continue;
      const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: `agent:main:hook:${runId}` });
      const words = messages.filter(({ role }) => role === 'user').map(({ content }) => JSON.stringify(content));
      expect([key, words.length, words[0]?.includes(`\\n${key}\\n`)]).toEqual([key, 1, true]);
    }
    await client.call('chat.send', { sessionKey: 'main', message: 'hello', idempotencyKey: 'last' });
    await client.end('last');
    const told = lastUserWords(upstream.requests.at(-1) as never);
    for (const [key, runId] of accepted)
      if (runId === 'event') expect([key, told.split(`\n${key}\n`).length]).toEqual([key, 2]);
  });
});

describe('examples/send-hook.ts', () => {
  it('is let in by its signature', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('noted'));
    const port = await findFreePort();
    const config = { ...withUpstream(upstream.url), hooks };
    await using gateway = await spawnGateway({ stateDir: folder.path, port, config });
    const script = join(import.meta.dirname, '..', '..', 'examples', 'send-hook.ts');
    const url = `${gateway.url.replace(/^ws/, 'http')}/hooks/orders`;
    const { stdout } = await promisify(execFile)(process.execPath, [script, url], {
      env: { PATH: process.env.PATH, ORDERS_WEBHOOK_SECRET: secret },
      timeout: 20_000,
    });
    expect(stdout).toMatch(/^200 \{"ok":true,"runId":"hook-/);
    expect(lastUserWords(await upstream.request(0))).toContain('order.paid');
  });
});
