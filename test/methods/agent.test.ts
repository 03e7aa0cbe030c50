import { describe, expect, it } from 'vitest';
import { startTestGateway } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { begin, refuse, reply, replyWithCalls } from '../upstream.ts';

describe('agent', () => {
  it('answers twice on one id: accepted, then the end', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const id = client.send('agent', { message: 'hi', idempotencyKey: 'k1' });
    expect(await client.answer(id, 0)).toMatchObject({
      ok: true,
      payload: {
        runId: 'k1',
        status: 'accepted',
        sessionKey: 'agent:main:main',
        agentId: 'main',
        acceptedAt: expect.any(Number),
      },
    });
    expect(await client.answer(id, 1)).toMatchObject({
      ok: true,
      payload: {
        runId: 'k1',
        status: 'ok',
        summary: 'completed',
        result: {
          payloads: [{ text: 'Hello from upstream' }],
          meta: { agentMeta: { provider: 'up', model: 'one', usage: { total: 12 } } },
        },
      },
    });
    expect(await client.call('agent', { message: 'hi', idempotencyKey: 'k1' })).toMatchObject({
      status: 'ok',
      result: { payloads: [{ text: 'Hello from upstream' }] },
    });
    expect(await client.call('agent.wait', { runId: 'k1', timeoutMs: 1000 })).toMatchObject({
      runId: 'k1',
      status: 'ok',
      endedAt: expect.any(Number),
    });
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it('fails in the second answer, with payload and error', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(refuse(400, 'this is not how to ask'));
    const id = client.send('agent', { message: 'hi', idempotencyKey: 'k1' });
    expect((await client.answer(id, 0)).ok).toBe(true);
    expect(await client.answer(id, 1)).toMatchObject({
      ok: false,
      payload: { runId: 'k1', status: 'error', summary: expect.stringContaining('this is not how to ask') },
      error: { code: 'UNAVAILABLE', details: { code: 'MODEL_FAILED', httpStatus: 400, provider: 'up' } },
    });
  });

  it('survives the socket that asked for it, and can be read from any sequence number by another', async () => {
    await using gateway = await startTestGateway();
    const go = Promise.withResolvers<void>();
    gateway.upstream.answer(
      begin('one ', async (_send, res) => {
        await go.promise;
        await reply('two')(undefined as never, Object.assign(res, { writeHead: () => res }));
      }),
    );
    const first = await openSocket(gateway.url);
    await first.call('agent', { message: 'hi', idempotencyKey: 'k1' });
    const { seq } = await first.until('the first words', () =>
      first.told('agent').find((event) => event.stream === 'assistant'),
    );
    await first[Symbol.asyncDispose]();
    go.resolve();
    await using second = await openSocket(gateway.url, { scopes: ['operator.write'] });
    expect(await second.call('agent.wait', { runId: 'k1' })).toMatchObject({ status: 'ok' });
    const { run, events } = await second.call<{ run: object; events: { seq: number; stream: string; data: object }[] }>(
      'runs.events',
      { runId: 'k1', after: seq },
    );
    expect(run).toMatchObject({ status: 'ok', text: 'one two' });
    expect(events[0]).toMatchObject({ seq: seq + 1, stream: 'assistant', data: { delta: 'two', text: 'one two' } });
    expect(events.at(-1)).toMatchObject({ stream: 'lifecycle', data: { phase: 'end' } });
    expect((await second.refused('runs.events', { runId: 'never' })).details).toMatchObject({ code: 'UNKNOWN_RUN' });
  });

  it("shows a tool's arguments and result only to the connection that asked, if it can take them", async () => {
    await using gateway = await startTestGateway();
    await using asks = await openSocket(gateway.url, { caps: ['tool-events'] });
    await using watches = await openSocket(gateway.url, { caps: ['tool-events'] });
    let turn = 0;
    gateway.upstream.answer((request, res) =>
      (turn++ === 0 ? replyWithCalls({ id: 'c1', name: 'sessions_list', args: { limit: 5 } }) : reply('there is one'))(
        request,
        res,
      ),
    );
    await asks.call('agent', { message: 'which sessions?', idempotencyKey: 'k1' });
    await Promise.all([asks.end('k1'), watches.end('k1')]);
    const streams = (client: typeof asks) => client.told('agent').map((event) => event.stream);
    expect(streams(asks).filter((stream) => stream === 'tool')).toHaveLength(2);
    expect(streams(watches)).not.toContain('tool');
    expect(streams(watches).filter((stream) => stream === 'item')).toHaveLength(2);
    const result = asks.told('agent').find((event) => event.data.phase === 'result');
    expect(JSON.parse(String(result?.data.result))).toMatchObject({ total: 1, sessions: [{ key: 'agent:main:main' }] });
    expect(JSON.stringify(gateway.upstream.requests[1]?.body.messages.at(-1))).toContain('agent:main:main');
  });

  it('chooses agent, session and model, and says what it does not know', async () => {
    await using gateway = await startTestGateway({
      config: {
        agents: { entries: { main: {}, ops: { model: 'up/two', name: 'Ops' } }, defaults: { model: 'up/one' } },
      },
    });
    await using client = await openSocket(gateway.url);
    const ask = async (params: object, key: string) => {
      const id = client.send('agent', { message: 'hi', idempotencyKey: key, ...params });
      await client.answer(id, 1);
      return gateway.upstream.requests.at(-1)?.body.model;
    };
    expect(await ask({}, 'a')).toBe('one');
    expect(await ask({ agentId: 'ops' }, 'b')).toBe('two');
    expect(await ask({ sessionKey: 'agent:ops:x' }, 'c')).toBe('two');
    expect(await ask({ provider: 'up', model: 'three' }, 'd')).toBe('three');
    expect(await client.refused('agent', { message: 'x', idempotencyKey: 'e', agentId: 'nobody' })).toMatchObject({
      details: { code: 'UNKNOWN_AGENT_ID', agentId: 'nobody' },
      message: expect.stringContaining('main, ops'),
    });
    expect(await client.refused('agent', { message: 'x', idempotencyKey: 'f', model: 'nowhere/x' })).toMatchObject({
      details: { code: 'MODEL_NOT_FOUND' },
    });
    expect(
      await client.refused('agent', { message: 'x', idempotencyKey: 'g', agentId: 'main', sessionKey: 'agent:ops:x' }),
    ).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('finds the conversation by its id, and refuses one that is another by now', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const { sessionId } = await client.call<{ sessionId: string }>('sessions.create', { key: 'work' });
    const accepted = await client.call('agent', { message: 'hi', idempotencyKey: 'a', sessionId });
    expect(accepted).toMatchObject({ sessionKey: 'agent:main:work' });
    for (const params of [{ sessionId: 'nobody' }, { sessionKey: 'work', expectedExistingSessionId: 'stale' }])
      expect((await client.refused('agent', { message: 'hi', idempotencyKey: 'b', ...params })).code).toBe(
        'INVALID_REQUEST',
      );
    const stale = { sessionKey: 'work', message: 'hi', idempotencyKey: 'c', sessionId: 'stale' };
    expect((await client.refused('chat.send', stale)).details).toMatchObject({ reason: 'session-changed' });
  });

  it('starts afresh on /new, which needs an admin', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await using writer = await openSocket(gateway.url, { scopes: ['operator.write'] });
    await client.answer(client.send('agent', { message: 'remember', idempotencyKey: 'a' }), 1);
    expect(await writer.refused('agent', { message: '/new', idempotencyKey: 'b' })).toMatchObject({
      code: 'FORBIDDEN',
      details: { missingScope: 'operator.admin' },
    });
    await client.answer(client.send('agent', { message: '/new and now?', idempotencyKey: 'c' }), 1);
    expect(JSON.stringify(gateway.upstream.requests.at(-1)?.body)).not.toContain('remember');
    expect(gateway.upstream.requests.at(-1)?.body.messages.at(-1)).toMatchObject({ role: 'user', content: 'and now?' });
  });
});
