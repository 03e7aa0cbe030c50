import { describe, expect, it } from 'vitest';
import { createResponseStore } from '../../server/responses/store.ts';
import { openAgentRooms } from '../agent/fixture.ts';
import { say } from '../scripted-model.ts';

async function openStore() {
  const rooms = await openAgentRooms({ 'test/one': [say('hi')] });
  const { run } = await rooms.start({ runId: 'resp_1' });
  await run?.ended;
  return { rooms, responses: createResponseStore(rooms.database), [Symbol.asyncDispose]: rooms[Symbol.asyncDispose] };
}

describe('the store of responses', () => {
  it('keeps an answer with where it stands, until it is removed', async () => {
    await using house = await openStore();
    const { responses } = house;
    expect([responses.find('resp_1'), responses.has('resp_1'), responses.remove('resp_1')]).toEqual([
      undefined,
      false,
      false,
    ]);
    responses.keep('resp_1', { id: 'resp_1', output: ['é'] });
    expect(responses.find('resp_1')).toEqual({
      answer: { id: 'resp_1', output: ['é'] },
      sessionKey: 'agent:main:main',
      agentId: 'main',
    });
    responses.keep('resp_1', { id: 'resp_1', output: [] });
    expect(responses.find('resp_1')?.answer).toEqual({ id: 'resp_1', output: [] });
    expect([responses.remove('resp_1'), responses.has('resp_1')]).toEqual([true, false]);
  });

  it('keeps nothing without a run, and nothing longer than its run', async () => {
    await using house = await openStore();
    const { responses, rooms } = house;
    expect(() => responses.keep('resp_nobody', {})).toThrow();
    responses.keep('resp_1', {});
    rooms.database.write(() => rooms.database.prepare('DELETE FROM runs').run());
    expect(responses.has('resp_1')).toBe(false);
  });

  it('remembers what is under way until it is told to forget it', async () => {
    await using house = await openStore();
    const forget = house.responses.open('resp_2', { status: 'in_progress' });
    expect(house.responses.underWay('resp_2')).toEqual({ status: 'in_progress' });
    expect(house.responses.has('resp_2')).toBe(false);
    forget();
    expect(house.responses.underWay('resp_2')).toBeUndefined();
  });
});
