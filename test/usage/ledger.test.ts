import { describe, expect, it } from 'vitest';
import { openAgentRooms } from '../agent/fixture.ts';
import { callTool, fail, hold, sayFor } from '../scripted-model.ts';

const prices = {
  'test/one': { cost: { input: 2, output: 10, cacheRead: 0.5, cacheWrite: 4 }, contextWindow: 100_000 },
};
const counts = { input: 100, output: 50, cacheRead: 200, cacheWrite: 10, reasoning: 20 };
/** 100 at 2, 50 at 10, 200 at 0.5, 10 at 4, for a million each. */
const cost = (200 + 500 + 100 + 40) / 1_000_000;

type Rooms = Awaited<ReturnType<typeof openAgentRooms>>;

async function run(rooms: Rooms, runId: string, more: object = {}): Promise<void> {
  await rooms.start({ runId, ...more });
  await rooms.runs.wait(runId, { timeoutMs: 10_000 });
}

describe('what a run takes', () => {
  it('is counted by agent and by session, with its cost', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [sayFor(counts, 'hello')] }, { facts: prices });
    await run(rooms, 'a');
    await run(rooms, 'b');
    const { totals, daily } = rooms.usage.cost({}, 'main');
    expect(totals).toMatchObject({ input: 200, output: 100, cacheRead: 400, cacheWrite: 20, totalTokens: 720 });
    expect(totals.totalCost).toBeCloseTo(2 * cost, 12);
    expect(totals).toMatchObject({ missingCostEntries: 0 });
    expect(daily).toEqual([{ date: new Date().toISOString().slice(0, 10), ...totals }]);
    const { sessions, aggregates } = rooms.usage.sessions({ groupBy: 'instance', limit: 10 });
    expect(sessions).toMatchObject([
      { key: 'agent:main:main', usage: { totalTokens: 720, messageCounts: { total: 4, user: 2, assistant: 2 } } },
    ]);
    expect(aggregates.byModel).toMatchObject([
      { provider: 'test', model: 'one', count: 2, totals: { totalTokens: 720 } },
    ]);
    expect(aggregates.latency?.count).toBe(2);
  });

  it('stands in the end that clients are told, in the transcript and in the row of the session', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [sayFor(counts, 'hello')] }, { facts: prices });
    await run(rooms, 'a');
    const usage = { ...counts, total: 360, totalTokens: 360, cost: { total: expect.closeTo(cost, 12) } };
    expect(rooms.told('chat').at(-1)).toMatchObject({ state: 'final', usage });
    expect(rooms.sessions.history('agent:main:main', { limit: 5, offset: 0 }).messages.at(-1)).toMatchObject({ usage });
    expect(rooms.store.find('a')).toMatchObject({ usage });
    expect(rooms.sessions.find('agent:main:main')).toMatchObject({
      inputTokens: 100,
      outputTokens: 50,
      totalTokens: 360,
      totalTokensFresh: true,
      estimatedCostUsd: expect.closeTo(cost, 12),
    });
  });

  it('is every call of it: those before tools and those of fallbacks', async () => {
    const scripts = {
      'test/one': [callTool('agents_list'), fail('down')],
      'test/two': [sayFor({ input: 7, output: 1 }, 'done')],
    };
    await using rooms = await openAgentRooms(scripts);
    await run(rooms, 'a');
    const { aggregates, sessions } = rooms.usage.sessions({ groupBy: 'instance', limit: 10 });
    expect(aggregates.byModel).toMatchObject([
      { model: 'one', count: 1, totals: { input: 3, output: 5 } },
      { model: 'two', count: 1, totals: { input: 7, output: 1 } },
    ]);
    expect(sessions[0]?.usage).toMatchObject({
      toolUsage: { totalCalls: 1, tools: [{ name: 'agents_list', count: 1 }] },
      messageCounts: { toolCalls: 1, toolResults: 1, errors: 0 },
    });
    expect(rooms.sessions.find('agent:main:main')).toMatchObject({ totalTokens: 8, inputTokens: 10 });
  });

  it('is marked where it has no price, and not taken for nothing', async () => {
    const scripts = { 'test/one': [sayFor(counts, 'hi')], 'test/two': [sayFor(counts, 'hi')] };
    await using rooms = await openAgentRooms(scripts, { facts: prices });
    await run(rooms, 'a');
    await run(rooms, 'b', { model: 'test/two' });
    const { totals } = rooms.usage.cost({}, 'main');
    expect(totals).toMatchObject({ totalTokens: 720, missingCostEntries: 1, missingCostByModel: { 'test/two': 1 } });
    expect(totals.totalCost).toBeCloseTo(cost, 12);
    expect(rooms.sessions.find('agent:main:main')).not.toHaveProperty('estimatedCostUsd');
    expect(rooms.told('chat').at(-1)).not.toHaveProperty('usage.cost');
  });

  it('has the price of today when it had none before', async () => {
    const facts: typeof prices = {} as never;
    await using rooms = await openAgentRooms({ 'test/one': [sayFor(counts, 'hi')] }, { facts });
    await run(rooms, 'a');
    expect(rooms.usage.cost({}, 'main').totals).toMatchObject({ totalCost: 0, missingCostEntries: 1 });
    Object.assign(facts, prices);
    const { totals } = rooms.usage.cost({}, 'main');
    expect(totals.missingCostEntries).toBe(0);
    expect(totals.totalCost).toBeCloseTo(cost, 12);
  });

  it('is missing its cost when the provider told no tokens', async () => {
    const talk = hold('half an', ' answer');
    await using rooms = await openAgentRooms({ 'test/one': [talk.script] }, { facts: prices });
    const { run: live } = await rooms.start({ runId: 'a' });
    await talk.begun;
    live?.abort('rpc');
    await live?.ended;
    expect(rooms.usage.cost({}, 'main').totals).toMatchObject({ totalTokens: 0, missingCostEntries: 1 });
    expect(rooms.usage.sessions({ groupBy: 'instance', limit: 1 }).aggregates.messages).toMatchObject({ errors: 1 });
  });

  it('is nothing when a provider refuses it', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [fail('down')] }, { facts: prices });
    await run(rooms, 'a');
    expect(rooms.usage.cost({}, 'main').totals).toMatchObject({ totalTokens: 0, missingCostEntries: 0 });
  });

  it('counts for the agent alone when nobody named the conversation', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [sayFor(counts, 'hi')] });
    await run(rooms, 'a', { sessionKey: 'agent:main:passing', transient: true });
    expect(rooms.usage.cost({}, undefined).totals.totalTokens).toBe(360);
    const { sessions, totals } = rooms.usage.sessions({ groupBy: 'instance', limit: 10 });
    expect(sessions).toEqual([]);
    expect(totals.totalTokens).toBe(360);
  });

  it('outlives its session, and joins the family of its key', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [sayFor(counts, 'hi')] });
    const key = 'agent:main:novel';
    await run(rooms, 'a', { sessionKey: key });
    rooms.sessions.delete(key);
    await run(rooms, 'b', { sessionKey: key });
    const instances = rooms.usage.sessions({ groupBy: 'instance', limit: 10 }).sessions;
    expect(instances.map((row) => row.usage.totalTokens)).toEqual([360, 360]);
    const ids = instances.map((row) => row.sessionId);
    const [now] = rooms.usage.sessions({ groupBy: 'family', limit: 10 }).sessions;
    expect(now).toMatchObject({
      scope: 'family',
      sessionFamilyKey: key,
      currentSessionId: rooms.sessions.find(key)?.sessionId,
      historicalInstanceCount: 2,
      usage: { totalTokens: 720 },
    });
    expect(now?.includedSessionIds?.toSorted()).toEqual(ids.toSorted());
    const alone = rooms.usage.sessions({ key, groupBy: 'instance', limit: 10 });
    expect(alone).toMatchObject({ totals: { totalTokens: 360 }, aggregates: { sessionCount: 1 } });
  });
});

