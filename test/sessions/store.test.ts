import { describe, expect, it } from 'vitest';
import type { Log } from '../../server/log/log.ts';
import { scratch } from '../scratch.ts';
import { everything, openStore, say } from './open-store.ts';

const rowsOf = ({ database }: Awaited<ReturnType<typeof openStore>>) => {
  const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  return { messages: count('messages'), sessions: count('sessions') };
};

describe('the session store', () => {
  it('makes a session once, and finds it by key, id, beginning of the id and label', async () => {
    await using store = await openStore();
    const { row, created } = store.ensure('agent:main:work', { change: { label: 'Work', model: 'two' } });
    expect(created).toBe(true);
    expect(store.ensure('agent:main:work')).toMatchObject({ created: false, row: { sessionId: row.sessionId } });
    expect(row).toMatchObject({
      agentId: 'main',
      isMain: false,
      label: 'Work',
      model: 'two',
      modelOverrideSource: 'user',
      hasActiveRun: false,
    });
    for (const by of [{ sessionId: row.sessionId }, { shortId: row.sessionId.slice(0, 8) }, { label: 'Work' }])
      expect(store.lookUp(by).map((found) => found.key)).toEqual(['agent:main:work']);
    expect(store.lookUp({ shortId: 'zzz' })).toEqual([]);
  });

  it('lists newest first, by page, filter and archive, without transient ones', async () => {
    await using store = await openStore();
    for (const name of ['a', 'b', 'c'])
      store.append(store.ensure(`agent:main:${name}`).row.key, say(`hello from ${name}`));
    store.ensure('agent:other:d');
    store.ensure('agent:main:http:1', { transient: true });
    store.patch('agent:main:b', { archived: true });
    expect(store.list(everything).total).toBe(3);
    expect(store.list({ ...everything, archived: 'all' }).total).toBe(4);
    expect(store.list({ ...everything, agentId: 'other' }).rows.map((row) => row.key)).toEqual(['agent:other:d']);
    expect(store.list({ ...everything, search: 'MAIN:A' }).rows.map((row) => row.key)).toEqual(['agent:main:a']);
    expect(store.list({ ...everything, limit: 1, offset: 1 })).toMatchObject({ total: 3, rows: [{}] });
    const [row] = store.list({ ...everything, search: 'main:c', derivedTitle: true, lastMessage: true }).rows;
    expect(row).toMatchObject({ derivedTitle: 'hello from c', lastMessagePreview: 'hello from c' });
    expect(store.count()).toBe(4);
    expect(store.count('other')).toBe(1);
  });

  it('refuses a label twice, a change of a session that changed, and the end of the main session', async () => {
    await using store = await openStore();
    const { row } = store.ensure('agent:main:main');
    store.ensure('agent:main:x', { change: { label: 'taken' } });
    expect(() => store.patch(row.key, { label: 'taken' })).toThrow(/label already in use: taken/);
    expect(() => store.patch(row.key, { label: 'mine' }, { sessionId: 'stale' })).toThrow(/has changed/);
    expect(() => store.patch('agent:main:nobody', { label: 'mine' })).toThrow(/session not found/);
    expect(() => store.delete(row.key)).toThrow(/main session/);
    expect(store.patch(row.key, { label: 'mine' }).label).toBe('mine');
    expect(store.patch(row.key, { label: null }).label).toBeUndefined();
  });

  it('pages back through a transcript, and gives what is new after a cursor', async () => {
    await using store = await openStore();
    const { key } = store.ensure('agent:main:main').row;
    for (let i = 1; i <= 5; i++) store.append(key, say(`m${i}`));
    const texts = (page: { limit: number; offset: number }) =>
      store.history(key, page).messages.map(({ content }) => content[0]?.type === 'text' && content[0].text);
    expect(texts({ limit: 2, offset: 0 })).toEqual(['m4', 'm5']);
    expect(texts({ limit: 2, offset: 4 })).toEqual(['m1']);
    const cursor = store.cursor(key);
    expect(store.historyAfter(key, cursor)).toEqual([]);
    store.append(key, say('m6'));
    expect(store.historyAfter(key, cursor)).toHaveLength(1);
    for (const garbage of ['', 'nonsense', Buffer.from('[1]').toString('base64url')])
      expect(store.historyAfter(key, garbage)).toBeUndefined();
    store.reset(key, 'reset');
    expect(store.historyAfter(key, cursor)).toBeUndefined();
    expect(store.history(key, { limit: 10, offset: 0 })).toMatchObject({
      total: 1,
      messages: [{ role: 'system', __openclaw: { kind: 'reset' } }],
    });
    expect(store.find(key)).toMatchObject({ messageCount: 0, lifecycleRevision: '2' });
  });

  it('publishes changes and messages once they are on disk, and nothing of transient sessions', async () => {
    await using store = await openStore();
    store.ensure('agent:main:main');
    store.append('agent:main:main', say('hello'));
    store.append(store.ensure('agent:main:http:1', { transient: true }).row.key, say('unseen'));
    expect(store.published).toEqual([]);
    await store.durable();
    expect(store.published).toMatchObject([
      { event: 'sessions.changed', payload: { reason: 'create', session: { key: 'agent:main:main' } } },
      { event: 'session.message', payload: { messageSeq: 1, message: { role: 'user' } } },
      { event: 'sessions.changed', payload: { phase: 'message' } },
    ]);
    store.ensure('agent:main:gone');
    store.delete('agent:main:gone');
    await store.durable();
    expect(store.published.at(-1)).toMatchObject({ payload: { reason: 'delete' } });
    expect(store.published.at(-1)?.payload.session).toBeUndefined();
  });

  it('prunes transient sessions with their messages after a day, and only those', async () => {
    await using store = await openStore();
    store.append(store.ensure('agent:main:http:old', { transient: true }).row.key, say('x'));
    store.ensure('agent:main:http:new', { transient: true });
    store.ensure('agent:main:kept');
    const aged = store.database.prepare(
      `UPDATE sessions SET updated_at = 1 WHERE key IN ('agent:main:http:old', 'agent:main:kept')`,
    );
    store.database.write(() => aged.run());
    store.ensure('agent:main:http:again', { transient: true });
    store.ensure('agent:main:http:named', { transient: true });
    store.database.write(() =>
      store.database.prepare(`UPDATE sessions SET updated_at = 1 WHERE key LIKE '%again' OR key LIKE '%named'`).run(),
    );
    store.ensure('agent:main:http:again', { transient: true });
    store.ensure('agent:main:http:named');
    expect(store.prune()).toBe(1);
    expect(store.find('agent:main:http:again')).toBeDefined();
    expect(store.list(everything).rows.map((row) => row.key)).toContain('agent:main:http:named');
    expect(store.find('agent:main:http:old')).toBeUndefined();
    expect(store.find('agent:main:http:new')).toBeDefined();
    expect(store.find('agent:main:kept')).toBeDefined();
    await expect.poll(() => rowsOf(store)).toEqual({ messages: 0, sessions: 4 });
  });

  it('removes what was deleted beside everything else, and goes on with it after a restart', async () => {
    await using folder = await scratch();
    const key = 'agent:main:large';
    await (async () => {
      await using store = await openStore(folder.path);
      const { sessionId } = store.ensure(key, { change: { label: 'large' } }).row;
      for (let n = 0; n < 200; n++) store.append(key, say(`needle ${n}`));
      expect(store.delete(key)).toBe(true);
      expect([store.find(key), store.delete(key), store.lookUp({ sessionId })]).toEqual([undefined, false, []]);
      expect(store.list({ ...everything, archived: 'all' }).rows).toEqual([]);
      // Its key and label are free at once.
      expect(store.ensure(key, { change: { label: 'large' } }).row.sessionId).not.toBe(sessionId);
    })();
    await using store = await openStore(folder.path);
    expect(rowsOf(store)).toEqual({ messages: 200, sessions: 2 });
    expect((await store.search({ query: 'needle', limit: 5 })).results).toEqual([]);
    store.startUpkeep({ error() {} } as unknown as Log);
    await expect.poll(() => rowsOf(store)).toEqual({ messages: 0, sessions: 1 });
    expect(store.find(key)).toMatchObject({ label: 'large', messageCount: 0 });
  });
});
