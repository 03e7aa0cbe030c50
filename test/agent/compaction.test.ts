import { describe, expect, it } from 'vitest';
import { toText } from '../../sdk/protocol/text.ts';
import type { ModelRequest } from '../../server/models/provider.ts';
import { callTool, fail, hold, type Script, say, sayFor } from '../scripted-model.ts';
import { isSummary, key, type Rooms, rowsOf, run, talk, textOf, withThree } from './compacting.ts';
import { openAgentRooms } from './fixture.ts';

describe('a compaction by wish', () => {
  it('puts the older part into a summary that the model reads, and keeps every row for people', async () => {
    await using rooms = await withThree();
    const before = rowsOf(rooms);
    const outcome = await rooms.compaction.compact({ key, agent: rooms.agent, instructions: 'the names' });
    const firstKept = before.find((row) => toText(row) === 'third');
    expect(outcome).toEqual({
      compacted: true,
      result: {
        summary: 'a summary',
        firstKeptEntryId: firstKept?.__openclaw.id,
        tokensBefore: 8,
        tokensAfter: expect.any(Number),
        details: { provider: 'test', model: 'one', summarizedMessages: 4, keptMessages: 2 },
      },
    });
    const [asked] = rooms.models.requests;
    expect(textOf(asked as ModelRequest)).toMatch(/Person: first.*Agent: reply 1.*Person: second.*reply 2.*the names/);
    expect(textOf(asked as ModelRequest)).not.toContain('third');
    expect(rowsOf(rooms).map((row) => row.__openclaw.kind ?? toText(row))).toEqual([
      ...['first', 'reply 1', 'second', 'reply 2', 'third', 'reply 3'],
      'compaction',
    ]);
    await run(rooms, 'fourth');
    const read = textOf(rooms.models.requests[1] as ModelRequest);
    expect(read).toMatch(/a summary.*third.*reply 3.*fourth/);
    expect(read).not.toMatch(/first|second|put into a summary/);
    expect(rooms.models.requests[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it('tells those who follow sessions, counts, and charges what it took', async () => {
    await using rooms = await withThree();
    const outcome = await rooms.compaction.compact({ key, agent: rooms.agent });
    const [start, end] = rooms.told('session.operation');
    expect(start).toMatchObject({ operation: 'compact', phase: 'start', sessionKey: key, agentId: 'main' });
    expect(end).toMatchObject({ operationId: start?.operationId, phase: 'end', completed: true });
    expect(rooms.published.find(({ event }) => event === 'session.operation')?.audience).toEqual({
      subscribedTo: 'sessions',
    });
    expect(rooms.told('sessions.changed').at(-1)).toMatchObject({ reason: 'compact', compactionCount: 1 });
    expect(rooms.sessions.find(key)).toMatchObject({
      compactionCount: 1,
      totalTokensFresh: false,
      totalTokens: outcome.compacted ? outcome.result.tokensAfter : -1,
    });
    expect(rooms.usage.cost({}, 'main').totals).toMatchObject({ input: 9 + 30, output: 15 + 3 });
  });

  it('carries an earlier summary over into the next one, and a reset forgets both', async () => {
    await using rooms = await withThree();
    await rooms.compaction.compact({ key, agent: rooms.agent });
    await run(rooms, 'fourth');
    await rooms.compaction.compact({ key, agent: rooms.agent });
    const asked = textOf(rooms.models.requests.filter(isSummary)[1] as ModelRequest);
    expect(asked).toMatch(/earlier_summary>.*a summary.*Person: third/);
    expect(asked).not.toContain('first');
    expect(rooms.sessions.find(key)).toMatchObject({ compactionCount: 2 });
    rooms.sessions.reset(key, 'reset');
    expect(rooms.sessions.compacted(key)).toBeUndefined();
    await run(rooms, 'anew');
    expect(textOf(rooms.models.requests.at(-1) as ModelRequest)).not.toContain('a summary');
  });

  it('makes clients read the history anew whose cursor is older', async () => {
    await using rooms = await withThree();
    const cursor = rooms.sessions.cursor(key);
    await rooms.compaction.compact({ key, agent: rooms.agent });
    expect(rooms.sessions.historyAfter(key, cursor)).toBeUndefined();
    expect(rooms.sessions.historyAfter(key, rooms.sessions.cursor(key))).toEqual([]);
  });

  it('has nothing to do where there is one message', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [talk()] });
    await run(rooms, 'first');
    expect(await rooms.compaction.compact({ key, agent: rooms.agent })).toEqual({
      compacted: false,
      isFailure: false,
      reason: expect.stringContaining('nothing to compact'),
    });
    expect(rooms.told('session.operation')).toEqual([]);
  });

  it('keeps calls of tools beside their results', async () => {
    let turn = 0;
    const script: Script = (request, signal) => {
      if (isSummary(request)) return say('a summary')(request, signal);
      return (++turn % 2 === 1 ? callTool('agents_list', {}, `c${turn}`) : say('done'))(request, signal);
    };
    await using rooms = await openAgentRooms({ 'test/one': [script] });
    await run(rooms, 'first');
    await run(rooms, 'second');
    await rooms.compaction.compact({ key, agent: rooms.agent });
    await run(rooms, 'third');
    const last = rooms.models.requests.findLast((request) => !isSummary(request));
    const calls = last?.messages.flatMap((message) => (message.role === 'tool' ? [message.toolCallId] : []));
    expect(calls).toEqual(['c3', 'c5']);
  });

  it('goes piece by piece where the conversation is larger than the window', async () => {
    const facts = { 'test/one': { contextWindow: 400 } };
    const config = { agents: { defaults: { compaction: { enabled: false } } } };
    await using rooms = await openAgentRooms({ 'test/one': [talk()] }, { facts, config });
    for (const n of [1, 2, 3, 4]) await run(rooms, `${n} ${'word '.repeat(120)}`);
    rooms.models.requests.length = 0;
    await rooms.compaction.compact({ key, agent: rooms.agent });
    const asked = rooms.models.requests.map(textOf);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.slice(1).every((text) => text.includes('a summary'))).toBe(true);
  });

  it('asks the model that the configuration names for it', async () => {
    const config = {
      agents: {
        defaults: { compaction: { model: 'test/two', thinkingLevel: 'high', identifierPolicy: 'off' as const } },
      },
    };
    await using rooms = await withThree(talk(), { config });
    const outcome = await rooms.compaction.compact({ key, agent: rooms.agent });
    expect(outcome).toMatchObject({ result: { details: { model: 'two' } } });
    expect(rooms.models.requests[0]).toMatchObject({ thinking: 'high' });
    expect(rooms.models.requests[0]?.system).not.toContain('letter for letter');
  });
});

