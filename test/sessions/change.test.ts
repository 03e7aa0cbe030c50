import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { toText } from '../../sdk/protocol/text.ts';
import { answer, everything, openStore, say } from './open-store.ts';

afterEach(() => void vi.useRealTimers());

describe('what a session is set to', () => {
  it('is kept member by member, and taken away by null', async () => {
    await using store = await openStore();
    const { key } = store.ensure('agent:main:a').row;
    const settings = {
      icon: '🦞',
      color: 'red',
      category: 'Work',
      boardFace: 'dashboard' as const,
      fastMode: 'auto' as const,
      toolOverrides: { skills: { pdf: false } },
      permissionMode: 'guarded' as const,
      verboseLevel: 'full',
      traceLevel: 'on',
      reasoningLevel: 'stream',
      elevatedLevel: 'ask',
      responseUsage: 'tokens' as const,
      sendPolicy: 'deny' as const,
      groupActivation: 'always' as const,
      completionOwnerSessionKey: 'agent:main:b',
      inheritedToolPolicyVersion: 1 as const,
      inheritedToolAllow: ['read'],
      inheritedToolDeny: ['write'],
    };
    expect(store.patch(key, settings)).toMatchObject(settings);
    expect(store.patch(key, { color: 'blue' })).toMatchObject({ ...settings, color: 'blue' });
    const nothing = Object.fromEntries(Object.keys(settings).map((member) => [member, null]));
    const bare = store.patch(key, { ...nothing, boardFace: 'chat' });
    for (const member of Object.keys(settings).filter((name) => name !== 'boardFace'))
      expect(bare).not.toHaveProperty(member);
  });

  it('takes a note away when its time is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await using store = await openStore();
    const { key } = store.ensure('agent:main:a').row;
    const until = Date.now() + 5 * 60_000;
    expect(store.patch(key, { statusNote: 'waits', attention: 'hand', ttlMinutes: 5 })).toMatchObject({
      statusNote: 'waits',
      attention: 'hand',
      statusExpiresAt: until,
    });
    vi.setSystemTime(until);
    expect(store.find(key)).not.toHaveProperty('statusNote');
    expect(store.find(key)).not.toHaveProperty('attention');
    expect(store.patch(key, { statusNote: 'stays' })).not.toHaveProperty('statusExpiresAt');
    expect(store.patch(key, { statusNote: null })).not.toHaveProperty('statusNote');
  });

  it('is unread when marked so, or when an agent worked in it after it was read', async () => {
    await using store = await openStore();
    const { key } = store.ensure('agent:main:a').row;
    expect(store.find(key)).not.toHaveProperty('unread');
    const marked = store.patch(key, { unread: true });
    expect(marked).toMatchObject({ unread: true, markedUnreadAt: expect.any(Number) });
    expect(() => store.patch(key, { unread: false }, { markedUnreadAt: null })).toThrow(/has changed/);
    const read = store.patch(key, { unread: false }, { markedUnreadAt: marked.markedUnreadAt });
    expect(read).toMatchObject({ lastReadAt: expect.any(Number) });
    expect(read).not.toHaveProperty('unread');
    vi.useFakeTimers({ toFake: ['Date'], now: (read.lastReadAt ?? 0) + 1 });
    store.track(key, { runId: 'r', status: 'done', phase: 'end' });
    expect(store.find(key)).toMatchObject({ unread: true, lastActivityAt: (read.lastReadAt ?? 0) + 1 });
  });

  it('changes only while what was expected holds', async () => {
    await using store = await openStore();
    const { key, sessionId, lifecycleRevision, updatedAt } = store.ensure('agent:main:a').row;
    const set = { toolOverrides: { webSearch: true, skills: { a: true, b: false } }, permissionMode: 'full' as const };
    store.patch(key, set, { sessionId, lifecycleRevision, updatedAt, permissionMode: null, toolOverrides: null });
    const same = { skills: { b: false, a: true }, webSearch: true };
    expect(store.patch(key, { icon: 'x' }, { toolOverrides: same, permissionMode: 'full' })).toMatchObject({
      icon: 'x',
    });
    for (const expected of [
      { sessionId: 'x' },
      { lifecycleRevision: '9' },
      { updatedAt: 1 },
      { permissionMode: 'guarded' as const },
      { permissionMode: null },
      { toolOverrides: {} },
      { markedUnreadAt: 5 },
    ])
      expect(() => store.patch(key, { icon: 'y' }, expected)).toThrow(/has changed/);
    expect(store.find(key)).toMatchObject({ icon: 'x' });
  });

  it('frees a label in the archive, and refuses to come back to one that is taken', async () => {
    await using store = await openStore();
    store.ensure('agent:main:a', { change: { label: 'L' } });
    store.patch('agent:main:a', { archived: true });
    expect(store.find('agent:main:a')).toMatchObject({ archived: true, archivedAt: expect.any(Number) });
    store.ensure('agent:main:b', { change: { label: 'L' } });
    expect(() => store.patch('agent:main:a', { archived: false })).toThrow(/label already in use/);
    store.ensure('agent:main:main');
    expect(() => store.patch('agent:main:main', { archived: true })).toThrow(/main session/);
  });
});

