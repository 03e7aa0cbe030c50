import { describe, expect, it } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { reply } from '../upstream.ts';
import { lastUserWords, openHooks, wordsOf } from './setup.ts';

describe('POST /hooks/wake', () => {
  it('starts a run in the main session at once', async () => {
    await using gateway = await openHooks();
    const answer = await gateway.send('/hooks/wake', { text: 'The import is done' });
    expect(answer).toMatchObject({ status: 200, body: { ok: true, mode: 'now', eventOutcome: 'queued' } });
    const words = lastUserWords(await gateway.upstream.request(0));
    expect(words).toMatch(/^System event, from a webhook:\n<<<UNTRUSTED id="[0-9a-f]{16}" source="hook wake">>>/);
    expect(words).toContain('The import is done');
    await using client = await openSocket(gateway.url);
    await client.call('agent.wait', { runId: answer.body.runId });
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    expect(page.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it('waits for its turn in a session that is at work', async () => {
    await using gateway = await openHooks();
    const gate = Promise.withResolvers<void>();
    gateway.upstream.answer(async (request, res) => {
      await gate.promise;
      await reply('first')(request, res);
    }, reply('second'));
    await using client = await openSocket(gateway.url);
    await client.call('chat.send', { sessionKey: 'main', message: 'hello', idempotencyKey: 'c' });
    await gateway.upstream.request(0);
    const { runId } = (await gateway.send('/hooks/wake', { text: 'now!' })).body;
    gate.resolve();
    expect(await client.call('agent.wait', { runId, timeoutMs: 10_000 })).toMatchObject({ status: 'ok' });
    expect(lastUserWords(gateway.upstream.requests[1] as never)).toContain('now!');
  });

  it('keeps what is for later until the next run of the main session, whoever starts it', async () => {
    await using gateway = await openHooks();
    const later = (text: string) => gateway.send('/hooks/wake', { text, mode: 'next-heartbeat' });
    expect((await later('one')).body).toEqual({ ok: true, mode: 'next-heartbeat', eventOutcome: 'queued' });
    expect((await later('two')).body.eventOutcome).toBe('queued');
    expect((await later('two')).body.eventOutcome).toBe('coalesced');
    expect(gateway.upstream.requests).toHaveLength(0);
    await using client = await openSocket(gateway.url);
    // A session of its own is not the main one.
    await client.call('chat.send', { sessionKey: 'other', message: 'hi', idempotencyKey: 'other' });
    await client.end('other');
    expect(lastUserWords(await gateway.upstream.request(0))).toBe('hi');
    await client.call('chat.send', { sessionKey: 'main', message: 'hello', idempotencyKey: 'c1' });
    await client.end('c1');
    const words = lastUserWords(await gateway.upstream.request(1));
    expect(words.match(/System event, from a webhook/g)).toHaveLength(2);
    expect(words.indexOf('one')).toBeLessThan(words.indexOf('two'));
    expect(words.endsWith('hello')).toBe(true);
    // It stays in the conversation, and is not told again.
    await client.call('chat.send', { sessionKey: 'main', message: 'again', idempotencyKey: 'c2' });
    await client.end('c2');
    const after = gateway.upstream.requests[2] as never;
    expect(lastUserWords(after)).toBe('again');
    expect(JSON.stringify(wordsOf(after)).match(/System event/g)).toHaveLength(2);
  });

  it('tells a conversation that brings its own history, too', async () => {
    await using gateway = await openHooks();
    await gateway.send('/hooks/wake', { text: 'the tests fail', mode: 'next-heartbeat' });
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ];
    const answer = await fetch(`${gateway.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-openclaw-session-key': 'main' },
      body: JSON.stringify({ model: 'openclaw', messages }),
    });
    expect(answer.status).toBe(200);
    expect(lastUserWords(await gateway.upstream.request(0))).toContain('the tests fail');
  });

  it('refuses what it could not keep, and loses nothing of what it has accepted', async () => {
    await using gateway = await openHooks();
    const text = 'x'.repeat(200_000);
    const later = (mark: string) => gateway.send('/hooks/wake', { text: mark + text, mode: 'next-heartbeat' });
    expect((await later('a')).status).toBe(200);
    expect((await later('b')).status).toBe(200);
    const full = await later('c');
    expect(full.status).toBe(503);
    expect(full.headers.get('retry-after')).toBe('60');
    expect(full.body).toEqual({ ok: false, error: expect.stringContaining('too many events wait') });
    await gateway.send('/hooks/wake', { text: 'go' });
    const words = lastUserWords(await gateway.upstream.request(0));
    expect(['ax', 'bx', 'go', 'cx'].map((mark) => words.includes(mark))).toEqual([true, true, true, false]);
  });

  it('takes a session of the sender only where that is allowed', async () => {
    await using gateway = await openHooks({ allowRequestSessionKey: true, allowedSessionKeyPrefixes: ['hook:'] });
    const { body } = await gateway.send('/hooks/wake', { text: 'a', sessionKey: 'hook:door' });
    await using client = await openSocket(gateway.url);
    expect(await client.call('runs.events', { runId: body.runId })).toMatchObject({
      run: { sessionKey: 'agent:main:hook:door' },
    });
    expect((await gateway.send('/hooks/wake', { text: 'a', sessionKey: 'main' })).status).toBe(400);
    const later = { text: 'a', sessionKey: 'hook:door', mode: 'next-heartbeat' };
    expect((await gateway.send('/hooks/wake', later)).status).toBe(400);
  });

  it.each([[{}], [{ text: '' }], [{ text: 'a', mode: 'never' }], [{ text: 'a', agentId: 'x' }]])(
    'refuses %j',
    async (body) => {
      await using gateway = await openHooks();
      const answer = await gateway.send('/hooks/wake', body);
      expect(answer).toMatchObject({ status: 400, body: { ok: false, error: expect.any(String) } });
    },
  );
});
