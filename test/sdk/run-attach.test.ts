import { describe, expect, it } from 'vitest';
import { failure, untilState } from './client.ts';
import { silence } from './scripted-gateway.ts';
import { asked, collect, kinds, seen, startStage, textOf } from './stage.ts';

describe('a run over a lost connection', () => {
  it('goes on behind the last step: what was missed comes first, nothing twice', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.say('1');
    const loop = collect(run);
    await seen(run, (step) => step.type === 'text');
    const ready = untilState(stage.oc, 'ready');
    stage.gateway.drop();
    play.say('2', { lost: true });
    play.emit('lifecycle', { phase: 'model', provider: 'p', model: 'm2' }, { lost: true });
    play.say('3', { lost: true });
    await ready;
    play.say('4');
    play.end();
    const steps = await loop;
    expect(textOf(steps)).toBe('1234');
    expect(kinds(steps)).toEqual(['text', 'resumed', 'text', 'model', 'text', 'text', 'end']);
    expect(steps[1]).toMatchObject({ status: 'resumed', complete: true });
    const seqs = steps.filter(({ type }) => type !== 'status').map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    expect(await run.wait()).toMatchObject({ text: '1234', complete: true });
  });

  it('holds back live steps while it reads what was missed', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.say('1');
    const loop = collect(run);
    await seen(run, (step) => step.type === 'text');
    const read = stage.gateway.answers.get('runs.events') as (params: unknown) => unknown;
    stage.gateway.answers.set('runs.events', (params) => {
      const page = read(params);
      // Published before the answer that does not have it yet.
      if (stage.gateway.asked('runs.events').length === 1) play.say('3');
      return page;
    });
    const lost = untilState(stage.oc, 'reconnecting');
    stage.gateway.drop();
    play.say('2', { lost: true });
    await lost;
    await stage.gateway.until(() => stage.gateway.asked('runs.events').length > 0);
    play.say('4');
    play.end();
    expect(textOf(await loop)).toBe('1234');
  });

  it('is complete when the connection was lost before the gateway could accept it', async () => {
    await using stage = await startStage();
    const accept = stage.gateway.answers.get('agent') as (params: unknown) => unknown;
    stage.gateway.answers.set('agent', (params) => {
      const answer = accept(params);
      if (stage.gateway.asked('agent').length > 1) return answer;
      const [play] = stage.started;
      play?.say('early');
      stage.gateway.drop();
      return silence;
    });
    const run = await stage.oc.agents.get().run('hi');
    const [first, second] = asked(stage.gateway, 'agent') as { idempotencyKey: string }[];
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
    expect(stage.started).toHaveLength(1);
    stage.started[0]?.end();
    expect(await run.wait()).toMatchObject({ status: 'ok', text: 'early', complete: true });
    expect(textOf(await collect(run))).toBe('early');
  });

  it('survives many drops', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    const loop = collect(run);
    for (let n = 0; n < 30; n++) {
      play.say(`${n} `, { lost: n % 3 === 1 });
      if (n % 3 !== 0) continue;
      const ready = untilState(stage.oc, 'ready');
      stage.gateway.drop();
      play.say(`(${n}) `, { lost: true });
      await ready;
    }
    play.end({}, { lost: true });
    stage.gateway.drop();
    const steps = await loop;
    expect(textOf(steps).trim()).toBe(play.row.text?.trim());
  });

  it('is healed when events are dropped on a connection that lives', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    const loop = collect(run);
    play.say('1');
    play.say('2', { lost: true });
    stage.gateway.connection.skip(1);
    play.emit('lifecycle', { phase: 'model', provider: 'p', model: 'm' }, { lost: true });
    stage.gateway.connection.skip(1);
    play.say('3');
    play.end({}, { lost: true });
    stage.gateway.connection.skip(1);
    stage.gateway.connection.event('tick', { ts: 1 });
    const steps = await loop;
    expect(textOf(steps)).toBe('123');
    expect(kinds(steps)).toContain('model');
    expect(steps.at(-1)?.type).toBe('end');
  });
});

