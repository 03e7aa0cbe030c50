import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import type { SessionPage, SessionRow } from '../../sdk/protocol/session-row.ts';
import { startTestGateway, type TestGateway } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin, reply } from '../upstream.ts';
import { faultsOf } from '../wire/schema.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;
interface Made {
  key: string;
  sessionId: string;
  entry: SessionRow;
  runStarted: boolean;
  runId?: string;
  runError?: { code: string; message: string };
}

let gateway: TestGateway;
let client: Client;
beforeAll(async () => {
  gateway = await startTestGateway({ config: { agents: { entries: { main: {}, other: {} } } } });
  client = await openSocket(gateway.url);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

const make = async (params: object) => {
  const made = await client.call<Made>('sessions.create', params);
  expect(faultsOf('SessionsCreateResult', made)).toEqual([]);
  expect(faultsOf('SessionRow', made.entry)).toEqual([]);
  return made;
};
const patch = async (params: object) => {
  const done = await client.call<{ entry: SessionRow; resolved: object }>('sessions.patch', params);
  expect(faultsOf('SessionRow', done.entry)).toEqual([]);
  return done;
};
const refusal = async (method: string, params: object) => (await client.refused(method, params)).message;

describe('sessions.create', () => {
  it('sets all that it is given, and keeps the key rules', async () => {
    const set = {
      displayName: 'Shown',
      category: 'Work',
      model: 'up/two',
      thinkingLevel: 'high',
      fastMode: 'auto',
      permissionMode: 'guarded',
      toolOverrides: { webSearch: false },
      visibility: 'shared',
      spawnDepth: 2,
    };
    const { entry, key } = await make({ key: 'all', agentId: 'other', label: 'All of it', ...set });
    expect(key).toBe('agent:other:all');
    const { model: _, ...rest } = set;
    expect(entry).toMatchObject({
      ...rest,
      model: 'two',
      label: 'All of it',
      createdVia: 'operator',
      agentId: 'other',
    });
    expect(await refusal('sessions.create', { key: 'another', label: 'All of it' })).toContain(
      'label already in use: All of it',
    );
    expect(await client.call('sessions.describe', { key: 'another' })).toEqual({ session: null });
    expect(await refusal('sessions.create', { key: 'agent:main:x', agentId: 'other' })).toContain('belongs to agent');
    expect(await refusal('sessions.create', { agentId: 'nobody' })).toContain('unknown agent');
    expect(await refusal('sessions.create', { key: 'y', model: 'nowhere/x' })).toContain('nowhere');
  });

  it('answers an idempotency key with the session that it made, and its run', async () => {
    const asked = { idempotencyKey: 'once-only', message: 'hi' };
    const first = await make(asked);
    expect(first).toMatchObject({ runStarted: true, runId: 'once-only' });
    await client.end('once-only');
    const again = await make(asked);
    expect(again).toMatchObject({ key: first.key, sessionId: first.sessionId, runId: 'once-only' });
    const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: first.key });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it('keeps the session when its first message is refused, and says why', async () => {
    const made = await make({
      key: 'half',
      message: 'look',
      attachments: [{ mimeType: 'application/zip', content: 'AA==' }],
    });
    expect(made).toMatchObject({
      runStarted: false,
      runError: { code: 'INVALID_REQUEST', message: expect.stringContaining('zip') },
    });
    expect(await make({ key: 'half', task: 'go on' })).toMatchObject({ runStarted: true, sessionId: made.sessionId });
  });

  it('hangs a session under another, and copies its conversation', async () => {
    const { key: parent } = await make({
      key: 'parent',
      message: 'hello',
      idempotencyKey: 'parent-run',
      model: 'up/one',
    });
    await client.end('parent-run');
    const child = await make({ key: 'child', parentSessionKey: 'parent' });
    expect(child.entry).toMatchObject({ parentSessionKey: parent, messageCount: 0 });
    const fork = await make({ key: 'fork', parentSessionKey: parent, forkFrom: 'last-completed' });
    expect(fork.entry).toMatchObject({
      forkedFromParent: true,
      forkSource: { sessionKey: parent },
      messageCount: 2,
      modelOverrideSource: 'user',
    });
    const described = await client.call<{ session: SessionRow }>('sessions.describe', { key: 'parent' });
    expect(described.session.childSessions).toEqual(['agent:main:child', 'agent:main:fork']);
    for (const params of [
      { fork: true },
      { parentSessionKey: 'nowhere' },
      { parentSessionKey: 'parent', succeedsParent: true },
      { parentSessionKey: 'parent', succeedsParent: true, emitCommandHooks: true, fork: true },
      { incognito: true },
      { execNode: 'n' },
      { worktree: true },
      { projectId: 'p' },
      { cwd: '/' },
      { visibility: 'draft' },
      { contextWindow: '1m' },
      { unknown: 1 },
    ])
      expect(await client.refused('sessions.create', params)).toMatchObject({ code: 'INVALID_REQUEST' });
    const succeeds = { parentSessionKey: 'parent', succeedsParent: true, emitCommandHooks: true };
    expect((await make(succeeds)).entry.parentSessionKey).toBe(parent);
  });
});

describe('sessions.patch', () => {
  it('lets writers organise, and only administrators do more', async () => {
    await make({ key: 'p' });
    await using writer = await openSocket(gateway.url, { scopes: ['operator.write'] });
    const organised = {
      label: 'Label',
      icon: '🦞',
      color: 'red',
      category: 'C',
      boardFace: 'dashboard',
      statusNote: 'waits',
      attention: 'hand',
      pinned: true,
      unread: true,
      model: 'up/one',
      thinkingLevel: 'low',
      fastMode: true,
    };
    const done = await writer.call<{ entry: SessionRow }>('sessions.patch', { key: 'p', ttlMinutes: 5, ...organised });
    expect(done).toMatchObject({
      ok: true,
      path: expect.any(String),
      entry: { ...organised, model: 'one', pinnedAt: expect.any(Number), statusExpiresAt: expect.any(Number) },
      resolved: { modelProvider: 'up', model: 'one', agentRuntime: { id: 'openclaw' } },
    });
    for (const change of [
      { toolOverrides: null },
      { verboseLevel: 'on' },
      { traceLevel: 'on' },
      { reasoningLevel: 'on' },
      { responseUsage: 'full' },
      { elevatedLevel: 'on' },
      { permissionMode: 'full' },
      { sendPolicy: 'deny' },
      { groupActivation: 'always' },
      { completionOwnerSessionKey: 'main' },
      { inheritedToolAllow: ['a'] },
      { inheritedToolDeny: ['a'] },
      { inheritedToolPolicyVersion: 1 },
    ]) {
      const params = { key: 'p', label: 'Label', ...change };
      expect(await writer.refused('sessions.patch', params)).toMatchObject({
        code: 'FORBIDDEN',
        details: { missingScope: 'operator.admin' },
      });
      expect((await patch(params)).entry).toBeDefined();
    }
    const { entry } = await patch({ key: 'p', label: null, icon: null, model: null });
    expect(entry).toMatchObject({ model: 'one', completionOwnerSessionKey: 'agent:main:main', sendPolicy: 'deny' });
    for (const gone of ['label', 'icon', 'modelOverrideSource']) expect(entry).not.toHaveProperty(gone);
  });

  it('refuses what is stale, and what is not to be had', async () => {
    const { sessionId } = await make({ key: 'q' });
    for (const expected of [
      { expectedSessionId: 'x' },
      { expectedLifecycleRevision: '7' },
      { expectedPermissionMode: 'full' },
      { expectedToolOverrides: { webSearch: true } },
      { expectedMarkedUnreadAt: 1 },
    ])
      expect(await client.refused('sessions.patch', { key: 'q', icon: 'x', ...expected })).toMatchObject({
        code: 'INVALID_REQUEST',
        details: { reason: 'session-changed', sessionId },
      });
    for (const change of [
      { execSecurity: null },
      { execAsk: 'x' },
      { execHost: 'x' },
      { execNode: 'x' },
      { contextWindow: 'x' },
      { spawnedBy: 'x' },
      { archived: true },
    ])
      expect(await client.refused('sessions.patch', { key: 'q', ...change })).toMatchObject({
        code: 'INVALID_REQUEST',
      });
    expect(await refusal('sessions.patch', { key: 'nowhere', icon: 'x' })).toContain('session not found');
  });

  it('archives: ends what works in the session, takes it out of lists, and brings it back', async () => {
    const { sessionId } = await make({ key: 'r' });
    gateway.upstream.answer(begin('never ends', () => undefined));
    const { runId } = await client.call<{ runId: string }>('sessions.send', { key: 'r', message: 'go' });
    await client.until('a word', () =>
      client.told('chat').find((event) => event.runId === runId && event.state === 'delta'),
    );
    expect((await patch({ key: 'r', archived: true, expectedSessionId: sessionId })).entry).toMatchObject({
      archived: true,
    });
    expect(await client.end(runId)).toMatchObject({ state: 'aborted' });
    gateway.upstream.answer(reply('Hello from upstream'));
    const keys = async (archived: unknown) =>
      (await client.call<SessionPage>('sessions.list', { archived, search: 'agent:main:r' })).sessions.map(
        ({ key }) => key,
      );
    expect([await keys(false), await keys(true), await keys('all')]).toEqual([[], ['agent:main:r'], ['agent:main:r']]);
    expect(await refusal('sessions.delete', { key: 'q', archivedOnly: true })).toContain('not archived');
    const gone = await client.call<object>('sessions.delete', {
      key: 'r',
      archivedOnly: true,
      deleteTranscript: false,
    });
    expect(faultsOf('SessionsDeleteResult', gone)).toEqual([]);
    expect(gone).toMatchObject({ deleted: true, archived: [expect.stringMatching(/\.jsonl$/)] });
    expect(await client.call('sessions.delete', { key: 'r' })).toEqual({
      ok: true,
      key: 'agent:main:r',
      deleted: false,
      archived: [],
    });
  });
});

describe('sessions.list', () => {
  it('takes every parameter, and answers rows as published', async () => {
    await make({ key: 'l1', label: 'L1', message: 'listed words', idempotencyKey: 'l1-run' });
    await client.end('l1-run');
    await make({ key: 'l2', agentId: 'other' });
    const list = async (params: object) => {
      const page = await client.call<SessionPage>('sessions.list', params);
      for (const row of page.sessions) expect(faultsOf('SessionRow', row)).toEqual([]);
      return page;
    };
    const keys = async (params: object) => (await list(params)).sessions.map(({ key }) => key);
    expect(await keys({ label: 'L1' })).toEqual(['agent:main:l1']);
    expect(await keys({ agentId: 'other', search: 'l2' })).toEqual(['agent:other:l2']);
    expect(await keys({ requireLastInteraction: true })).not.toContain('agent:other:l2');
    expect(await keys({ boardFace: 'dashboard' })).toEqual(['agent:main:p']);
    expect((await keys({}))[0]).toBe('agent:main:p');
    expect((await keys({ sortBy: 'activity', activeMinutes: 1 }))[0]).not.toBe('agent:main:p');
    expect(await keys({ spawnedBy: 'main' })).toEqual([]);
    for (const nobody of [{ creatorId: 'x' }, { ownerId: 'x' }, { involvingProfileId: 'x' }, { involvingMe: true }])
      expect(await list(nobody)).toMatchObject({ count: 0, totalCount: 0, owners: [], hasMore: false });
    const all = {
      ownerFirst: true,
      includeGlobal: true,
      includeUnknown: true,
      configuredAgentsOnly: true,
      includePeople: true,
    };
    expect(await list({ ...all, limit: 5000 })).toMatchObject({
      limitApplied: 1000,
      people: [],
      hasMore: false,
      nextOffset: null,
    });
    const [row] = (
      await list({ label: 'L1', includeDerivedTitles: true, includeLastMessage: true, includeActivitySummary: true })
    ).sessions;
    expect(row).toMatchObject({
      derivedTitle: 'listed words',
      lastMessagePreview: 'Hello from upstream',
      activitySummary: { state: 'unavailable', canEnsure: false },
    });
  });

  it('comes with a subscription that has list parameters', async () => {
    await using other = await openSocket(gateway.url);
    expect(await other.call('sessions.subscribe', {})).toEqual({ subscribed: true });
    expect(await other.call('sessions.subscribe', { label: 'L1', future: 1 })).toMatchObject({
      list: { sessions: [{ label: 'L1' }] },
    });
    await client.call('sessions.patch', { key: 'l1', icon: '🍋' });
    const told = await other.until('the change', () =>
      other.told('sessions.changed').find((event) => event.reason === 'patch'),
    );
    expect(told).toMatchObject({
      sessionKey: 'agent:main:l1',
      key: 'agent:main:l1',
      icon: '🍋',
      ancestorSessions: [],
      session: { icon: '🍋' },
    });
    expect(faultsOf('SessionRow', told.session)).toEqual([]);
    expect(faultsOf('SessionRow', told)).toEqual([]);
  });
});

describe('what is found of sessions', () => {
  it('is searched, previewed, read and resolved as published', async () => {
    const found = await client.call<{ results: { messageId: string; sessionKey: string }[] }>('sessions.search', {
      query: '"listed words"',
      sessionKeys: ['l1'],
      limit: 25,
    });
    expect(faultsOf('SessionsSearchResult', found)).toEqual([]);
    expect(found.results).toMatchObject([{ sessionKey: 'agent:main:l1', role: 'user', snippet: 'listed words' }]);
    const messageId = found.results[0]?.messageId;
    const around = await client.call<HistoryPage>('chat.history', { sessionKey: 'l1', messageId, limit: 1 });
    expect(around.messages).toMatchObject([
      {
        role: 'user',
        idempotencyKey: 'l1-run:user',
        __openclaw: { id: messageId, idempotencyKey: 'l1-run:user', transcriptPosition: 1 },
      },
    ]);
    expect(await client.refused('chat.history', { sessionKey: 'l1', messageId, sessionId: 'stale' })).toMatchObject({
      details: { reason: 'session-changed' },
    });
    for (const params of [
      { query: '' },
      { query: 'x', limit: 26 },
      { query: 'x', limit: 0 },
      { query: 'x'.repeat(4097) },
    ])
      expect(await client.refused('sessions.search', params)).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await client.call('sessions.preview', { keys: ['l1', 'nowhere'], limit: 1, maxChars: 20 })).toEqual({
      ts: expect.any(Number),
      previews: [
        { key: 'l1', status: 'ok', items: [{ role: 'assistant', text: 'Hello from upstream' }] },
        { key: 'nowhere', status: 'missing', items: [] },
      ],
    });
    expect(await client.call('sessions.get', { key: 'l1', limit: 1, more: true })).toMatchObject({
      messages: [{ role: 'assistant' }],
    });
    expect(await refusal('sessions.get', { key: 'nowhere' })).toContain('session not found');
    await make({ key: 'dashboard:feed-1', displayName: 'Feed One' });
    await make({ key: 'dashboard:feed-2' });
    const several = await client.call<{ candidates: object[] }>('sessions.resolve', { shortId: 'feed' });
    expect(faultsOf('SessionsResolveResult', several)).toEqual([]);
    expect(several).toMatchObject({ ok: false, candidates: [{ displayName: 'Feed One' }, {}] });
    expect(await client.call('sessions.resolve', { shortId: 'feed', slugHint: 'feed-one' })).toMatchObject({
      ok: true,
      displayName: 'Feed One',
    });
    expect(await client.call('sessions.resolve', { label: 'L1', spawnedBy: 'main', allowMissing: true })).toEqual({
      ok: false,
    });
    expect(await client.call('sessions.resolve', { key: 'p' })).toMatchObject({ ok: true, boardFace: 'dashboard' });
    expect(await refusal('sessions.resolve', { key: 'p', label: 'L1' })).toContain('name the session');
  });

  it('after a cursor is a delta as published, or a reset', async () => {
    const { deltaCursor } = await client.call<HistoryPage>('chat.history', { sessionKey: 'l1' });
    const delta = await client.call('chat.history', { sessionKey: 'l1', cursor: deltaCursor });
    expect(faultsOf('ChatHistoryDeltaResult', delta)).toEqual([]);
    expect(delta).toMatchObject({ kind: 'delta', messages: [] });
    expect(await client.call('chat.history', { sessionKey: 'l1', cursor: 'garbage' })).toEqual({ kind: 'reset' });
  });
});
