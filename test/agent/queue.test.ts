import { describe, expect, it, vi } from 'vitest';
import type { QueueMode } from '../../sdk/protocol/queue.ts';
import { toText } from '../../sdk/protocol/text.ts';
import { createQueue } from '../../server/agent/queue.ts';
import type { QueueConfig } from '../../server/config/config.ts';
import type { ModelRequest } from '../../server/models/provider.ts';
import { callTool, hold, type Script, say, usage } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

const key = 'agent:main:main';
type Rooms = Awaited<ReturnType<typeof openAgentRooms>>;

const open = (scripts: Script[], queue: QueueConfig = { debounceMsByChannel: { webchat: 0 } }) =>
  openAgentRooms({ 'test/one': scripts }, { config: { messages: { queue } } });

const chat = (rooms: Rooms, runId: string, mode?: QueueMode) =>
  rooms.start({ runId, text: runId, queue: { mode, otherwise: 'steer' } });

const transcript = (rooms: Rooms) =>
  rooms.sessions.history(key, { limit: 100, offset: 0 }).messages.map((row) => `${row.role}: ${toText(row)}`.trimEnd());

/** What the model was asked in its n-th call: roles, and texts of the user. */
const asked = ({ messages = [] }: Partial<ModelRequest> = {}) =>
  messages.map((message) =>
    message.role === 'user'
      ? message.content.map((part) => (part.type === 'text' ? part.text : part.type)).join(' + ')
      : message.role,
  );

/** Calls tools once it is let go on. */
function holdThenCall(...ids: string[]) {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const script: Script = async function* () {
    begun.resolve();
    await gate.promise;
    for (const id of ids) yield { type: 'toolCall', id, name: 'agents_list', arguments: {} };
    yield { type: 'finish', reason: 'toolCalls', usage };
  };
  return { script, begun: begun.promise, release: gate.resolve };
}

