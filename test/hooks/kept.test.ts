import { describe, expect, it } from 'vitest';
import { createHookAnswers } from '../../server/hooks/answers.ts';
import { createRetention } from '../../server/hooks/retention.ts';
import { openAgentRooms } from '../agent/fixture.ts';
import { say } from '../scripted-model.ts';

const day = 24 * 60 * 60 * 1000;

describe('sessions of isolated runs', () => {
  it('go away after 30 days without anything new, unless they are pinned', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('hi')] });
    const { sessions, database } = rooms;
    let ahead = 0;
    const retention = createRetention({ database, sessions, now: () => Date.now() + ahead });
    const keys = ['old', 'pinned', 'gone'].map((name) => `agent:main:hook:${name}`);
    const [old = '', pinned = '', gone = ''] = keys;
    const other = 'agent:main:mine';
    for (const key of [...keys, other]) sessions.ensure(key);
    database.write(() => keys.forEach(retention.note));
    sessions.patch(pinned, { pinned: true });
    sessions.delete(gone);
    ahead = 29 * day;
    expect(retention.prune()).toBe(0);
    ahead = 31 * day;
    expect(retention.prune()).toBe(1);
    expect(keys.map((key) => sessions.find(key) !== undefined)).toEqual([false, true, false]);
    expect(sessions.find(other)).toBeDefined();
    expect(retention.prune()).toBe(0);
    sessions.patch(pinned, { pinned: false });
    ahead = 62 * day;
    expect(retention.prune()).toBe(1);
    expect(sessions.find(old)).toBeUndefined();
  });
});

describe('answers', () => {
  it('are forgotten when they fail, and after a week', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('hi')] });
    const { database } = rooms;
    const answers = createHookAnswers(database);
    let calls = 0;
    const accept = (status: number) => async (keep: (answer: { status: number; body: { n: number } }) => void) => {
      const answer = { status, body: { n: ++calls } };
      database.write(() => keep(answer));
      return answer;
    };
    const failing = async (keep: (answer: { status: number; body: { n: number } }) => void) => {
      await accept(200)(keep);
      throw new Error('the disk is full');
    };
    await expect(answers.once(['a'], failing)).rejects.toThrow('the disk is full');
    expect(await answers.once(['a'], accept(503))).toMatchObject({ status: 503, replayed: false });
    expect(await answers.once(['a', 'b'], accept(200))).toEqual({ status: 200, body: { n: 3 }, replayed: false });
    for (const claims of [['a'], ['b'], ['c', 'b']])
      expect(await answers.once(claims, accept(200))).toEqual({ status: 200, body: { n: 3 }, replayed: true });
    expect(await answers.once([], accept(200))).toMatchObject({ body: { n: 4 } });
    database.write(() => database.prepare('UPDATE hook_answers SET answered_at = answered_at - ?').run(7 * day));
    answers.prune();
    expect(database.prepare('SELECT count(*) AS n FROM hook_answers').get()?.n).toBe(0);
    expect(await answers.once(['a'], accept(200))).toMatchObject({ body: { n: 5 }, replayed: false });
  });
});
