import { describe, expect, it } from 'vitest';
import { GatewayError, type RunStep } from '../../sdk/index.node.ts';
import { failure, openClient } from './client.ts';
import { silence, startScriptedGateway } from './scripted-gateway.ts';
import { asked, collect, kinds, seen, startStage, textOf } from './stage.ts';

describe('a run', () => {
  it('is iterated step by step to its end, and ignores the second answer to agent', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.emit('lifecycle', { phase: 'start', startedAt: 1 });
    play.emit('lifecycle', { phase: 'model', provider: 'p', model: 'm' });
    const loop = collect(run);
    play.say('Hel');
    play.say('lo');
    play.emit('thinking', { delta: 'hm' });
    play.emit('usage', { outputTokens: 2 });
    play.end({ usage: { input: 1, output: 2, total: 3 }, provider: 'p', model: 'm' });
    const [request] = stage.gateway.asked('agent');
    stage.gateway.connection.send({ type: 'res', id: request?.id, ok: true, payload: { runId: run.id, status: 'ok' } });
    const steps = await loop;
    expect(kinds(steps)).toEqual(['started', 'model', 'text', 'text', 'reasoning', 'other', 'end']);
    expect(steps[1]).toMatchObject({ status: 'model', provider: 'p', model: 'm', seq: 2, runId: run.id });
    expect(steps[2]).toEqual({
      type: 'text',
      runId: run.id,
      seq: 3,
      ts: expect.any(Number),
      delta: 'Hel',
      text: 'Hel',
      itemId: `${run.id}:1`,
    });
    expect(steps[3]).toMatchObject({ delta: 'lo', text: 'Hello', seq: 4 });
    const result = await run.wait();
    expect(steps.at(-1)).toMatchObject({ type: 'end', seq: 7, ...result });
    expect(result).toMatchObject({
      runId: run.id,
      status: 'ok',
      text: 'Hello',
      usage: { input: 1, output: 2, total: 3 },
      provider: 'p',
      model: 'm',
      sessionKey: 'agent:main:main',
      agentId: 'main',
      complete: true,
    });
    expect(await run.text()).toBe('Hello');
    expect(run).toMatchObject({ seq: 7, sessionKey: 'agent:main:main' });
  });

  it('sends the message with its options and its own id as the idempotency key', async () => {
    await using stage = await startStage();
    const run = await stage.oc.agents.get('writer').run('go', {
      sessionKey: 'novel',
      model: 'p/m',
      thinking: 'low',
      runTimeoutSeconds: 90,
      idempotencyKey: 'mine',
    });
    expect(run.id).toBe('mine');
    expect(asked(stage.gateway, 'agent')).toEqual([
      {
        message: 'go',
        agentId: 'writer',
        sessionKey: 'novel',
        model: 'p/m',
        thinking: 'low',
        timeout: 90,
        idempotencyKey: 'mine',
      },
    ]);
  });

  it('can be iterated late, twice, and after its end: no step is missing', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    for (const word of ['a', 'b', 'c']) play.say(word);
    await seen(run, (step) => step.type === 'text' && step.text === 'abc');
    const [early, second] = [collect(run), collect(run)];
    play.say('d');
    play.end();
    const late = await collect(run);
    for (const steps of [await early, await second, late]) {
      expect(textOf(steps)).toBe('abcd');
      expect(steps.at(-1)?.type).toBe('end');
    }
    expect(kinds(late)).toEqual(['text', 'text', 'text', 'text', 'end']);
  });

  it('that said much is joined for late and slow loops, without loss', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    const slow = run[Symbol.asyncIterator]();
    for (let n = 0; n < 300; n++) play.say(`${n},`);
    play.end();
    const { text } = await run.wait();
    const late = await collect(run);
    const slowly: RunStep[] = [];
    for await (const step of slow) slowly.push(step);
    for (const steps of [late, slowly]) {
      expect(textOf(steps)).toBe(text);
      expect(steps.length).toBeLessThan(70);
    }
  });

  it('goes on when a loop is left: nothing is aborted, and waiting picks it up again', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.say('one');
    await seen(run, (step) => step.type === 'text');
    // Nobody listens now: what comes is in the log.
    play.say(' two');
    const result = run.wait();
    play.say(' three');
    play.end();
    expect((await result).text).toBe('one two three');
    expect(textOf(await collect(run))).toBe('one two three');
    expect(stage.gateway.asked('sessions.abort')).toEqual([]);
  });

  it('is aborted by abort only', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    stage.gateway.answers.set('sessions.abort', () => {
      play.end({ status: 'aborted', error: 'aborted', stopReason: 'rpc' });
      return { ok: true, abortedRunId: run.id, status: 'aborted' };
    });
    play.say('so far');
    expect(await run.abort()).toBe(true);
    expect(asked(stage.gateway, 'sessions.abort')).toEqual([{ runId: run.id }]);
    expect(await run.wait()).toMatchObject({ status: 'aborted', text: 'so far', stopReason: 'rpc' });
    expect(await failure(run.text())).toMatchObject({
      code: 'CANCELLED',
      details: { status: 'aborted', text: 'so far' },
    });
    stage.gateway.answers.set('sessions.abort', () => ({ ok: true, abortedRunId: null, status: 'no-active-run' }));
    expect(await run.abort()).toBe(false);
  });

  it('that fails ends its loop with the failure, and text() throws it from the line of the caller', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.end({ status: 'error', error: 'the provider is down' });
    const steps = await collect(run);
    expect(steps.at(-1)).toMatchObject({ type: 'end', status: 'error', error: { code: 'UNAVAILABLE' } });
    const error = await failure(run.text());
    expect(error.message).toBe(`run ${run.id}: the provider is down`);
    expect(error.stack?.split('\n')[1]).toContain('run.test.ts');
  });

  it('names the status of every end', async () => {
    await using stage = await startStage();
    for (const [status, code] of [
      ['timeout', 'AGENT_TIMEOUT'],
      ['interrupted', 'UNAVAILABLE'],
    ] as const) {
      const { run, play } = await stage.start();
      play.end({ status, error: status });
      expect(await run.wait()).toMatchObject({ status, error: { code } });
    }
  });

  it('is refused with the error of the gateway', async () => {
    await using stage = await startStage();
    stage.gateway.answers.set('agent', () => {
      throw new GatewayError('INVALID_REQUEST', 'unknown agent "x"');
    });
    const error = await failure(stage.oc.agents.get('x').run('hi'));
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown agent "x"' });
    expect(error.stack?.split('\n')[1]).toContain('run.test.ts');
  });

  it('that is known already is found, also when it has failed meanwhile', async () => {
    await using stage = await startStage();
    const known = stage.gateway.createRun('again');
    known.say('before');
    known.end({ status: 'error', error: 'gone' });
    stage.gateway.answers.set('agent', async (_, connection) => {
      const id = stage.gateway.asked('agent').at(-1)?.id;
      const payload = { runId: 'again', status: 'error', summary: 'gone' };
      connection.send({ type: 'res', id, ok: false, payload, error: { code: 'UNAVAILABLE', message: 'gone' } });
      return silence;
    });
    const run = await stage.oc.agents.get().run('hi', { idempotencyKey: 'again' });
    expect(await run.wait()).toMatchObject({ status: 'error', text: 'before' });
  });

  it('waits no longer than the caller wants', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    expect(await failure(run.wait({ timeoutMs: 20 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(await failure(run.wait({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'CANCELLED' });
    const stop = new AbortController();
    const waiting = failure(run.text({ signal: stop.signal }));
    stop.abort();
    expect((await waiting).code).toBe('CANCELLED');
    play.end();
    expect((await run.wait()).status).toBe('ok');
    expect(stage.gateway.asked('sessions.abort')).toEqual([]);
  });

  it('gives up listening when the client is closed, though the run goes on', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.say('a');
    const loop = failure(collect(run));
    const waiting = failure(run.wait());
    await stage.oc.close();
    const error = await loop;
    expect(error).toMatchObject({ code: 'CLOSED', details: { runId: run.id } });
    expect(error.stack?.split('\n')[1]).toContain('run.test.ts');
    expect((await waiting).code).toBe('CLOSED');
    expect((await failure(collect(stage.oc.runs.get(run.id)))).code).toBe('CLOSED');
  });

  it('gives up listening when nothing comes for too long', async () => {
    await using gateway = await startScriptedGateway();
    const play = gateway.createRun('quiet');
    play.say('a');
    await using oc = openClient(gateway.url, { idleTimeoutMs: 300 });
    await oc.connect();
    const run = oc.runs.get('quiet');
    const loop = failure(collect(run));
    expect(await loop).toMatchObject({ code: 'TIMEOUT', details: { runId: 'quiet', seq: 1 } });
    expect((await failure(run.wait())).code).toBe('TIMEOUT');
    play.say('b');
    play.end();
    expect(textOf(await collect(oc.runs.attach('quiet', { after: 1 })))).toBe('b');
  });

  it('tells how it stands', async () => {
    await using stage = await startStage();
    const { run } = await stage.start();
    expect(await run.describe()).toMatchObject({ runId: run.id, status: 'running' });
  });

  it('is what a message to a session starts', async () => {
    await using stage = await startStage();
    stage.gateway.answers.set('sessions.send', ({ idempotencyKey }: { idempotencyKey: string }) => {
      const play = stage.gateway.createRun(idempotencyKey);
      queueMicrotask(() => play.end());
      play.say('hello');
      return { runId: idempotencyKey, status: 'started' };
    });
    const run = await stage.oc.sessions.get('novel').send('go', { runTimeoutSeconds: 5, idempotencyKey: 'k' });
    expect(await run.text()).toBe('hello');
    expect(asked(stage.gateway, 'sessions.send')).toEqual([
      { key: 'novel', message: 'go', timeoutMs: 5000, idempotencyKey: 'k' },
    ]);
  });
});

describe('tools of a run', () => {
  const item = (phase: string, more = {}) => ({ kind: 'tool', phase, toolCallId: 't', name: 'look', ...more });

  it('are told once each, with arguments and result, to the client that started the run', async () => {
    await using stage = await startStage();
    const { run, play } = await stage.start();
    play.emit('item', item('start'));
    play.emit('tool', { phase: 'start', toolCallId: 't', name: 'look', args: { at: 'it' } });
    play.emit('tool', { phase: 'update', toolCallId: 't', name: 'look', partialResult: 'ha' });
    play.emit('item', item('end', { status: 'completed' }));
    play.emit('tool', { phase: 'result', toolCallId: 't', name: 'look', result: 'half', isError: false });
    play.end();
    const tools = (await collect(run)).filter((step) => step.type === 'tool');
    expect(tools).toMatchObject([
      { phase: 'start', toolCallId: 't', name: 'look', args: { at: 'it' }, seq: 2 },
      { phase: 'update', result: 'ha' },
      { phase: 'result', result: 'half', isError: false },
    ]);
  });

  it('are told without them to other clients', async () => {
    await using stage = await startStage();
    const play = stage.gateway.createRun('r');
    const run = stage.oc.runs.get('r');
    const loop = collect(run);
    await stage.gateway.until(() => stage.gateway.asked('runs.events').length === 1);
    play.emit('item', item('start'));
    play.emit('item', item('end', { status: 'failed' }));
    play.end();
    const tools = (await loop).filter((step) => step.type === 'tool');
    expect(tools).toMatchObject([
      { phase: 'start', name: 'look' },
      { phase: 'result', isError: true },
    ]);
  });
});
