import { describe, expect, it } from 'vitest';
import { controlPlane } from '../../sdk/protocol/method.ts';
import { createCallBudget } from '../../server/methods/call-budget.ts';
import { startTestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';

const one = { method: 'config.patch', address: '10.0.0.1' };

describe('the budget of calls', () => {
  it('has 30 calls in 60 s for each method, device and address', () => {
    let now = 1000;
    const budget = createCallBudget(() => now);
    for (let call = 0; call < 30; call++) budget.spend(one, controlPlane);
    now += 25_000;
    expect(() => budget.spend(one, controlPlane)).toThrow(
      expect.objectContaining({
        code: 'UNAVAILABLE',
        message: 'rate limit exceeded for config.patch; retry after 35s',
        retryable: true,
        retryAfterMs: 35_000,
        details: { method: 'config.patch', limit: '30 per 60s' },
      }),
    );
    budget.spend({ ...one, method: 'config.apply' }, controlPlane);
    budget.spend({ ...one, deviceId: 'd' }, controlPlane);
    budget.spend({ ...one, address: '10.0.0.2' }, controlPlane);
    now += 35_000;
    budget.spend(one, controlPlane);
  });

  it('remembers a bounded number of callers', () => {
    const budget = createCallBudget(() => 0);
    const limit = { calls: 1, windowMs: 1000 };
    budget.spend(one, limit);
    for (let caller = 0; caller < 10_000; caller++) budget.spend({ ...one, address: `a${caller}` }, limit);
    // The first is forgotten, so it may call again; the last is not.
    budget.spend(one, limit);
    expect(() => budget.spend({ ...one, address: 'a9999' }, limit)).toThrow();
  });

  it('is one for sockets and HTTP, and is spent after the scope and before the parameters are looked at', async () => {
    await using gateway = await startTestGateway();
    await using reader = await openSocket(gateway.url, { scopes: ['operator.read'] });
    await using admin = await openSocket(gateway.url);
    expect((await reader.refused('gateway.restart.request')).code).toBe('FORBIDDEN');
    for (let call = 0; call < 29; call++) {
      const { code } = await admin.refused('gateway.restart.request', { delayMs: 'soon' });
      expect(code).toBe('INVALID_REQUEST');
    }
    expect((await admin.refused('gateway.restart.request')).details).toMatchObject({ reason: 'no-keeper' });
    const spent = await admin.refused('gateway.restart.request');
    expect(spent).toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      details: { method: 'gateway.restart.request', limit: '30 per 60s' },
    });
    expect(spent.retryAfterMs).toBeGreaterThan(0);
    const overHttp = await fetch(`${gateway.http}/rpc/gateway.restart.request`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(overHttp.status).toBe(429);
    expect(await overHttp.json()).toMatchObject({
      error: { data: { gateway: { code: 'UNAVAILABLE', details: { limit: '30 per 60s' } } } },
    });
    // Another method has calls of its own.
    expect(await admin.call('gateway.restart.preflight')).toMatchObject({ safe: true });
  });
});