describe('attaching to a run', () => {
  it('replays from the beginning, or behind a step, and goes on live', async () => {
    await using stage = await startStage();
    const play = stage.gateway.createRun('r');
    play.emit('lifecycle', { phase: 'start' });
    for (const word of ['a', 'b', 'c']) play.say(word);
    const whole = collect(stage.oc.runs.get('r'));
    const behind = collect(stage.oc.runs.attach('r', { after: 3 }));
    await stage.gateway.until(() => stage.gateway.asked('runs.events').length === 2);
    play.say('d');
    play.end();
    expect(textOf(await whole)).toBe('abcd');
    expect(textOf(await behind)).toBe('cd');
    const [first] = (await behind).filter(({ type }) => type === 'text');
    expect(first).toMatchObject({ delta: 'c', text: 'abc', seq: 4 });
  });

  it('tells a run that has ended long ago', async () => {
    await using stage = await startStage();
    const play = stage.gateway.createRun('r');
    play.say('done');
    play.end({ usage: { input: 1, output: 1, total: 2 } });
    const run = stage.oc.runs.get('r');
    expect(await run.wait()).toMatchObject({ status: 'ok', text: 'done', usage: { total: 2 }, complete: true });
    expect(kinds(await collect(run))).toEqual(['text', 'end']);
  });

  it('reads a long log page by page', async () => {
    await using stage = await startStage();
    const play = stage.gateway.createRun('r');
    for (let n = 0; n < 2500; n++) play.say(`${n},`);
    play.end();
    const steps = await collect(stage.oc.runs.get('r'));
    expect(textOf(steps)).toBe(play.row.text);
    expect(asked(stage.gateway, 'runs.events').map((params) => (params as { after: number }).after)).toEqual([
      0, 1000, 2000,
    ]);
  });

  it('fails for a run that nobody knows, when it is used', async () => {
    await using stage = await startStage();
    const run = stage.oc.runs.get('nobody');
    expect(stage.oc.state.status).toBe('idle');
    const error = await failure(collect(run));
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown run: nobody' });
    expect((await failure(run.text())).code).toBe('INVALID_REQUEST');
  });
});

describe('a run at a gateway without a log of runs', () => {
  const history = (runId: string, text: string) => ({
    messages: [
      { role: 'user', content: 'earlier', idempotencyKey: 'other:user' },
      { role: 'assistant', content: [{ type: 'text', text: 'not this' }] },
      { role: 'user', content: 'hi', idempotencyKey: `${runId}:user` },
      { role: 'assistant', content: [{ type: 'text', text }] },
      { role: 'user', content: 'later', idempotencyKey: 'next:user' },
    ],
  });

  it('is complete as long as the connection holds', async () => {
    await using stage = await startStage({ capabilities: [] });
    const { run, play } = await stage.start();
    play.emit('lifecycle', { phase: 'model', provider: 'p', model: 'm' });
    play.say('hello');
    play.emit('lifecycle', { phase: 'model', provider: null, model: null });
    play.end();
    const steps = await collect(run);
    expect(kinds(steps)).toEqual(['model', 'text', 'end']);
    expect(await run.wait()).toMatchObject({ status: 'ok', text: 'hello', provider: 'p', model: 'm', complete: true });
    expect(stage.gateway.asked('runs.events')).toEqual([]);
    expect(stage.gateway.asked('agent.wait')).toEqual([]);
  });

  it('says that steps are missing after a lost connection, and reads the reply from the history', async () => {
    await using stage = await startStage({ capabilities: [] });
    const { run, play } = await stage.start();
    stage.gateway.answers.set('agent.wait', ({ runId }: { runId: string }) => ({ runId, status: 'ok', endedAt: 5 }));
    stage.gateway.answers.set('chat.history', () => history(run.id, 'the whole reply'));
    play.say('the');
    const loop = collect(run);
    await seen(run, (step) => step.type === 'text');
    stage.gateway.drop();
    play.say(' whole reply', { lost: true });
    play.end({}, { lost: true });
    const steps = await loop;
    expect(kinds(steps)).toEqual(['text', 'resumed', 'end']);
    expect(steps[1]).toMatchObject({ complete: false });
    expect(await run.wait()).toMatchObject({ status: 'ok', text: 'the whole reply', complete: false, endedAt: 5 });
    expect(asked(stage.gateway, 'chat.history')).toEqual([{ sessionKey: 'agent:main:main', limit: 200 }]);
  });

  it('asks again while it works, and takes what comes live meanwhile', async () => {
    await using stage = await startStage({ capabilities: [] });
    const { run, play } = await stage.start();
    stage.gateway.answers.set('chat.history', () => ({ messages: [] }));
    stage.gateway.answers.set('agent.wait', ({ runId }: { runId: string }) => {
      if (stage.gateway.asked('agent.wait').length === 1) return { runId, status: 'timeout' };
      play.say(' b');
      return { runId, status: 'error', stopReason: 'rpc', endedAt: 1 };
    });
    play.say('a');
    const loop = collect(run);
    await seen(run, (step) => step.type === 'text');
    stage.gateway.drop();
    const steps = await loop;
    expect(textOf(steps)).toBe('a b');
    expect(await run.wait()).toMatchObject({ status: 'aborted', text: 'a b', complete: false });
  });

  it('can be attached to, and says that its steps are not complete', async () => {
    await using stage = await startStage({ capabilities: [] });
    stage.gateway.answers.set('agent.wait', ({ runId }: { runId: string }) => ({ runId, status: 'ok', endedAt: 5 }));
    stage.gateway.answers.set('chat.history', () => history('old', 'said long ago'));
    const run = stage.oc.runs.attach('old', { sessionKey: 'main' });
    expect(kinds(await collect(run))).toEqual(['resumed', 'end']);
    expect(await run.text()).toBe('said long ago');
  });
});
