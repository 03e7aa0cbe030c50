import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { SessionPage, SessionRow } from '../../sdk/protocol/session-row.ts';
import { startTestGateway } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin } from '../upstream.ts';

describe('sessions', () => {
  it('creates, describes, renames, resolves, resets and deletes', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const made = await client.call<{ key: string; sessionId: string }>('sessions.create', {
      key: 'work',
      label: 'Work',
      model: 'up/two',
    });
    expect(made).toMatchObject({
      ok: true,
      key: 'agent:main:work',
      runStarted: false,
      resolved: { modelProvider: 'up', model: 'two' },
    });
    expect(await client.call('sessions.create', { key: 'work' })).toMatchObject({ sessionId: made.sessionId });
    expect((await client.call<{ key: string }>('sessions.create', {})).key).toMatch(
      /^agent:main:dashboard:[0-9a-f-]{36}$/,
    );
    expect(await client.call('sessions.patch', { key: 'work', label: 'Play', model: null })).toMatchObject({
      entry: { label: 'Play', model: 'one' },
    });
    for (const by of [
      { key: 'work' },
      { label: 'Play' },
      { sessionId: made.sessionId },
      { shortId: made.sessionId.slice(0, 6) },
    ])
      expect(await client.call('sessions.resolve', by)).toMatchObject({
        ok: true,
        key: 'agent:main:work',
        agentId: 'main',
      });
    expect(await client.call('sessions.resolve', { key: 'nope', allowMissing: true })).toEqual({ ok: false });
    expect(await client.refused('sessions.resolve', { key: 'nope' })).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'SESSION_NOT_FOUND' },
    });
    expect((await client.refused('sessions.resolve', {})).message).toContain('name the session');
    expect(await client.call('sessions.describe', { key: 'nope' })).toEqual({ session: null });
    expect(await client.call('sessions.reset', { key: 'work' })).toMatchObject({
      ok: true,
      entry: { sessionId: made.sessionId, lifecycleRevision: '2' },
    });
    expect(await client.refused('sessions.delete', { key: 'work', expectedSessionId: 'stale' })).toMatchObject({
      details: { reason: 'session-changed' },
    });
    expect(await client.call('sessions.delete', { key: 'work' })).toMatchObject({ deleted: true });
    expect(await client.call('sessions.delete', { key: 'work' })).toMatchObject({ deleted: false });
    expect((await client.refused('sessions.delete', { key: 'main' })).details).toMatchObject({ code: 'MAIN_SESSION' });
    await client.call('sessions.create', { key: 'main' });
    expect((await client.refused('sessions.delete', { key: 'main' })).details).toMatchObject({ code: 'MAIN_SESSION' });
    expect(await client.refused('sessions.patch', { key: 'main', model: 'nowhere/x' })).toMatchObject({
      details: { code: 'MODEL_NOT_FOUND' },
    });
  });

  it('keeps the last words of a run in the file of a conversation that is deleted under it', async () => {
    await using gateway = await startTestGateway();
    gateway.upstream.answer(begin('the beginning', () => new Promise(() => {})));
    await using client = await openSocket(gateway.url);
    await client.call('chat.send', { sessionKey: 'work', message: 'go', idempotencyKey: 'k' });
    await client.until('a delta', () => client.told('chat').find((chat) => chat.state === 'delta'));
    const stale = { key: 'work', deleteTranscript: false, expectedSessionId: 'stale' };
    expect(await client.refused('sessions.delete', stale)).toMatchObject({ details: { reason: 'session-changed' } });
    // A refusal ends nothing.
    expect(await client.call('sessions.abort', { runId: 'other' })).toMatchObject({ status: 'no-active-run' });
    expect(await client.call('sessions.describe', { key: 'work' })).toMatchObject({ session: { hasActiveRun: true } });
    const gone = await client.call<{ archived: string[] }>('sessions.delete', { key: 'work', deleteTranscript: false });
    expect(await client.end('k')).toMatchObject({ state: 'aborted', stopReason: 'delete' });
    const lines = (await readFile(gone.archived[0] ?? '', 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).content[0].text)).toEqual(['go', 'the beginning']);
  });

  it('lists by page, and not what nobody named over HTTP', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    for (const key of ['a', 'b', 'c']) await client.call('sessions.create', { key });
    const first = await client.call<SessionPage>('sessions.list', { limit: 2 });
    expect(first).toMatchObject({
      count: 2,
      totalCount: 3,
      hasMore: true,
      nextOffset: 2,
      limitApplied: 2,
      defaults: { modelProvider: 'up', model: 'one' },
    });
    const second = await client.call<SessionPage>('sessions.list', { limit: 2, offset: 2 });
    expect(second).toMatchObject({ count: 1, hasMore: false, nextOffset: null });
    // Two that changed in one millisecond stand in the order of their keys.
    const keys = [...first.sessions, ...second.sessions].map((row: SessionRow) => row.key);
    expect(keys.toSorted()).toEqual(['agent:main:a', 'agent:main:b', 'agent:main:c']);
    const times = [...first.sessions, ...second.sessions].map((row: SessionRow) => row.updatedAt);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(await client.refused('sessions.list', { limit: 0 })).toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/^invalid sessions\.list params: .*limit/),
    });
    expect(await client.refused('sessions.list', { bogus: 1 })).toMatchObject({
      message: expect.stringContaining('bogus'),
    });
  });

  it('refuses what it cannot keep its word on', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect((await client.refused('sessions.create', { key: 'x', incognito: true })).message).toContain('incognito');
    await client.call('sessions.create', { key: 'x' });
    expect(await client.call('sessions.list', { activeOnly: true })).toMatchObject({ count: 0 });
  });

  it('sends to an existing session, starts a run on creation, and aborts it', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect(await client.refused('sessions.send', { key: 'work', message: 'x' })).toMatchObject({
      details: { code: 'SESSION_NOT_FOUND' },
    });
    const made = await client.call<{ runId: string }>('sessions.create', { key: 'work', message: 'begin' });
    expect(await client.end(made.runId)).toMatchObject({ state: 'final' });
    gateway.upstream.answer(begin('never ends', () => undefined));
    const { runId } = await client.call<{ runId: string }>('sessions.send', { key: 'work', message: 'go on' });
    const queued = await client.call<{ runId: string }>('sessions.send', { key: 'work', message: 'and then' });
    await client.until('the first words', () =>
      client.told('chat').find((event) => event.runId === runId && event.state === 'delta'),
    );
    expect(await client.call('sessions.abort', { key: 'work', clearQueued: true })).toEqual({
      ok: true,
      abortedRunId: runId,
      status: 'aborted',
    });
    expect(await client.end(runId)).toMatchObject({ state: 'aborted' });
    expect(await client.end(queued.runId)).toMatchObject({ state: 'aborted' });
    expect(await client.call('sessions.abort', { key: 'work' })).toEqual({
      ok: true,
      abortedRunId: null,
      status: 'no-active-run',
    });
  });

  it('tells changes and messages only to those who asked', async () => {
    await using gateway = await startTestGateway();
    await using asks = await openSocket(gateway.url);
    await using silent = await openSocket(gateway.url);
    expect(await asks.call('sessions.subscribe', { limit: 5 })).toMatchObject({ subscribed: true, list: { count: 0 } });
    expect(await asks.call('sessions.messages.subscribe', { key: 'work' })).toEqual({
      subscribed: true,
      key: 'agent:main:work',
    });
    const { runId } = await asks.call<{ runId: string }>('sessions.create', { key: 'work', message: 'hi' });
    await asks.until('the end', () => asks.told('sessions.changed').find((event) => event.phase === 'end'));
    expect(asks.told('sessions.changed').map((event) => event.reason ?? event.phase)).toEqual(
      expect.arrayContaining(['create', 'start', 'end']),
    );
    expect(asks.told('sessions.changed').at(-1)).toMatchObject({ runId, session: { status: 'done', messageCount: 2 } });
    expect(asks.told('session.message').map((event) => [event.messageSeq, event.message.role])).toEqual([
      [1, 'user'],
      [2, 'assistant'],
    ]);
    await silent.end(runId);
    expect(silent.told('sessions.changed')).toEqual([]);
    expect(silent.told('session.message')).toEqual([]);
    expect(await asks.call('sessions.messages.unsubscribe', { key: 'work' })).toEqual({
      subscribed: false,
      key: 'agent:main:work',
    });
  });

  it('holds every method against its scope', async () => {
    await using gateway = await startTestGateway();
    await using reader = await openSocket(gateway.url, { scopes: ['operator.read'] });
    await reader.call('sessions.list');
    for (const [method, params, scope] of [
      ['sessions.create', {}, 'operator.write'],
      ['chat.send', {}, 'operator.write'],
      ['sessions.reset', {}, 'operator.admin'],
      ['sessions.delete', {}, 'operator.admin'],
    ] as const)
      expect(await reader.refused(method, params)).toEqual({
        code: 'FORBIDDEN',
        message: `missing scope: ${scope}`,
        details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] },
      });
  });
});