describe('steer', () => {
  it('goes into the working run before the next call of the model, and is answered by it', async () => {
    const first = holdThenCall('c1');
    await using rooms = await open([first.script, say('both answered')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two');
    expect(rooms.runs.pending(key)).toMatchObject({
      total: 1,
      items: [{ id: 'two:user', runId: 'two', state: 'queued', message: { role: 'user', content: [{ text: 'two' }] } }],
    });
    first.release();
    const [end, joined] = await Promise.all([one.run?.ended, two.run?.ended]);
    expect(end).toMatchObject({ status: 'ok', text: 'both answered' });
    expect(joined).toMatchObject({ status: 'ok', text: 'both answered', answeredBy: 'one' });
    expect(asked(rooms.models.requests[1])).toEqual(['one', 'assistant', 'tool', 'two']);
    expect(rooms.models.requests).toHaveLength(2);
    expect(transcript(rooms)).toEqual([
      'user: one',
      'assistant:',
      expect.stringContaining('toolResult: Skipped'),
      'user: two',
      'assistant: both answered',
    ]);
    expect(rooms.runs.pending(key)).toEqual({ items: [], total: 0 });
    expect(rooms.runs.find('two')).toMatchObject({ status: 'ok', text: 'both answered', answeredBy: 'one' });
    expect(await rooms.runs.wait('two', { timeoutMs: 0 })).toMatchObject({
      status: 'ok',
      answeredBy: 'one',
      terminalReply: { disposition: 'visible', text: 'both answered' },
    });
    // The reply is told once; the message that was steered has an end of its own.
    const finals = rooms.told('chat').filter((event) => event.state === 'final');
    expect(finals.map(({ runId, message, answeredBy }) => [runId, Boolean(message), answeredBy])).toEqual([
      ['one', true, undefined],
      ['two', false, 'one'],
    ]);
    const events = rooms.runs.events('two', 0, 100).events;
    expect(events.map(({ data }) => data.phase)).toEqual(['start', 'finishing', 'end']);
    expect(events.at(-1)?.data).toMatchObject({ answeredBy: 'one' });
    // Tokens are counted once.
    expect(rooms.sessions.find(key)).toMatchObject({ inputTokens: 2 * usage.input, outputTokens: 2 * usage.output });
  });

  it('leaves out the tools that have not begun, with a result for each', async () => {
    const first = holdThenCall('c1', 'c2', 'c3');
    await using rooms = await open([first.script, say('done')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    await chat(rooms, 'two');
    first.release();
    await one.run?.ended;
    const results = rooms.models.requests[1]?.messages.filter((message) => message.role === 'tool') ?? [];
    expect(results.map(({ toolCallId, isError }) => [toolCallId, isError])).toEqual([
      ['c1', true],
      ['c2', true],
      ['c3', true],
    ]);
    expect(rooms.told('agent').filter((event) => event.stream === 'item')).toHaveLength(6);
  });

  it('becomes a run of its own when the run ends first', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('second')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two');
    first.release();
    expect((await one.run?.ended)?.text).toBe('ab');
    expect(await two.run?.ended).toMatchObject({ status: 'ok', text: 'second' });
    expect((await two.run?.ended)?.answeredBy).toBeUndefined();
    expect(transcript(rooms)).toEqual(['user: one', 'assistant: ab', 'user: two', 'assistant: second']);
  });

  it('does not happen to what asks for more than an answer, nor into a run whose caller says how', async () => {
    const first = holdThenCall('c1');
    await using rooms = await open([first.script, say('one'), say('two'), say('three')]);
    const one = await rooms.start({ runId: 'one', text: 'one', request: { sampling: {} } });
    await first.begun;
    const two = await chat(rooms, 'two');
    first.release();
    expect((await one.run?.ended)?.text).toBe('one');
    expect(await two.run?.ended).toMatchObject({ text: 'two' });
    const held = holdThenCall('c2');
    await using others = await open([held.script, say('four'), say('five')]);
    const four = await chat(others, 'four');
    await held.begun;
    const five = await others.start({ runId: 'five', thinking: 'high', queue: { otherwise: 'steer' } });
    held.release();
    expect((await four.run?.ended)?.text).toBe('four');
    expect((await five.run?.ended)?.text).toBe('five');
  });

  it('can be withdrawn while it waits, and the run goes on', async () => {
    const first = holdThenCall('c1');
    await using rooms = await open([first.script, say('alone'), say('later')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two');
    two.run?.abort('rpc');
    expect(await two.run?.ended).toMatchObject({ status: 'aborted', stopReason: 'rpc' });
    expect(rooms.runs.pending(key).items).toMatchObject([{ runId: 'two', state: 'cancelled' }]);
    first.release();
    expect((await one.run?.ended)?.text).toBe('alone');
    await (await chat(rooms, 'three')).run?.ended;
    expect(rooms.runs.pending(key).total).toBe(0);
    expect(transcript(rooms)).not.toContain('user: two');
  });
});

describe('followup', () => {
  it('waits for a run of its own, also when tools are called', async () => {
    const first = holdThenCall('c1');
    await using rooms = await open([first.script, say('first'), say('second')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two', 'followup');
    first.release();
    expect((await one.run?.ended)?.text).toBe('first');
    expect((await two.run?.ended)?.text).toBe('second');
    expect(asked(rooms.models.requests[1])).toEqual(['one', 'assistant', 'tool']);
  });
});

describe('collect', () => {
  it('answers what waits in one run, and ends every message once', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('all of them')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const rest = [];
    for (const name of ['two', 'three', 'four']) rest.push(await chat(rooms, name, 'collect'));
    first.release();
    await one.run?.ended;
    const ends = await Promise.all(rest.map(({ run }) => run?.ended));
    expect(ends.map((end) => [end?.text, end?.answeredBy])).toEqual([
      ['all of them', undefined],
      ['all of them', 'two'],
      ['all of them', 'two'],
    ]);
    expect(asked(rooms.models.requests[1])).toEqual(['one', 'assistant', 'two + three + four']);
    expect(rooms.models.requests).toHaveLength(2);
    expect(transcript(rooms)).toEqual([
      'user: one',
      'assistant: ab',
      'user: two',
      'user: three',
      'user: four',
      'assistant: all of them',
    ]);
    const terminal = rooms.told('chat').filter(({ state }) => ['final', 'aborted', 'error'].includes(state));
    expect(terminal.map(({ runId }) => runId).sort()).toEqual(['four', 'one', 'three', 'two']);
  });

  it('waits for a quiet moment first', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('both')], { debounceMsByChannel: { webchat: 60 } });
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two', 'collect');
    first.release();
    await one.run?.ended;
    // The line is free by now, and what comes in the meantime is taken along.
    const three = await chat(rooms, 'three', 'collect');
    expect((await two.run?.ended)?.text).toBe('both');
    expect((await three.run?.ended)?.answeredBy).toBe('two');
  });
});

describe('interrupt', () => {
  it('keeps the message of a run that it ends right before its turn', async () => {
    const first = hold('half', '');
    await using rooms = await open([first.script, say('later')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two', 'followup');
    // As an interrupt does to the run whose turn it is, and which has not begun yet.
    rooms.runs.live('two')?.abort('interrupt');
    expect(await two.run?.ended).toMatchObject({ status: 'aborted', stopReason: 'interrupt' });
    expect(rooms.runs.pending(key).total).toBe(0);
    expect(transcript(rooms)).toContain('user: two');
    rooms.runs.live('one')?.abort('rpc');
    await one.run?.ended;
  });

  it('ends the working run with its text, and is next, before what waits', async () => {
    const first = hold('half', '');
    await using rooms = await open([first.script, say('at once'), say('later')]);
    const one = await chat(rooms, 'one');
    await first.begun;
    const two = await chat(rooms, 'two', 'followup');
    const three = await chat(rooms, 'three', 'interrupt');
    expect(await one.run?.ended).toMatchObject({ status: 'aborted', stopReason: 'interrupt', text: 'half' });
    expect((await three.run?.ended)?.text).toBe('at once');
    expect((await two.run?.ended)?.text).toBe('later');
    expect(transcript(rooms)).toEqual([
      'user: one',
      'assistant: half',
      'user: three',
      'assistant: at once',
      'user: two',
      'assistant: later',
    ]);
  });

  it('starts at once when nothing works', async () => {
    await using rooms = await open([say('yes')]);
    expect((await (await chat(rooms, 'one', 'interrupt')).run?.ended)?.text).toBe('yes');
  });
});

describe('a full line', () => {
  const fill = async (rooms: Rooms, first: ReturnType<typeof hold>, names: string[]) => {
    const one = await chat(rooms, 'one');
    await first.begun;
    const rest = [];
    for (const name of names) rest.push(await chat(rooms, name, 'followup'));
    return [one, ...rest].map(({ run }) => run);
  };

  it('sets the oldest aside for the next run, which reads it in short', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('x')], { cap: 2, drop: 'summarize' });
    const long = `${'y'.repeat(1000)}`;
    const runs = await fill(rooms, first, [long, 'three', 'four']);
    first.release();
    const ends = await Promise.all(runs.map((run) => run?.ended));
    expect(ends.map((end) => [end?.status, end?.answeredBy])).toEqual([
      ['ok', undefined],
      ['ok', 'three'],
      ['ok', undefined],
      ['ok', undefined],
    ]);
    const [, , read] = asked(rooms.models.requests[1]);
    expect(read).toContain(`${'y'.repeat(200)}`);
    expect(read).toMatch(/three$/);
    expect(read?.length).toBeLessThan(500);
    // The conversation keeps it whole.
    expect(transcript(rooms)).toContain(`user: ${long}`);
  });

  it('gives what was set aside a run of its own when nothing else is left', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('x')], { cap: 1 });
    const [one, two, three] = await fill(rooms, first, ['two', 'three']);
    three?.abort('rpc');
    first.release();
    await one?.ended;
    expect(await two?.ended).toMatchObject({ status: 'ok', text: 'x' });
  });

  it('drops the oldest, whose run ends and says so', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('x')], { cap: 1, drop: 'old' });
    const [, two, three] = await fill(rooms, first, ['two', 'three']);
    expect(await two?.ended).toMatchObject({ status: 'aborted', stopReason: 'dropped' });
    expect(rooms.runs.find('two')?.error).toContain('too many messages waited');
    first.release();
    expect((await three?.ended)?.text).toBe('x');
  });

  it('refuses the newest', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('x')], { cap: 1, drop: 'new' });
    await fill(rooms, first, ['two']);
    await expect(chat(rooms, 'three', 'followup')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      details: { code: 'QUEUE_FULL' },
    });
    expect(rooms.runs.find('three')).toBeUndefined();
  });

  it('holds no more than a fixed number, whatever the settings say', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('x')], { cap: 1000 });
    await fill(
      rooms,
      first,
      Array.from({ length: 64 }, (_, index) => `w${index}`),
    );
    await expect(chat(rooms, 'over')).rejects.toMatchObject({ details: { code: 'QUEUE_FULL' } });
    expect(rooms.runs.pending(key)).toMatchObject({ total: 64, nextBefore: expect.any(Number) });
    const seen: string[] = [];
    for (let before: number | undefined, more = true; more; ) {
      const page = rooms.runs.pending(key, before);
      seen.unshift(...page.items.map(({ runId }) => runId));
      before = page.nextBefore;
      more = before !== undefined;
    }
    expect(seen).toEqual(Array.from({ length: 64 }, (_, index) => `w${index}`));
  });
});

