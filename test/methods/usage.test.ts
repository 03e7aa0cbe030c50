import { describe, expect, it } from 'vitest';
import type { ProviderLimits } from '../../sdk/protocol/provider-limits.ts';
import type { SessionsUsage } from '../../sdk/protocol/usage-report.ts';
import type { CostSummary } from '../../sdk/protocol/usage-sums.ts';
import { openRoom } from '../room.ts';
import { chunk, openStream, type Respond } from '../upstream.ts';

type Limits = { providers: ProviderLimits[] };

/** Answers with these counts, and says what is left of the limits. */
const counting =
  (headers: Record<string, string> = {}): Respond =>
  (_request, res) => {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    const send = openStream(res);
    send(chunk({ content: 'Hello' }));
    send(chunk({}, { finish_reason: 'stop' }));
    const usage = { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 600 } };
    send({ ...chunk({}), choices: [], usage });
    send('[DONE]');
    res.end();
  };

const config = {
  agents: { defaults: { model: 'up/one' }, entries: { main: { default: true }, writer: {} } },
  models: {
    providers: {
      up: { api: 'openai-completions', models: [{ id: 'one', cost: { input: 1, output: 10, cacheRead: 0.1 } }] },
    },
  },
};

async function start(headers: Record<string, string> = {}) {
  const room = await openRoom({ config });
  const { client, gateway } = room;
  gateway.upstream.answer(counting(headers));
  const ask = async (sessionKey: string, runId: string) => {
    await client.call('chat.send', { sessionKey, message: 'hi', idempotencyKey: runId });
    await client.call('agent.wait', { runId });
  };
  return { ...room, ask };
}

describe('usage.cost', () => {
  it('is that of the default agent, of one agent, or of all', async () => {
    await using house = await start();
    await house.ask('main', 'a');
    await house.ask('agent:writer:novel', 'b');
    await house.ask('agent:writer:novel', 'c');
    const tokens = async (params: object) =>
      (await house.client.call<CostSummary>('usage.cost', params)).totals.totalTokens;
    expect(await tokens({})).toBe(1100);
    expect(await tokens({ agentId: 'writer' })).toBe(2200);
    expect(await tokens({ agentScope: 'all' })).toBe(3300);
    const { totals, cacheStatus, days } = await house.client.call<CostSummary>('usage.cost', { days: 7 });
    expect(totals).toMatchObject({ input: 400, cacheRead: 600, output: 100, missingCostEntries: 0 });
    expect(totals.totalCost).toBeCloseTo(400e-6 + 600e-7 + 1000e-6, 12);
    expect({ days, status: cacheStatus.status }).toEqual({ days: 7, status: 'fresh' });
  });

  it.each([
    [{ agentId: 'main', agentScope: 'all' }, /agentScope all cannot be combined with agentId/],
    [{ agentId: 'nobody' }, /unknown agent "nobody"/],
    [{ startDate: '2026-01-01' }, /startDate and endDate together/],
    [{ mode: 'specific', timeZone: 'Nowhere' }, /no time zone "Nowhere"/],
  ])('refuses %j', async (params, message) => {
    await using house = await start();
    expect(await house.client.refused('usage.cost', params)).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(message),
    });
  });
});

describe('sessions.usage', () => {
  it('tells of one conversation, of an agent, and of all', async () => {
    await using house = await start();
    await house.ask('main', 'a');
    await house.ask('agent:writer:novel', 'b');
    const keys = async (params: object) => {
      const { sessions } = await house.client.call<SessionsUsage>('sessions.usage', params);
      return sessions.map((row) => row.key);
    };
    expect(await keys({})).toEqual(['agent:main:main']);
    expect(await keys({ agentScope: 'all' })).toEqual(['agent:writer:novel', 'agent:main:main']);
    expect(await keys({ key: 'agent:writer:novel' })).toEqual(['agent:writer:novel']);
    expect(await keys({ key: 'main', includeHistorical: true })).toEqual(['agent:main:main']);
    const answer = await house.client.call<SessionsUsage>('sessions.usage', {
      agentScope: 'all',
      includeContextWeight: true,
    });
    expect(answer).toMatchObject({
      totals: { totalTokens: 2200 },
      aggregates: {
        sessionCount: 2,
        byAgent: [{ totals: { totalTokens: 1100 } }, { totals: { totalTokens: 1100 } }],
        byProvider: [{ provider: 'up', count: 2 }],
        messages: { total: 4 },
      },
      sessions: [{ hasContextWeight: false, contextWeight: null, modelProvider: 'up', model: 'one' }, {}],
      creatorOptions: [{ key: '["unknown"]' }],
    });
  });

  it('refuses a key beside all agents, and days that there are not', async () => {
    await using house = await start();
    const refusal = (params: object) => house.client.refused('sessions.usage', params);
    expect(await refusal({ key: 'main', agentScope: 'all' })).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await refusal({ startDate: '2026-02-30', endDate: '2026-03-01' })).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect(await refusal({ utcOffset: '' })).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('usage.status', () => {
  it('is what the provider said in its newest answer, and nothing before', async () => {
    await using house = await start({
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': '75',
      'x-ratelimit-reset-requests': '1h0m30s',
      'anthropic-ratelimit-input-tokens-limit': '1000',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2000-01-01T00:00:00Z',
      'x-ratelimit-limit-tokens': 'many',
      'x-ratelimit-remaining-tokens': '1',
    });
    expect((await house.client.call<Limits>('usage.status')).providers).toEqual([]);
    const before = Date.now();
    await house.ask('main', 'a');
    const { providers } = await house.client.call<Limits>('usage.status');
    const [requests, input] = providers[0]?.windows ?? [];
    expect(providers).toEqual([{ provider: 'up', displayName: 'up', windows: [requests, input] }]);
    expect(requests).toMatchObject({ label: 'requests', usedPercent: 25 });
    expect(requests?.resetAt).toBeGreaterThanOrEqual(before + 3_630_000);
    // The window was over long ago, so it is whole again.
    expect(input).toEqual({ label: 'input tokens', usedPercent: 0, resetAt: Date.parse('2000-01-01') });
  });
});