describe('a compaction that fails', () => {
  /** Everything that it must not touch. */
  const stateOf = (rooms: Rooms) => {
    const { updatedAt: _, ...session } = rooms.sessions.find(key) ?? { updatedAt: 0 };
    return { rows: rowsOf(rooms), session, past: rooms.sessions.compacted(key) };
  };

  it('leaves everything as it was, says why, and tries the fallbacks first', async () => {
    await using rooms = await withThree(talk(fail('the model is down')));
    const before = stateOf(rooms);
    expect(await rooms.compaction.compact({ key, agent: rooms.agent })).toEqual({
      compacted: false,
      isFailure: true,
      reason: 'the model is down',
    });
    expect(stateOf(rooms)).toEqual(before);
    expect(rooms.models.requests).toHaveLength(2);
    expect(rooms.told('session.operation').at(-1)).toMatchObject({ completed: false, reason: 'the model is down' });
  });

  it('counts an empty answer as a failure, and what it took all the same', async () => {
    await using rooms = await withThree(talk(sayFor({ input: 30, output: 0 })));
    const before = rooms.usage.cost({}, 'main').totals.input;
    expect(await rooms.compaction.compact({ key, agent: rooms.agent })).toMatchObject({
      reason: expect.stringContaining('empty summary'),
    });
    expect(rooms.usage.cost({}, 'main').totals.input).toBe(before + 60);
  });

  it('ends at a word, at a signal, and with the gateway', async () => {
    for (const end of ['abort', 'signal', 'close'] as const) {
      const gate = hold('half a', ' summary');
      await using rooms = await withThree(talk(gate.script));
      const before = stateOf(rooms);
      const abortion = new AbortController();
      const outcome = rooms.compaction.compact({ key, agent: rooms.agent, signal: abortion.signal });
      await gate.begun;
      if (end === 'abort') expect(rooms.compaction.abort(key)).toBe(true);
      if (end === 'signal') abortion.abort();
      if (end === 'close') await rooms.compaction.close();
      expect(await outcome).toMatchObject({ compacted: false, isFailure: true });
      expect(stateOf(rooms)).toEqual(before);
      expect(rooms.compaction.abort(key)).toBe(false);
    }
  });

  it('takes no longer than the configuration allows', async () => {
    const gate = hold('half a', ' summary');
    const config = { agents: { defaults: { compaction: { timeoutSeconds: 0.01 } } } };
    await using rooms = await withThree(talk(gate.script), { config });
    expect(await rooms.compaction.compact({ key, agent: rooms.agent })).toMatchObject({
      reason: expect.stringContaining('timeoutSeconds'),
    });
  });

  it.each([99_999_999, 0, -1])(
    'takes the time it needs when the configuration says %d seconds',
    async (timeoutSeconds) => {
      const config = { agents: { defaults: { compaction: { timeoutSeconds } } } };
      await using rooms = await withThree(talk(say('in short')), { config });
      expect(await rooms.compaction.compact({ key, agent: rooms.agent })).toMatchObject({ compacted: true });
    },
  );

  it('finds the session reset meanwhile', async () => {
    const gate = hold('half a', ' summary');
    await using rooms = await withThree(talk(gate.script));
    const outcome = rooms.compaction.compact({ key, agent: rooms.agent });
    await gate.begun;
    rooms.sessions.reset(key, 'reset');
    gate.release();
    await expect(outcome).rejects.toMatchObject({ details: { reason: 'session-changed' } });
    expect(rooms.sessions.compacted(key)).toBeUndefined();
  });

  it('is refused while a run works, while another works, and for a session that is not there', async () => {
    const gate = hold('half a', ' reply');
    await using rooms = await openAgentRooms({ 'test/one': [talk(), gate.script] });
    const { run: live } = await rooms.start({ runId: 'a' });
    const busy = { code: 'INVALID_REQUEST', details: { code: 'SESSION_BUSY' } };
    await expect(rooms.compaction.compact({ key, agent: rooms.agent })).rejects.toMatchObject(busy);
    await expect(rooms.compaction.truncate(key, 1)).rejects.toMatchObject(busy);
    await live?.ended;
    await expect(rooms.compaction.compact({ key: 'agent:main:none', agent: rooms.agent })).rejects.toMatchObject({
      details: { code: 'SESSION_NOT_FOUND' },
    });
  });
});

