import { describe, expect, it } from 'vitest';
import { toText } from '../../sdk/protocol/text.ts';
import { callTool, fail, hold, say, usage } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

describe('a run', () => {
  it('answers, records the conversation and tells everybody in order', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('Hel', 'lo ', 'there')] });
    const { run, row, replayed } = await rooms.start({ runId: 'r1', text: 'hi' });
    expect(replayed).toBe(false);
    expect(row.status).toBe('queued');
    const end = await run?.ended;
    expect(end).toMatchObject({
      status: 'ok',
      text: 'Hello there',
      finish: 'stop',
      usage,
      provider: 'test',
      model: 'one',
    });

    const { messages } = rooms.sessions.history('agent:main:main', { limit: 10, offset: 0 });
    expect(messages.map((message) => [message.role, toText(message)])).toEqual([
      ['user', 'hi'],
      ['assistant', 'Hello there'],
    ]);
    expect(messages[0]?.idempotencyKey).toBe('r1:user');
    expect(messages[1]).toMatchObject({
      usage,
      stopReason: 'stop',
      provider: 'test',
      __openclaw: { seq: 2, runId: 'r1' },
    });

    const chat = rooms.told('chat');
    expect(chat.map((event) => event.state)).toEqual(['status', 'status', 'delta', 'delta', 'delta', 'final']);
    expect(chat.flatMap((event) => (event.state === 'delta' ? [event.deltaText] : []))).toEqual([
      'Hel',
      'lo ',
      'there',
    ]);
    const agent = rooms.told('agent');
    expect(agent.map((event) => event.seq)).toEqual(agent.map((_, index) => index + 1));
    expect(agent.map((event) => event.data.phase ?? event.stream)).toEqual([
      'start',
      'preparing_context',
      'starting_model',
      'model',
      'assistant',
      'assistant',
      'assistant',
      'usage',
      'finishing',
      'end',
    ]);
    expect(agent[6]?.data).toMatchObject({ delta: 'there', text: 'Hello there' });
    expect(chat.at(-1)?.seq).toBe(agent.at(-1)?.seq);
    expect(rooms.runs.events('r1', 0, 100).events).toEqual(agent);
    expect(rooms.runs.events('r1', 4, 100).events).toEqual(agent.slice(4));
    expect(rooms.runs.events('r1', 2, 3)).toEqual({ events: agent.slice(2, 5), hasMore: true });
  });

  it('starts once for one id, however often and wherever it is asked for', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('once')] });
    const [first, again] = await Promise.all([rooms.start({ runId: 'r1' }), rooms.start({ runId: 'r1' })]);
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    await first.run?.ended;
    const later = await rooms.start({ runId: 'r1', sessionKey: 'agent:main:elsewhere' });
    expect(later).toMatchObject({
      replayed: true,
      run: undefined,
      row: { status: 'ok', text: 'once', sessionKey: 'agent:main:main' },
    });
    expect(rooms.models.requests).toHaveLength(1);
    expect(rooms.sessions.find('agent:main:elsewhere')).toBeUndefined();
  });

  it('works one at a time in a session, in order, and side by side in two', async () => {
    const first = hold('a', 'b');
    await using rooms = await openAgentRooms({ 'test/one': [first.script, say('second'), say('third')] });
    const one = await rooms.start({ runId: 'r1', text: 'one' });
    await first.begun;
    const two = await rooms.start({ runId: 'r2', text: 'two' });
    const other = await rooms.start({ runId: 'r3', sessionKey: 'agent:main:other', text: 'three' });
    expect((await other.run?.ended)?.text).toBe('second');
    expect(rooms.runs.counts()).toEqual({ active: 1, queued: 1 });
    expect(rooms.runs.liveIn('agent:main:main').map((run) => run.id)).toEqual(['r1', 'r2']);
    first.release();
    expect((await one.run?.ended)?.text).toBe('ab');
    expect((await two.run?.ended)?.text).toBe('third');
    // The model reads each reply behind the message it answers, though the second message came before the first reply.
    expect(rooms.models.requests[2]?.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
  });

  it('never works on more runs than it may', async () => {
    const held = [hold('1', ''), hold('2', ''), hold('3', '')];
    await using rooms = await openAgentRooms({ 'test/one': held.map((one) => one.script) }, { maxConcurrent: 2 });
    const runs = [];
    for (const name of ['a', 'b', 'c']) runs.push(await rooms.start({ runId: name, sessionKey: `agent:main:${name}` }));
    await Promise.all([held[0]?.begun, held[1]?.begun]);
    expect(rooms.runs.counts()).toEqual({ active: 2, queued: 1 });
    for (const one of held) one.release();
    for (const { run } of runs) expect((await run?.ended)?.status).toBe('ok');
  });

  it('keeps what it said when it is aborted, also when it has not begun', async () => {
    const first = hold('so far', ' never');
    await using rooms = await openAgentRooms({ 'test/one': [first.script] });
    const one = await rooms.start({ runId: 'r1' });
    const two = await rooms.start({ runId: 'r2' });
    await first.begun;
    two.run?.abort('rpc');
    expect(await two.run?.ended).toMatchObject({ status: 'aborted', text: '', stopReason: 'rpc' });
    one.run?.abort('rpc');
    expect(await one.run?.ended).toMatchObject({ status: 'aborted', text: 'so far', stopReason: 'rpc' });
    const { messages } = rooms.sessions.history('agent:main:main', { limit: 10, offset: 0 });
    expect(messages.at(-1)).toMatchObject({
      role: 'assistant',
      stopReason: 'aborted',
      content: [{ type: 'text', text: 'so far' }],
    });
    expect(
      rooms
        .told('chat')
        .filter((event) => event.state === 'aborted')
        .map((event) => event.runId),
    ).toEqual(['r2', 'r1']);
    expect(await rooms.runs.wait('r1', { timeoutMs: 1000 })).toMatchObject({
      status: 'error',
      error: 'aborted',
      stopReason: 'rpc',
    });
    expect(rooms.sessions.find('agent:main:main')?.status).toBe('killed');
  });

  it('ends when its time is over', async () => {
    const first = hold('slow', '');
    await using rooms = await openAgentRooms({ 'test/one': [first.script] });
    const { run } = await rooms.start({ runId: 'r1', timeoutMs: 20 });
    expect(await run?.ended).toMatchObject({ status: 'timeout', text: 'slow', stopReason: 'timeout' });
    expect(rooms.told('chat').at(-1)).toMatchObject({ state: 'error' });
  });

  it('runs tools and gives the model their results', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [callTool('agents_list'), say('one agent')] });
    const { run } = await rooms.start({ runId: 'r1', connection: 'c1' });
    expect((await run?.ended)?.text).toBe('one agent');
    expect(rooms.models.requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      toolName: 'agents_list',
      isError: false,
    });
    expect(rooms.published.filter(({ audience }) => audience).map(({ audience }) => audience)).toContainEqual({
      connection: 'c1',
      capability: 'tool-events',
    });
    const { messages } = rooms.sessions.history('agent:main:main', { limit: 10, offset: 0 });
    expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'toolResult', 'assistant']);
  });

  it('tells the model about a tool that does not exist, or is called wrongly', async () => {
    await using rooms = await openAgentRooms({
      'test/one': [callTool('nope'), callTool('sessions_list', { limit: 'many' }), say('sorry')],
    });
    const { run } = await rooms.start({ runId: 'r1' });
    expect((await run?.ended)?.status).toBe('ok');
    const results = rooms.models.requests[2]?.messages.filter((message) => message.role === 'tool') ?? [];
    expect(results.map((result) => result.isError)).toEqual([true, true]);
    expect(results[0]?.output).toContain('the tool "nope" does not exist');
    expect(results[1]?.output).toContain('limit');
  });

  it("ends at a call of the caller's own tool", async () => {
    await using rooms = await openAgentRooms({ 'test/one': [callTool('look_up', { q: 'x' })] });
    const clientTools = [{ name: 'look_up', description: 'looks up', parameters: { type: 'object' } }];
    const { run } = await rooms.start({ runId: 'r1', clientTools });
    const steps: string[] = [];
    run?.watch((step) => void steps.push(step.type));
    expect(await run?.ended).toMatchObject({ status: 'ok', finish: 'toolCalls' });
    expect(steps).toContain('clientToolCall');
  });

  it('tries the fallbacks before the first word, never after', async () => {
    const dies: ReturnType<typeof say> = function* () {
      yield { type: 'text', delta: 'begun' };
      yield* fail('gone')(undefined as never, undefined as never) as Iterable<never>;
    };
    await using rooms = await openAgentRooms({ 'test/one': [fail('down'), dies], 'test/two': [say('from two')] });
    expect(await (await rooms.start({ runId: 'r1' })).run?.ended).toMatchObject({
      status: 'ok',
      text: 'from two',
      model: 'two',
    });
    expect(rooms.told('agent').find((event) => event.data.phase === 'fallback_step')?.data).toMatchObject({
      from: 'test/one',
      to: 'test/two',
      reason: 'unavailable',
    });
    const end = await (await rooms.start({ runId: 'r2' })).run?.ended;
    expect(end).toMatchObject({ status: 'error', text: 'begun', failure: { message: 'gone', httpStatus: 503 } });
    expect(rooms.told('chat').at(-1)).toMatchObject({
      state: 'error',
      errorMessage: 'gone',
      errorDetail: { httpStatus: 503 },
    });
  });

  it('waits out the time for a run that nobody knows', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('x')] });
    expect(await rooms.runs.wait('unknown', { timeoutMs: 20 })).toEqual({ runId: 'unknown', status: 'timeout' });
  });

  it('takes no more when the gateway stops, and marks what it cut off', async () => {
    const first = hold('half', '');
    await using rooms = await openAgentRooms({ 'test/one': [first.script] });
    const { run } = await rooms.start({ runId: 'r1' });
    await first.begun;
    const drained = rooms.runs.drain(10);
    await expect(rooms.start({ runId: 'r2' })).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await drained;
    expect(await run?.ended).toMatchObject({ status: 'interrupted', stopReason: 'shutdown', text: 'half' });
  });
});
