import { describe, expect, it } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { toText } from '../../sdk/protocol/text.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin, reply, replyWithCalls } from '../upstream.ts';
import { readLog } from './log-lines.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;

const rows = async (client: Client, sessionKey: string) => {
  const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey });
  return messages.map((message) => `${message.role}: ${toText(message)}`);
};
const words = (client: Client, runId: string) =>
  client.until(`words of ${runId}`, () =>
    client.told('agent').find((event) => event.runId === runId && event.stream === 'assistant'),
  );

/** A run that has said half a sentence and will say no more, and one that waits behind it. */
async function startTwo(gateway: TestGateway, client: Client) {
  gateway.upstream.answer(begin('half a sec', () => undefined));
  await client.call('chat.send', { sessionKey: 's', message: 'old', idempotencyKey: 'working' });
  await words(client, 'working');
  await client.call('chat.send', { sessionKey: 's', message: 'old too', idempotencyKey: 'waiting' });
}

const expectNoFaults = async (gateway: TestGateway) =>
  expect((await readLog(gateway)).filter(({ _meta }) => _meta.logLevelName === 'ERROR')).toEqual([]);

describe('a session that goes while its run works', () => {
  it.each(['sessions.delete', 'sessions.reset'])(
    'by %s ends the runs, and takes nothing of them along',
    async (verb) => {
      await using gateway = await startTestGateway();
      await using client = await openSocket(gateway.url);
      await startTwo(gateway, client);
      gateway.upstream.answer(reply('new answer'));
      // Both in one packet: the old run is still ending when the new message is accepted.
      const gone = client.send(verb, { key: 's' });
      const sent = client.send('chat.send', { sessionKey: 's', message: 'new', idempotencyKey: 'new' });
      expect((await client.answer(gone)).ok).toBe(true);
      expect((await client.answer(sent)).payload).toMatchObject({ status: 'started' });
      const stopReason = verb.slice('sessions.'.length);
      for (const runId of ['working', 'waiting']) {
        expect(await client.end(runId)).toMatchObject({ state: 'aborted', stopReason });
        expect(await client.call('agent.wait', { runId })).toMatchObject({
          status: 'error',
          error: 'aborted',
          stopReason,
        });
      }
      expect(await client.end('new')).toMatchObject({ state: 'final' });
      const marker = verb === 'sessions.reset' ? ['system: The conversation was reset.'] : [];
      expect(await rows(client, 's')).toEqual([...marker, 'user: new', 'assistant: new answer']);
      expect(gateway.upstream.requests.at(-1)?.body.messages.slice(1)).toEqual([{ role: 'user', content: 'new' }]);
      expect(await client.call('sessions.describe', { key: 's' })).toMatchObject({
        session: { status: 'done', lastRunId: 'new', hasActiveRun: false, totalTokens: 12 },
      });
      await expectNoFaults(gateway);
    },
  );

  it('and does not come back, is not brought back by what its run had to say', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await startTwo(gateway, client);
    expect(await client.call('sessions.delete', { key: 's' })).toMatchObject({ deleted: true });
    for (const runId of ['working', 'waiting']) expect(await client.end(runId)).toMatchObject({ state: 'aborted' });
    expect(await client.call('sessions.describe', { key: 's' })).toEqual({ session: null });
    expect(await client.call('sessions.list')).toMatchObject({ count: 0 });
    expect(await client.refused('sessions.send', { key: 's', message: 'x' })).toMatchObject({
      details: { code: 'SESSION_NOT_FOUND' },
    });
    await expectNoFaults(gateway);
  });

  it('after its run was aborted for another reason takes nothing along either', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await startTwo(gateway, client);
    client.send('chat.abort', { sessionKey: 's' });
    expect((await client.answer(client.send('sessions.reset', { key: 's' }))).ok).toBe(true);
    expect(await client.end('working')).toMatchObject({ state: 'aborted', stopReason: 'rpc' });
    expect(await rows(client, 's')).toEqual(['system: The conversation was reset.']);
  });
});

describe('/new', () => {
  it('that is refused leaves the conversation as it was', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await startTwo(gateway, client);
    const before = await rows(client, 's');
    const refused = [
      { model: 'no/such' },
      { agentId: 'nobody' },
      { attachments: [{ mimeType: 'application/zip', content: 'x' }] },
      { idempotencyKey: '\ud800' },
    ];
    for (const more of refused) {
      const params = { message: '/new start', sessionKey: 's', idempotencyKey: 'n', ...more };
      expect((await client.refused('agent', params)).code).toBe('INVALID_REQUEST');
    }
    expect(await rows(client, 's')).toEqual(before);
    expect(await client.call('sessions.describe', { key: 's' })).toMatchObject({ session: { hasActiveRun: true } });
    expect(await client.call('chat.abort', { sessionKey: 's' })).toMatchObject({ aborted: true });
  });

  it('that is sent again does not end what it began', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await startTwo(gateway, client);
    const params = { message: '/new start', sessionKey: 's', idempotencyKey: 'n' };
    gateway.upstream.answer(begin('begun', () => undefined));
    expect((await client.answer(client.send('agent', params))).payload).toMatchObject({ status: 'accepted' });
    expect(await client.end('working')).toMatchObject({ state: 'aborted', stopReason: 'reset' });
    await words(client, 'n');
    for (const _ of [1, 2])
      expect((await client.answer(client.send('agent', params))).payload).toMatchObject({ status: 'in_flight' });
    expect(await rows(client, 's')).toEqual(['system: The conversation was reset.', 'user: start']);
    await client.call('chat.abort', { sessionKey: 's' });
    expect(await client.end('n')).toMatchObject({ state: 'aborted', stopReason: 'rpc' });
  });
});