describe('settings of a session', () => {
  it('win over the configuration, and lose against the message', async () => {
    const first = hold('a', 'b');
    await using rooms = await open([first.script, say('together'), say('alone')], {
      mode: 'followup',
      debounceMsByChannel: { webchat: 0 },
    });
    const one = await chat(rooms, 'one');
    rooms.sessions.patch(key, { queueMode: 'collect' });
    await first.begun;
    const rest = [await chat(rooms, 'two'), await chat(rooms, 'three'), await chat(rooms, 'four', 'followup')];
    first.release();
    await one.run?.ended;
    const ends = await Promise.all(rest.map(({ run }) => run?.ended));
    expect(ends.map((end) => [end?.text, end?.answeredBy])).toEqual([
      ['together', undefined],
      ['together', 'two'],
      ['alone', undefined],
    ]);
  });
});

describe('a message that stays alone', () => {
  it('is joined with no other unless somebody said so', async () => {
    const first = callTool('agents_list');
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow: Script = async function* (request, signal) {
      begun.resolve();
      await gate.promise;
      yield* first(request, signal) as Iterable<never>;
    };
    await using rooms = await open([slow, say('one'), say('two')], {});
    const one = await rooms.start({ runId: 'one', queue: { otherwise: 'alone' } });
    await begun.promise;
    const two = await rooms.start({ runId: 'two', queue: { otherwise: 'alone' } });
    gate.resolve();
    expect((await one.run?.ended)?.text).toBe('one');
    expect((await two.run?.ended)?.text).toBe('two');
  });
});

describe('a line', () => {
  it('waits longer than the longest timer without looking all the time', () => {
    vi.useFakeTimers();
    try {
      const readyAt = vi.fn(() => Date.now() + 1e12);
      const queue = createQueue({ maxActive: () => 1, keyOf: () => 'one', readyAt, work: async () => {} });
      queue.add({});
      vi.advanceTimersByTime(60_000);
      expect(readyAt).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
