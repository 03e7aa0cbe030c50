import { describe, expect, it } from 'vitest';
import { type SessionFilter, toListQuery } from '../../server/sessions/list.ts';
import { everything, openStore, say } from './open-store.ts';

const keysOf = (rows: { key: string }[]) => rows.map(({ key }) => key.split(':').at(-1));

describe('a list of sessions', () => {
  const usual: [string, Partial<SessionFilter>][] = [
    ['of all', {}],
    ['of an agent', { agentId: 'main' }],
    ['with the archive', { archived: 'all' }],
    ['of an agent with the archive', { agentId: 'main', archived: 'all' }],
    ['of the archive', { archived: true }],
    ['by interaction', { sortBy: 'lastInteractionAt' }],
    ['by activity', { sortBy: 'activity' }],
    ['by activity with the archive', { sortBy: 'activity', archived: 'all' }],
    ['of what is new', { updatedSince: 1 }],
    ['of what was active', { updatedSince: 1, sortBy: 'activity' }],
    ['with words', { search: 'x' }],
    ['of configured agents', { agentIds: ['main'] }],
    ['of chats', { boardFace: 'chat' }],
  ];
  it.each(usual)('%s is read along an index, without sorting', async (_name, filter) => {
    await using store = await openStore();
    const { page, count, values } = toListQuery({ ...everything, ...filter });
    const planOf = (sql: string, ...more: number[]) =>
      store.database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...values, ...more)
        .map(({ detail }) => String(detail));
    const plan = planOf(page, 100, 0);
    expect(plan.filter((step) => /sessions/.test(step))).toEqual([expect.stringMatching(/INDEX sessions_/)]);
    expect(plan.join()).not.toContain('TEMP B-TREE');
    expect(planOf(count).join()).toMatch(/INDEX sessions_/);
  });

  it('of few rows begins with them', async () => {
    await using store = await openStore();
    for (const filter of [
      { activeOnly: true },
      { spawnedBy: 'x' },
      { label: 'x' },
      { boardFace: 'dashboard' as const },
    ]) {
      const { page, values } = toListQuery({ ...everything, ...filter });
      const plan = store.database.prepare(`EXPLAIN QUERY PLAN ${page}`).all(...values, 100, 0);
      expect(String(plan[0]?.detail)).toMatch(/^SEARCH sessions/);
    }
  });

  it('shows what each filter asks for, in the order that was asked for', async () => {
    await using store = await openStore();
    const at = (name: string, columns: Record<string, number | string>) => {
      store.ensure(`agent:${name === 'e' ? 'other' : 'main'}:${name}`);
      const set = Object.keys(columns).map((column) => `${column} = ?`);
      const sql = `UPDATE sessions SET ${set.join(', ')} WHERE key LIKE ?`;
      store.database.write(() => store.database.prepare(sql).run(...Object.values(columns), `%:${name}`));
    };
    at('a', { updated_at: 10, last_interaction_at: 50 });
    at('b', { updated_at: 20, last_interaction_at: 40, last_activity_at: 90 });
    at('c', { updated_at: 30, last_activity_at: 60 });
    at('d', { updated_at: 40, status: 'running', spawned_by: 'agent:main:a' });
    at('e', { updated_at: 50, board_face: 'dashboard' });
    store.patch('agent:main:a', { pinned: true, displayName: 'Große Pläne' });
    at('a', { updated_at: 10 });
    const list = (filter: Partial<SessionFilter>) => keysOf(store.list({ ...everything, ...filter }).rows);
    expect(list({})).toEqual(['a', 'e', 'd', 'c', 'b']);
    expect(list({ sortBy: 'lastInteractionAt' })).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(list({ sortBy: 'activity' })).toEqual(['b', 'c', 'a', 'e', 'd']);
    expect(list({ updatedSince: 35 })).toEqual(['e', 'd']);
    expect(list({ updatedSince: 55, sortBy: 'activity' })).toEqual(['b', 'c']);
    expect(list({ hasInteraction: true })).toEqual(['a', 'b']);
    expect(list({ activeOnly: true })).toEqual(['d']);
    expect(list({ spawnedBy: 'agent:main:a' })).toEqual(['d']);
    expect(list({ agentIds: ['other', 'gone'] })).toEqual(['e']);
    expect(list({ boardFace: 'dashboard' })).toEqual(['e']);
    expect(list({ boardFace: 'chat' })).toEqual(['a', 'd', 'c', 'b']);
    expect(list({ search: 'GROSSE' })).toEqual([]);
    expect(list({ search: 'große pl' })).toEqual(['a']);
    expect(list({ agentId: 'main', archived: 'all', limit: 2, offset: 1 })).toEqual(['d', 'c']);
  });

  it('counts anew when sessions come, go, are archived, or their writing fails', async () => {
    await using store = await openStore();
    const total = () => store.list({ ...everything, limit: 1 }).total;
    for (const name of ['a', 'b', 'c']) store.ensure(`agent:main:${name}`);
    expect(total()).toBe(3);
    store.delete('agent:main:a');
    expect(total()).toBe(2);
    store.patch('agent:main:b', { archived: true });
    expect(total()).toBe(1);
    expect(() =>
      store.database.write(() => {
        store.ensure('agent:main:d');
        expect(store.find('agent:main:d')).toBeDefined();
        expect(total()).toBe(2);
        throw new Error('taken back');
      }),
    ).toThrow('taken back');
    expect(total()).toBe(1);
    expect(store.find('agent:main:d')).toBeUndefined();
  });

  it('shows each row as it is now, whoever wrote it', async () => {
    await using store = await openStore();
    const { key } = store.ensure('agent:main:a').row;
    const shown = () => store.list(everything).rows[0];
    expect(shown()?.label).toBeUndefined();
    store.patch(key, { label: 'Now' });
    expect(shown()).toMatchObject({ label: 'Now' });
    store.database.write(() => store.database.prepare("UPDATE sessions SET label = 'Then'").run());
    expect(shown()).toMatchObject({ label: 'Then' });
    store.ensure('agent:main:child', { parentKey: key });
    expect(store.find(key)?.childSessions).toEqual(['agent:main:child']);
    store.delete('agent:main:child');
    expect(store.find(key)?.childSessions).toBeUndefined();
    store.append(key, say('first words'));
    expect(store.find(key, { derivedTitle: true })).toMatchObject({ derivedTitle: 'first words', messageCount: 1 });
  });
});
