import { describe, expect, it } from 'vitest';
import { openRoom } from '../room.ts';
import { begin, reply } from '../upstream.ts';
import { faultsOf } from '../wire/schema.ts';

async function withMessages(...texts: string[]) {
  const room = await openRoom();
  const { client } = room;
  for (const [n, message] of texts.entries()) {
    await client.call('chat.send', { sessionKey: 'main', message, idempotencyKey: `k${n}` });
    await client.call('agent.wait', { runId: `k${n}` });
  }
  return room;
}

const history = { sessionKey: 'main' };

describe('sessions.compact', () => {
  it('answers with the summary, and tells those who follow sessions', async () => {
    await using house = await withMessages('first', 'second');
    house.gateway.upstream.answer(reply('in short'));
    await house.client.call('sessions.subscribe');
    expect(await house.client.call('sessions.compact', { key: 'main' })).toEqual({
      ok: true,
      key: 'agent:main:main',
      compacted: true,
      result: {
        summary: 'in short',
        firstKeptEntryId: expect.any(String),
        tokensBefore: 12,
        tokensAfter: expect.any(Number),
        details: { provider: 'up', model: 'one', summarizedMessages: 2, keptMessages: 2 },
      },
    });
    const both = () => (house.client.told('session.operation').length === 2 ? true : undefined);
    await house.client.until('both operations', both);
    for (const payload of house.client.told('session.operation'))
      expect(faultsOf('SessionOperationEvent', payload)).toEqual([]);
    const { messages } = await house.client.call<{ messages: object[] }>('chat.history', history);
    expect(messages.at(-1)).toMatchObject({ role: 'system', __openclaw: { kind: 'compaction' } });
    expect(messages).toHaveLength(5);
  });

  it('ends with the conversation that is deleted under it', async () => {
    for (const deleteTranscript of [true, false]) {
      await using house = await withMessages();
      const { client, gateway } = house;
      const message = 'words '.repeat(200);
      for (const idempotencyKey of ['a', 'b']) {
        await client.call('chat.send', { sessionKey: 'work', message, idempotencyKey });
        await client.call('agent.wait', { runId: idempotencyKey });
      }
      gateway.upstream.answer(begin('in', () => new Promise(() => {})));
      const asked = gateway.upstream.requests.length;
      const compacting = client.call('sessions.compact', { key: 'work' });
      await expect.poll(() => gateway.upstream.requests.length).toBe(asked + 1);
      expect(await client.call('sessions.delete', { key: 'work', deleteTranscript })).toMatchObject({ deleted: true });
      await gateway.upstream.requests.at(-1)?.hungUp;
      expect(await compacting).toMatchObject({ compacted: false, reason: 'it was aborted' });
    }
  });

  it('says that the model failed, and changes nothing', async () => {
    await using house = await withMessages('first', 'second');
    const before = await house.client.call<{ messages: object[] }>('chat.history', history);
    house.gateway.upstream.answer((_request, res) => void res.writeHead(401).end('{"error":{"message":"no"}}'));
    const answer = await house.client.call('sessions.compact', { key: 'main' });
    expect(answer).toMatchObject({ ok: false, compacted: false, reason: expect.stringContaining('up') });
    const after = await house.client.call<{ messages: object[] }>('chat.history', history);
    expect(after.messages).toEqual(before.messages);
  });

  it('is aborted by the verbs that abort runs', async () => {
    for (const [verb, params] of [
      ['sessions.abort', { key: 'main' }],
      ['chat.abort', { sessionKey: 'main' }],
    ] as const) {
      await using house = await withMessages('first', 'second');
      const called = Promise.withResolvers<void>();
      house.gateway.upstream.answer(begin('half a summary', () => called.resolve()));
      const id = house.client.send('sessions.compact', { key: 'main' });
      await called.promise;
      expect(await house.client.call(verb, params)).toMatchObject({ ok: true });
      expect((await house.client.answer(id)).payload).toMatchObject({ ok: false, reason: 'it was aborted' });
    }
  });

  it('cuts off all but some rows with maxLines', async () => {
    await using house = await withMessages('first', 'second');
    const cut = { key: 'main', maxLines: 2 };
    expect(await house.client.call('sessions.compact', cut)).toEqual({
      ok: true,
      key: 'agent:main:main',
      compacted: true,
      kept: 2,
    });
    expect(await house.client.call('sessions.compact', cut)).toMatchObject({ ok: true, compacted: false, kept: 2 });
    expect(await house.client.call('chat.history', history)).toMatchObject({ totalMessages: 2, hasMore: false });
  });

  it('has nothing to do in a session without messages, and refuses one that is not there', async () => {
    await using house = await withMessages();
    await house.client.call('sessions.create', { key: 'empty' });
    expect(await house.client.call('sessions.compact', { key: 'empty' })).toMatchObject({ ok: true, compacted: false });
    expect(await house.client.refused('sessions.compact', { key: 'none' })).toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
