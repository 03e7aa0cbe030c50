import { describe, expect, it, vi } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import type { SessionPage } from '../../sdk/protocol/session-row.ts';
import { toText } from '../../sdk/protocol/text.ts';
import { startTestGateway } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin, reply } from '../upstream.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;

const said = async (client: Client, sessionKey: string) => {
  const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey, limit: 1000 });
  return messages.filter(({ role }) => role === 'user').map(toText);
};

describe('a session key', () => {
  it.each([
    'a\u0000b',
    'agent:main:a\u0000b',
    'agent:main:a\nb',
    'agent:main:\u0085',
    '\ud800',
    'agent:main:x\udfff',
    ' ',
  ])('such as %j is refused, and nothing is stored under it', async (sessionKey) => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const params = { sessionKey, message: 'x', idempotencyKey: 'k' };
    expect(await client.refused('chat.send', params)).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { code: 'INVALID_SESSION_KEY' },
    });
    expect(await client.call('sessions.list')).toMatchObject({ count: 0 });
    expect(await client.call('chat.send', { ...params, sessionKey: 'good' })).toMatchObject({ status: 'started' });
  });

  it('may be in any script, and names one conversation, the one that was meant', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const keys = [
      'ключ 🦞',
      'e\u0301',
      '\u00e9',
      '__proto__',
      'constructor',
      '../../etc/passwd',
      "'; DROP TABLE sessions",
      '%',
      'x'.repeat(500),
    ];
    for (const [index, sessionKey] of keys.entries())
      await client.call('chat.send', { sessionKey, message: `to ${sessionKey}`, idempotencyKey: `k${index}` });
    for (const sessionKey of keys) expect(await said(client, sessionKey)).toEqual([`to ${sessionKey}`]);
    const { sessions } = await client.call<SessionPage>('sessions.list');
    expect(sessions.map(({ key }) => key).sort()).toEqual(keys.map((key) => `agent:main:${key}`).sort());
  });
});

describe('an idempotency key', () => {
  it('with half a character is refused: stored, it would be the same as others', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    for (const idempotencyKey of ['\ud800', 'k\udfff']) {
      const error = await client.refused('chat.send', { sessionKey: 's', message: 'lost?', idempotencyKey });
      expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('surrogate') });
      expect((await client.refused('agent', { message: 'lost?', idempotencyKey })).code).toBe('INVALID_REQUEST');
    }
    for (const idempotencyKey of ['\ufffd', 'k\ufffd', 'n\u0000a', 'n\u0000b', '__proto__', 'constructor'])
      expect(await client.call('chat.send', { sessionKey: 's', message: idempotencyKey, idempotencyKey })).toEqual({
        runId: idempotencyKey,
        status: 'started',
      });
    await client.end('constructor');
    expect(await said(client, 's')).toEqual(['\ufffd', 'k\ufffd', 'n\u0000a', 'n\u0000b', '__proto__', 'constructor']);
  });

  it('that is used many times at once, from two sockets and by two methods, starts one run', async () => {
    await using gateway = await startTestGateway();
    await using one = await openSocket(gateway.url);
    await using two = await openSocket(gateway.url);
    const enough = Promise.withResolvers<void>();
    gateway.upstream.answer(
      begin('once', async (send, res) => {
        await enough.promise;
        send('[DONE]');
        res.end();
      }),
    );
    const ids = Array.from({ length: 20 }, (_, n): [Client, string] => {
      const client = n % 2 ? one : two;
      return [client, client.send('chat.send', { sessionKey: 's', message: 'once', idempotencyKey: 'k' })];
    });
    const answers = await Promise.all(ids.map(([client, id]) => client.answer(id)));
    const statuses = answers.map(({ payload }) => (payload as { status: string }).status);
    expect(statuses.filter((status) => status === 'started')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'in_flight')).toHaveLength(19);
    const other = await two.answer(two.send('agent', { message: 'other words', sessionKey: 's', idempotencyKey: 'k' }));
    expect(other.payload).toMatchObject({ runId: 'k', status: 'in_flight' });
    await expect.poll(() => gateway.upstream.requests.length).toBe(1);
    enough.resolve();
    await one.end('k');
    expect(await said(one, 's')).toEqual(['once']);
  });
});