describe('a session that comes from another', () => {
  it('begins with a copy of what was complete, which is its own', async () => {
    await using store = await openStore();
    const { key } = store.ensure('agent:main:p').row;
    for (const row of [say('before'), answer('forgotten')]) store.append(key, row);
    store.reset(key, 'reset');
    for (const row of [say('q1'), answer('a1'), say('q2'), { ...answer('calls'), stopReason: 'toolUse' }])
      store.append(key, row);
    const fork = store.ensure('agent:main:f', { parentKey: key, forkOf: key }).row;
    const rows = (of: string) => store.page(of, { limit: 50, offset: 0, maxChars: 100 }).messages;
    expect(rows(fork.key).map(toText)).toEqual(['q1', 'a1']);
    const answered = rows(key)[2];
    expect(fork).toMatchObject({
      parentSessionKey: key,
      forkedFromParent: true,
      forkSource: { sessionKey: key, entryId: answered?.__openclaw.id },
      messageCount: 2,
    });
    const ids = [...rows(key), ...rows(fork.key)].map((row) => row.__openclaw.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$|^[0-9a-f-]{36}$/);
    store.append(fork.key, say('own'));
    expect(rows(fork.key).map(toText)).toEqual(['q1', 'a1', 'own']);
    expect(rows(key)).toHaveLength(5);
    expect(() => store.ensure('agent:main:g', { parentKey: 'agent:main:none' })).toThrow(/parent session not found/);
    expect(store.find('agent:main:g')).toBeUndefined();
  });

  it('tells of those above it, as far as they are there', async () => {
    await using store = await openStore();
    store.ensure('agent:main:a');
    store.ensure('agent:main:b', { parentKey: 'agent:main:a' });
    store.ensure('agent:main:c', { parentKey: 'agent:main:b' });
    await store.durable();
    const last = () => store.published.at(-1)?.payload as Record<string, { key: string }[]> | undefined;
    expect(last()?.ancestorSessions?.map((row) => row.key)).toEqual(['agent:main:b', 'agent:main:a']);
    expect(last()).toMatchObject({ key: 'agent:main:c', parentSessionKey: 'agent:main:b', messageCount: 0 });
    store.delete('agent:main:a');
    store.patch('agent:main:c', { model: 'two' });
    await store.durable();
    expect(last()).toMatchObject({ reason: 'patch', catalogChanged: true });
    expect(last()).not.toHaveProperty('ancestorSessions');
  });

  it('is told to be gone, and that the list has changed', async () => {
    await using store = await openStore();
    const { sessionId } = store.ensure('agent:main:a').row;
    store.delete('agent:main:a');
    await store.durable();
    expect(store.published.slice(-2).map(({ payload }) => payload)).toEqual([
      { sessionKey: 'agent:main:a', sessionId, agentId: 'main', reason: 'delete', ts: expect.any(Number) },
      { reason: 'delete', ts: expect.any(Number) },
    ]);
  });

  it('is found by the beginning of its id or key, or told apart by name', async () => {
    await using store = await openStore();
    const a = store.ensure('agent:main:dashboard:abc-1', { change: { displayName: 'Red Wine' } }).row;
    store.ensure('agent:main:dashboard:abc-2', { change: { label: 'Blue' } });
    const keys = (clue: Parameters<typeof store.lookUp>[0]) =>
      store
        .lookUp(clue)
        .map(({ key }) => key.slice(-1))
        .sort();
    expect(keys({ shortId: 'abc' })).toEqual(['1', '2']);
    expect(keys({ shortId: 'abc', slugHint: 'red-wine' })).toEqual(['1']);
    expect(keys({ shortId: 'abc', slugHint: 'green' })).toEqual(['1', '2']);
    expect(keys({ shortId: a.sessionId.slice(0, 13) })).toEqual(['1']);
    expect(keys({ shortId: 'abc', agentId: 'other' })).toEqual([]);
    for (let at = 0; at < 20; at++) store.ensure(`agent:main:many-${at}`);
    expect(store.lookUp({ shortId: 'many' })).toHaveLength(10);
  });

  it('leaves its transcript as a file when it is deleted so', async () => {
    await using store = await openStore();
    const { key } = store.ensure('agent:main:a').row;
    for (let at = 0; at < 120; at++) store.append(key, say(`line ${at}`));
    const path = await store.deleteArchived(key);
    const lines = (await readFile(path ?? '', 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(120);
    expect(JSON.parse(lines[119] ?? '')).toMatchObject({ role: 'user', content: [{ text: 'line 119' }] });
    expect(store.list(everything).total).toBe(0);
    expect(await store.deleteArchived(key)).toBeUndefined();
    const other = store.ensure('agent:main:b').row.key;
    const late = store.deleteArchived(other);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 });
    store.append(other, say('in between'));
    await expect(late).rejects.toThrow(/has changed/);
    expect(store.find(other)?.messageCount).toBe(1);
  });
});
