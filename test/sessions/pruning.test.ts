import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRunStore } from '../../server/agent/run-store.ts';
import { openDatabase } from '../../server/database/database.ts';
import { createPruning } from '../../server/database/pruning.ts';
import type { Log } from '../../server/log/log.ts';
import { createSessionStore } from '../../server/sessions/live-store.ts';
import { scratch } from '../scratch.ts';
import { say } from './open-store.ts';

describe('what is old', () => {
  it('is taken out to the last of it, not a fixed number an hour: a day of requests leaves more than that', async () => {
    await using rooms = await openRooms();
    const { database, store } = rooms;
    const count = 1200;
    database.write(() => {
      for (let at = 0; at < count; at++) store.ensure(`agent:main:http:${at}`, { transient: true });
      database.prepare('UPDATE sessions SET updated_at = 1').run();
    });
    rooms.pruning.start();
    rooms.pruning.start();
    await expect.poll(() => rooms.count('sessions')).toBe(0);
    expect(rooms.logged).toContain(`pruned {"sessions":${count},"failing":0}`);
  });

  it('goes on with the rest when one kind of it fails, and can be started again', async () => {
    await using rooms = await openRooms();
    const { database, store } = rooms;
    rooms.fail = new Error('the disk is full');
    rooms.pruning.start();
    await expect.poll(() => rooms.logged.join('\n')).toContain('"what":"failing","error":"Error: the disk is full"');
    rooms.fail = undefined;
    store.ensure('agent:main:http:old', { transient: true });
    database.write(() => database.prepare('UPDATE sessions SET updated_at = 1').run());
    await expect
      .poll(() => {
        rooms.pruning.start();
        return rooms.count('sessions');
      })
      .toBe(0);
  });

  it('ends with the gateway in the middle of it', async () => {
    await using rooms = await openRooms();
    const { database, store, pruning } = rooms;
    database.write(() => {
      for (let at = 0; at < 1000; at++) store.ensure(`agent:main:http:${at}`, { transient: true });
      database.prepare('UPDATE sessions SET updated_at = 1').run();
    });
    pruning.start();
    await pruning.close();
    const left = rooms.count('sessions');
    expect(left).toBeGreaterThan(0);
    await new Promise(setImmediate);
    expect(rooms.count('sessions WHERE transient = 1')).toBe(left);
  });
});

describe('conversations that nobody named', () => {
  it('are as many as may be, the newest of them, however many come on one day', async () => {
    await using rooms = await openRooms({ maxTransient: 3 });
    const { database, store } = rooms;
    for (const at of [1, 2, 3, 4, 5]) store.ensure(`agent:main:http:${at}`, { transient: true });
    store.ensure('agent:main:named');
    database.write(() =>
      database.prepare(`UPDATE sessions SET updated_at = ? + CAST(substr(key, -1) AS INTEGER)`).run(Date.now()),
    );
    expect(store.prune()).toBe(2);
    expect(store.prune()).toBe(0);
    const kept = ['1', '2', '3', '4', '5'].filter((at) => store.find(`agent:main:http:${at}`));
    expect(kept).toEqual(['3', '4', '5']);
    expect(store.find('agent:main:named')).toBeDefined();
  });

  it('take their runs with them, and nobody else’s', async () => {
    await using rooms = await openRooms();
    const { database, store, runs } = rooms;
    for (const [name, transient] of [
      ['old', true],
      ['young', true],
      ['named', false],
    ] as const) {
      const { row } = store.ensure(`agent:main:${name}`, { transient });
      store.append(row.key, { ...say('hello'), runId: `run-${name}` });
      const origin = { sessionKey: row.key, sessionId: row.sessionId ?? '', agentId: 'main' };
      database.write(() => {
        runs.insert({ runId: `run-${name}`, ...origin, acceptedAt: 1, input: undefined });
        runs.end(`run-${name}`, { status: 'ok', startedAt: 1, endedAt: 2, text: 'hi' });
      });
    }
    database.write(() =>
      database.prepare(`UPDATE sessions SET updated_at = 1 WHERE key IN ('agent:main:old', 'agent:main:named')`).run(),
    );
    expect(store.prune()).toBe(1);
    expect(['old', 'young', 'named'].map((name) => runs.find(`run-${name}`)?.runId)).toEqual([
      undefined,
      'run-young',
      'run-named',
    ]);
  });
});

describe('runs of conversations that are not kept', () => {
  it('go after a day, or beyond the newest of them, long before those of sessions', async () => {
    await using rooms = await openRooms({ maxUnkept: 2 });
    const { database, store } = rooms;
    const now = Date.now();
    const { row } = store.ensure('agent:main:named');
    const ran = (runId: string, sessionId: string, endedAt: number) => {
      rooms.runs.insert({ runId, sessionKey: 'x', sessionId, agentId: 'main', acceptedAt: 1, input: undefined });
      rooms.runs.end(runId, { status: 'ok', startedAt: 1, endedAt, text: 'hi' });
    };
    const day = 24 * 60 * 60 * 1000;
    database.write(() => {
      ran('named', row.sessionId ?? '', now - 2 * day);
      ran('older', 'older', now - 2 * day);
      for (const ago of [4, 3, 2, 1]) ran(`ago-${ago}`, `ago-${ago}`, now - ago);
    });
    expect(rooms.runs.prune(now - 7 * day)).toBe(3);
    expect(rooms.runs.prune(now - 7 * day)).toBe(0);
    const left = ['named', 'older', 'ago-4', 'ago-3', 'ago-2', 'ago-1'].filter((id) => rooms.runs.find(id));
    expect(left).toEqual(['named', 'ago-2', 'ago-1']);
  });
});

interface Most {
  maxTransient?: number;
  maxUnkept?: number;
}

async function openRooms({ maxTransient, maxUnkept }: Most = {}) {
  const folder = await scratch();
  const database = await openDatabase(join(folder.path, 'openclaw.db'));
  const modelOf = () => ({ provider: 'test', model: 'one' });
  const store = createSessionStore({ database, mainKey: () => 'main', modelOf, publish: () => {}, maxTransient });
  const logged: string[] = [];
  const note = (text: string, facts?: object) => void logged.push(`${text} ${JSON.stringify(facts)}`);
  const log = { info: note, error: note, warn: note, debug: note } as unknown as Log;
  const rooms = {
    database,
    store,
    runs: createRunStore(database, { maxUnkept }),
    logged,
    fail: undefined as Error | undefined,
    count: (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n),
    pruning: createPruning({
      steps: {
        sessions: store.prune,
        failing() {
          if (rooms.fail) throw rooms.fail;
          return 0;
        },
      },
      log,
    }),
    async [Symbol.asyncDispose]() {
      await rooms.pruning.close();
      store.close();
      await database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
  return rooms;
}