describe('the days of what was taken', () => {
  /** Two calls on both sides of midnight in Vienna, when the clocks are put forward there. */
  async function withTwoCalls() {
    const rooms = await openAgentRooms({ 'test/one': [] });
    const spend = (sessionId: string, time: string, input: number) => {
      const at = Date.parse(time);
      rooms.database.write(() =>
        rooms.ledger.record({
          agentId: 'main',
          sessionKey: `agent:main:${sessionId}`,
          sessionId,
          transient: false,
          calls: [{ provider: 'test', model: 'one', usage: { input, output: 0, total: input }, at }],
          messages: { user: 1, assistant: 1, toolCalls: 0, toolResults: 0, errors: 0 },
          tools: new Map(),
          endedAt: at,
        }),
      );
    };
    spend('x', '2026-03-28T22:50:00Z', 1);
    spend('x', '2026-03-28T23:10:00Z', 10);
    spend('y', '2026-03-29T22:10:00Z', 100);
    return rooms;
  }
  const dates = { startDate: '2026-03-01', endDate: '2026-04-30' };

  it.each([
    [{}, { '2026-03-28': 11, '2026-03-29': 100 }],
    [
      { mode: 'specific', timeZone: 'Europe/Vienna' },
      { '2026-03-28': 1, '2026-03-29': 10, '2026-03-30': 100 },
    ],
    [
      { mode: 'specific', utcOffset: 'UTC+1' },
      { '2026-03-28': 1, '2026-03-29': 110 },
    ],
    [
      { mode: 'specific', utcOffset: 'UTC-11' },
      { '2026-03-28': 11, '2026-03-29': 100 },
    ],
  ] as const)('are those of the zone %j', async (zone, expected) => {
    await using rooms = await withTwoCalls();
    const { daily, totals } = rooms.usage.cost({ ...dates, ...zone }, 'main');
    expect(Object.fromEntries(daily.map((day) => [day.date, day.input]))).toEqual(expected);
    expect(totals.input).toBe(111);
    const { sessions, aggregates } = rooms.usage.sessions({ ...dates, ...zone, groupBy: 'instance', limit: 10 });
    const days = sessions.flatMap(({ usage }) => usage.dailyBreakdown);
    for (const [date, input] of Object.entries(expected))
      expect(days.filter((day) => day.date === date).reduce((sum, day) => sum + day.input, 0)).toBe(input);
    expect(Object.fromEntries(aggregates.daily.map((day) => [day.date, day.tokens]))).toEqual(expected);
  });

  it('leave out what lies outside, sessions too', async () => {
    await using rooms = await withTwoCalls();
    const one = { startDate: '2026-03-29', endDate: '2026-03-29' };
    const { sessions, totals } = rooms.usage.sessions({ ...one, groupBy: 'instance', limit: 10 });
    expect(sessions.map((row) => row.sessionId)).toEqual(['y']);
    expect(totals.input).toBe(100);
    expect(rooms.usage.cost({ startDate: '2025-01-01', endDate: '2025-12-31' }, 'main')).toMatchObject({
      daily: [],
      days: 365,
    });
  });

  it('go into quarters of an hour for one conversation', async () => {
    await using rooms = await withTwoCalls();
    const { sessions } = rooms.usage.sessions({ ...dates, key: 'agent:main:x', groupBy: 'instance', limit: 10 });
    expect(sessions[0]?.usage.utcQuarterHourTokenUsage).toMatchObject([
      { date: '2026-03-28', quarterIndex: 91, input: 1 },
      { date: '2026-03-28', quarterIndex: 92, input: 10 },
    ]);
  });

  it('lists the newest first, and as many as were asked for, with sums over all', async () => {
    await using rooms = await withTwoCalls();
    const { sessions, aggregates } = rooms.usage.sessions({ ...dates, groupBy: 'family', limit: 1 });
    expect(sessions.map((row) => row.key)).toEqual(['agent:main:y']);
    expect(aggregates).toMatchObject({ sessionCount: 2, daily: [{ tokens: 11 }, { tokens: 100 }] });
  });

  it('cost a bounded number of rows, however many calls there were', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [] });
    const at = Date.parse('2026-03-28T10:00:00Z');
    const usage = { input: 1, output: 1, total: 2 };
    rooms.database.write(() => {
      for (let n = 0; n < 2000; n++)
        rooms.ledger.record({
          agentId: 'main',
          sessionKey: 'agent:main:busy',
          sessionId: 'busy',
          transient: false,
          calls: [{ provider: 'test', model: 'one', usage, at: at + n }],
          messages: { user: 1, assistant: 1, toolCalls: 0, toolResults: 0, errors: 0 },
          tools: new Map([['t', 1]]),
          latencyMs: 100,
          endedAt: at + n,
        });
    });
    for (const table of ['usage_tokens', 'usage_activity', 'usage_tools', 'usage_latency'])
      expect(rooms.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 3 });
    expect(rooms.usage.cost(dates, 'main').totals.totalTokens).toBe(4000);
  });

  it('forget single conversations after two years, and not what they cost', async () => {
    await using rooms = await withTwoCalls();
    rooms.database.prepare(`UPDATE usage_sessions SET last_at = 1 WHERE session_id = 'x'`).run();
    expect(rooms.ledger.prune()).toBe(1);
    expect(rooms.usage.sessions({ ...dates, groupBy: 'instance', limit: 10 }).sessions).toHaveLength(1);
    expect(rooms.usage.cost(dates, 'main').totals.input).toBe(111);
  });
});