describe('abort', () => {
  it.each<[string, Parameters<TestGateway['upstream']['answer']>[0]]>([
    ['before the provider answers', () => undefined],
    ['between its head and its first word', (_request, res) => void res.writeHead(200).flushHeaders()],
    ['while it refuses at length', (_request, res) => void res.writeHead(500).write('{"error":')],
    [
      'in the middle of a tool call',
      (_request, res) => void res.write('data: {"choices":[{"delta":{"tool_calls":[{"in'),
    ],
  ])('ends a run %s, and its session goes on', async (_stage, answer) => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(answer);
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    await expect.poll(() => gateway.upstream.requests.length).toBe(1);
    expect(await client.call('chat.abort', { sessionKey: 's' })).toMatchObject({ aborted: true, runIds: ['k'] });
    expect(await client.end('k')).toMatchObject({ state: 'aborted', stopReason: 'rpc' });
    await gateway.upstream.requests[0]?.hungUp;
    expect(await client.call('chat.abort', { sessionKey: 's' })).toMatchObject({ aborted: false });
    gateway.upstream.answer(reply('on'));
    await client.call('chat.send', { sessionKey: 's', message: 'y', idempotencyKey: 'k2' });
    expect(await client.end('k2')).toMatchObject({ state: 'final' });
    await expectNoFaults(gateway);
  });

  it('in the packet of the message ends a run that has not begun', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const sent = client.send('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    const aborted = client.send('chat.abort', { sessionKey: 's' });
    expect((await client.answer(sent)).payload).toMatchObject({ status: 'started' });
    expect((await client.answer(aborted)).payload).toMatchObject({ aborted: true, runIds: ['k'] });
    expect(await client.end('k')).toMatchObject({ state: 'aborted' });
    expect(await rows(client, 's')).toEqual(['user: x']);
    await client.call('chat.send', { sessionKey: 's', message: 'y', idempotencyKey: 'k2' });
    expect(await client.end('k2')).toMatchObject({ state: 'final' });
  });

  it('between two turns leaves calls with results, so that the provider takes the conversation again', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer((request, res) => {
      if (gateway.upstream.requests.length === 1)
        replyWithCalls({ id: 'c1', name: 'agents_list', args: {} }, { id: 'c2', name: 'no_such', args: {} })(
          request,
          res,
        );
    });
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k' });
    await expect.poll(() => gateway.upstream.requests.length).toBe(2);
    await client.call('chat.abort', { sessionKey: 's' });
    expect(await client.end('k')).toMatchObject({ state: 'aborted' });
    gateway.upstream.answer(reply('on'));
    await client.call('chat.send', { sessionKey: 's', message: 'y', idempotencyKey: 'k2' });
    expect(await client.end('k2')).toMatchObject({ state: 'final' });
    const { messages } = gateway.upstream.requests.at(-1)?.body ?? {};
    const called = messages.flatMap((message: { tool_calls?: { id: string }[] }) => message.tool_calls ?? []);
    const answered = messages.flatMap((message: { tool_call_id?: string }) => message.tool_call_id ?? []);
    expect(called.map(({ id }: { id: string }) => id)).toEqual(answered);
  });
});

describe('a caller over HTTP', () => {
  it.each([true, false])(
    'that hangs up (stream: %s) in the middle ends its run within half a second',
    async (stream) => {
      await using gateway = await startTestGateway();
      const leaving = new AbortController();
      gateway.upstream.answer(begin('half', () => leaving.abort()));
      const asked = fetch(`${gateway.http}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ stream, messages: [{ role: 'user', content: 'x' }] }),
        signal: leaving.signal,
      }).then((answer) => answer.text());
      await expect(asked).rejects.toThrow();
      await expect.poll(() => gateway.upstream.requests.length).toBe(1);
      await gateway.upstream.requests[0]?.hungUp;
      await using client = await openSocket(gateway.url);
      await expect.poll(() => client.call('status')).toMatchObject({ runs: { active: 0, queued: 0 } });
      await expectNoFaults(gateway);
    },
  );
});