describe('a message', () => {
  it.each([
    ['NUL and halves of characters', 'a\u0000b\ud800c\udfffd'],
    ['scripts in both directions and no visible ones', '﷽ \u202eabc\u202c \u200b\ufeff🦞👩‍👩‍👧‍👦'],
    ['almost all that an answer holds of one text', `${'0123456789'.repeat(49_999)}🦞`],
    ['what looks like a frame', '"},"id":"x","type":"res","ok":true}\r\n\r\ndata: [DONE]\n\n'],
  ])('of %s comes back from the store and reaches the model as it was', async (_name, message) => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await client.call('chat.send', { sessionKey: 's', message, idempotencyKey: 'k' });
    expect(await client.end('k')).toMatchObject({ state: 'final' });
    expect(await said(client, 's')).toEqual([message]);
    expect(gateway.upstream.requests.at(-1)?.body.messages.at(-1).content).toBe(message);
  });

  it('of a megabyte reaches the model as it was, and is cut in the history, with a mark', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const message = `${'0123456789'.repeat(104_858)}🦞`;
    await client.call('chat.send', { sessionKey: 's', message, idempotencyKey: 'k' });
    await client.end('k');
    expect(gateway.upstream.requests.at(-1)?.body.messages.at(-1).content).toBe(message);
    const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 's' });
    expect(messages[0]).toMatchObject({ role: 'user', __openclaw: { truncated: true } });
    expect(toText(messages[0] as ChatMessage).startsWith(message.slice(0, 499_000))).toBe(true);
  });

  it('may come back from the model with anything in it', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const pieces = ['\u0000\ud83e', '\udd9e \ud800', '\u2028"}\n\n'];
    gateway.upstream.answer(reply(...pieces));
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    const end = await client.end('k');
    expect(end).toMatchObject({ state: 'final' });
    const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 's' });
    expect(messages.at(-1)?.content).toEqual([{ type: 'text', text: pieces.join('') }]);
  });

  it('may be given more time than a timer can hold', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const timeoutMs = Number.MAX_SAFE_INTEGER;
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k1', timeoutMs });
    expect(await client.end('k1')).toMatchObject({ state: 'final' });
    const id = client.send('agent', { message: 'x', idempotencyKey: 'k2', timeout: 99_999_999_999 });
    expect((await client.answer(id, 1)).payload).toMatchObject({ status: 'ok' });
  });
});

describe('order', () => {
  it('does not come from the clock: it may run backwards', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    let now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => {
      now -= 60_000;
      return now;
    });
    try {
      gateway.upstream.answer((request, res) => reply(`re: ${request.body.messages.at(-1).content}`)(request, res));
      for (const n of [1, 2, 3, 4]) {
        await client.call('chat.send', { sessionKey: 's', message: `${n}`, idempotencyKey: `k${n}` });
        if (n % 2 === 0) expect(await client.end(`k${n}`)).toMatchObject({ state: 'final' });
      }
      const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 's' });
      expect(messages.map(({ __openclaw }) => __openclaw.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      const replies = messages.filter(({ role }) => role === 'assistant').map(toText);
      expect(replies).toEqual(['re: 1', 're: 2', 're: 3', 're: 4']);
      const seen = client.told('agent').filter(({ runId }) => runId === 'k4');
      expect(seen.map(({ seq }) => seq)).toEqual(seen.map(({ seq }) => seq).toSorted((a, b) => a - b));
      const { events } = await client.call<{ events: { seq: number }[] }>('runs.events', { runId: 'k4' });
      expect(events.map(({ seq }) => seq)).toEqual(seen.map(({ seq }) => seq));
    } finally {
      clock.mockRestore();
    }
  });
});
