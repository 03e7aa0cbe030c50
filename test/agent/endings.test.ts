import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { type LoopStep, runLoop } from '../../server/agent/loop.ts';
import { callTool, type Script, say, scriptedModels } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

const key = 'agent:main:main';

/** Says something, and then nothing for ever, whatever its signal says. */
function deaf(text: string) {
  const begun = Promise.withResolvers<void>();
  const script: Script = async function* () {
    yield { type: 'text', delta: text };
    begun.resolve();
    await new Promise(() => undefined);
  };
  return { script, begun: begun.promise };
}

describe('an aborted run', () => {
  it('ends at once with its text, also when its provider does not listen', async () => {
    const first = deaf('so far');
    await using rooms = await openAgentRooms({ 'test/one': [first.script, say('next')] });
    const { run } = await rooms.start({ runId: 'r1' });
    await first.begun;
    run?.abort('rpc');
    expect(await run?.ended).toMatchObject({ status: 'aborted', text: 'so far' });
    expect(rooms.sessions.history(key, { limit: 10, offset: 0 }).messages.at(-1)).toMatchObject({
      stopReason: 'aborted',
      content: [{ text: 'so far' }],
    });
    expect(await (await rooms.start({ runId: 'r2' })).run?.ended).toMatchObject({ status: 'ok', text: 'next' });
  });

  it('ends at once, and its call has a result, also when its tool does not listen', async () => {
    const models = scriptedModels({ 'test/one': [callTool('slow', {}, 'c1')] });
    const aborting = new AbortController();
    const steps: LoopStep[] = [];
    const end = await runLoop(
      {
        candidates: [models.find('test/one')],
        messages: [],
        request: {} as never,
        tools: [],
        clientTools: [],
        callTool: () => {
          setImmediate(() => aborting.abort('rpc'));
          return new Promise(() => undefined);
        },
      },
      (step) => void steps.push(step),
      aborting.signal,
    );
    expect(end.finish).toBe('other');
    expect(steps.at(-1)).toMatchObject({ type: 'toolEnd', call: { id: 'c1' }, result: { isError: true } });
  });
});

describe('an end that the disk refuses', () => {
  it('is told all the same, leaves nothing at work, and is written as soon as the disk takes it', async () => {
    const first = deaf('told');
    await using rooms = await openAgentRooms({ 'test/one': [first.script, say('next')] });
    const { run } = await rooms.start({ runId: 'r1' });
    await first.begun;
    const { write } = rooms.database;
    rooms.database.write = () => {
      throw new GatewayError('UNAVAILABLE', 'could not write', { details: { code: 'DATABASE_WRITE_FAILED' } });
    };
    run?.abort('rpc');
    expect(await run?.ended).toMatchObject({ status: 'error', text: 'told' });
    expect(rooms.runs.counts()).toEqual({ active: 0, queued: 0 });
    expect(rooms.runs.live('r1')).toBeUndefined();
    expect(rooms.store.find('r1')?.endedAt).toBeUndefined();
    expect(rooms.runs.find('r1')).toMatchObject({ status: 'error', text: 'told' });
    expect(await rooms.runs.wait('r1', { timeoutMs: 0 })).toMatchObject({ status: 'error' });
    expect(await rooms.start({ runId: 'r1' })).toMatchObject({ replayed: true, row: { status: 'error' } });
    rooms.database.write = write;
    await expect.poll(() => rooms.store.find('r1')?.endedAt, { timeout: 10_000 }).toBeTypeOf('number');
    expect(rooms.sessions.find(key)).toMatchObject({ hasActiveRun: false, status: 'failed' });
    expect(rooms.runs.events('r1', 0, 100).events.at(-1)?.data).toMatchObject({ phase: 'error' });
    expect(await (await rooms.start({ runId: 'r2' })).run?.ended).toMatchObject({ status: 'ok' });
  });
});