describe('what is cut off', () => {
  it('is gone for people and models, from history, search and counts', async () => {
    await using rooms = await withThree();
    const cursor = rooms.sessions.cursor(key);
    expect(await rooms.compaction.truncate(key, 2)).toEqual({ isCut: true, kept: 2 });
    expect(rowsOf(rooms).map(toText)).toEqual(['third', 'reply 3']);
    expect(rooms.sessions.history(key, { limit: 1, offset: 0 }).total).toBe(2);
    expect(rooms.sessions.page(key, { limit: 1, offset: 0, maxChars: 100 })).toMatchObject({ total: 2, nextOffset: 1 });
    expect(rooms.sessions.page(key, { limit: 9, offset: 0, maxChars: 100 }).nextOffset).toBeUndefined();
    expect(rooms.sessions.find(key)).toMatchObject({ messageCount: 2 });
    expect(rooms.sessions.historyAfter(key, cursor)).toEqual([]);
    expect((await rooms.sessions.search({ query: 'second', limit: 5 })).results).toEqual([]);
    expect((await rooms.sessions.search({ query: 'third', limit: 5 })).results).toHaveLength(1);
    expect(rooms.database.prepare('SELECT count(*) AS n FROM messages').get()).toEqual({ n: 2 });
    await run(rooms, 'fourth');
    expect(textOf(rooms.models.requests[0] as ModelRequest)).not.toMatch(/first|second/);
    expect(await rooms.compaction.truncate(key, 9)).toEqual({ isCut: false, kept: 4 });
  });

  it('takes an older summary with it', async () => {
    await using rooms = await withThree();
    await rooms.compaction.compact({ key, agent: rooms.agent });
    await rooms.compaction.truncate(key, 2);
    expect(rooms.sessions.compacted(key)).toBeUndefined();
  });
});

describe('a fork', () => {
  it('of a compacted conversation reads the summary as well', async () => {
    await using rooms = await withThree();
    await rooms.compaction.compact({ key, agent: rooms.agent });
    await run(rooms, 'fourth');
    const fork = 'agent:main:fork';
    rooms.sessions.ensure(fork, { forkOf: key } as never);
    await run(rooms, 'elsewhere', { sessionKey: fork });
    const read = textOf(rooms.models.requests.at(-1) as ModelRequest);
    expect(read).toMatch(/a summary.*third.*fourth.*elsewhere/);
    expect(read).not.toContain('second');
  });
});
