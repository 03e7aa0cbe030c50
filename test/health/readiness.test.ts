import { describe, expect, it } from 'vitest';
import { createReadiness } from '../../server/health/readiness.ts';
import { startTestGateway, token } from '../gateway.ts';
import { stall } from '../upstream.ts';

describe('readiness', () => {
  it('is red and says so while the gateway is told to stop and a run goes on; it lives all the same', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(stall('text/event-stream', []));
    const leaving = new AbortController();
    const answer = fetch(`${gateway.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hello' }] }),
      signal: leaving.signal,
    });
    await gateway.upstream.request(0);
    const closed = gateway.close();
    const ready = await fetch(`${gateway.http}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { ready: false, failing: ['draining'] }]);
    expect((await fetch(`${gateway.http}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${gateway.http}/startupz`)).json()).toEqual({ ok: false, status: 'draining' });
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await closed;
  });

  it('names the parts that are not ready, as they are at each look', () => {
    const readiness = createReadiness();
    let isUp = false;
    readiness.join('database', () => true);
    const leave = readiness.join('channel:one', () => isUp);
    expect(readiness.failing()).toEqual(['channel:one']);
    isUp = true;
    expect(readiness.failing()).toEqual([]);
    isUp = false;
    // A part that comes back takes its own place; the old one cannot take that out.
    readiness.join('channel:one', () => false);
    leave();
    expect(readiness.failing()).toEqual(['channel:one']);
  });

  it.each<[string, object, boolean]>([
    ['a model that nobody named', {}, true],
    ['a model that has what it needs', { model: 'up/one' }, true],
    ['a model of the provider that nobody listed', { model: 'up/another' }, true],
    ['a provider without its key', { model: 'openai/gpt-5' }, false],
    ['a provider that is none', { model: 'nowhere/model' }, false],
    ['a fallback that has what it needs', { model: { primary: 'openai/gpt-5', fallbacks: ['up/one'] } }, true],
    ['fallbacks that have not either', { model: { primary: 'openai/gpt-5', fallbacks: ['nowhere/model'] } }, false],
    ['the guide', { model: 'builtin/guide' }, true],
  ])('of the models with %s', async (_name, defaults, ready) => {
    await using gateway = await startTestGateway({ config: { agents: { defaults } as never } });
    await gateway.models();
    const answer = await fetch(`${gateway.http}/readyz`);
    const expected = ready ? { ready, failing: [] } : { ready, failing: ['models'] };
    expect([answer.status, await answer.json()]).toEqual([
      ready ? 200 : 503,
      { ...expected, uptimeMs: expect.any(Number) },
    ]);
    // Whoever cannot be told why is told whether, and the process lives in any case.
    const stranger = await fetch(`${gateway.http}/ready`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    expect(await stranger.json()).toEqual({ ready });
    const headers = { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${token}` };
    expect(await (await fetch(`${gateway.http}/ready`, { headers })).json()).toMatchObject(expected);
    expect((await fetch(`${gateway.http}/healthz`)).status).toBe(200);
  });
});
