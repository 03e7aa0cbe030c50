import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, reply, replyWithCalls, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from './process.ts';

const texts = (page: HistoryPage) =>
  page.messages.map(({ role, content }) => [role, content[0]?.type === 'text' ? content[0].text : '']);

describe('kill -9', () => {
  it('marks the run, keeps what was said on both sides, and goes on', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(begin('half a reply', () => undefined));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    let seen = 0;
    {
      await using gateway = await spawnGateway(start);
      await using client = await openSocket(gateway.url);
      await client.call('chat.send', { sessionKey: 'main', message: 'first', idempotencyKey: 'k1' });
      const words = () => client.told('agent').find((event) => event.stream === 'assistant');
      await client.until('the first words', words);
      // Reading the log writes what waits to be written.
      const { events } = await client.call<{ events: RunEvent[] }>('runs.events', { runId: 'k1' });
      seen = events.at(-1)?.seq ?? 0;
      await client.call('chat.send', { sessionKey: 'main', message: 'second', idempotencyKey: 'k2' });
      await gateway.kill();
    }
    upstream.answer(reply('here again'));
    await using gateway = await spawnGateway(start);
    expect(gateway.output()).toContain('interrupted');
    await using client = await openSocket(gateway.url);
    expect(texts(await client.call<HistoryPage>('chat.history', { sessionKey: 'main' }))).toEqual([
      ['user', 'first'],
      ['assistant', 'half a reply'],
      ['user', 'second'],
      ['assistant', ''],
    ]);
    expect(await client.call('sessions.describe', { key: 'main' })).toMatchObject({
      session: { hasActiveRun: false, status: 'failed', lastRunError: expect.stringContaining('interrupted') },
    });
    expect(await client.call('agent.wait', { runId: 'k1' })).toMatchObject({ status: 'error', stopReason: 'crash' });
    expect(
      await client.call('chat.send', { sessionKey: 'main', message: 'first', idempotencyKey: 'k1' }),
    ).toMatchObject({
      status: 'error',
      summary: expect.stringContaining('interrupted'),
    });
    const { run, events } = await client.call<{ run: object; events: RunEvent[] }>('runs.events', {
      runId: 'k1',
      after: seen,
    });
    expect(run).toMatchObject({ status: 'interrupted', text: 'half a reply' });
    expect(events.length).toBeGreaterThan(0);
    expect(events.every((event) => event.seq > seen)).toBe(true);
    await client.call('chat.send', { sessionKey: 'main', message: 'third', idempotencyKey: 'k3' });
    expect(await client.end('k3')).toMatchObject({ state: 'final', message: { content: [{ text: 'here again' }] } });
  });

  it('ends every message that waited once, in whatever mode, and shows each in the conversation once', async () => {
    await using folder = await scratch();
    const modes = ['steer', 'followup', 'collect', 'followup'] as const;
    const calls = Promise.withResolvers<void>();
    await using upstream = await startUpstream(async (request, res) => {
      await calls.promise;
      replyWithCalls({ id: 'c1', name: 'agents_list', args: {} })(request, res);
    });
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    {
      await using gateway = await spawnGateway(start);
      await using client = await openSocket(gateway.url);
      const send = (idempotencyKey: string, queueMode?: string) =>
        client.call('chat.send', { sessionKey: 'main', message: idempotencyKey, idempotencyKey, queueMode });
      await send('one');
      await expect.poll(() => upstream.requests.length).toBe(1);
      for (const [index, mode] of modes.entries()) await send(`w${index}`, mode);
      await client.call('chat.abort', { sessionKey: 'main', runId: 'w3' });
      // The steered message goes into the run, and the provider then says nothing more.
      upstream.answer(begin('half', () => undefined));
      calls.resolve();
      await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
      await client.call('runs.events', { runId: 'w0' });
      await gateway.kill();
    }
    upstream.answer(reply('here again'));
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url);
    const page = await client.call<HistoryPage>('chat.history', {
      sessionKey: 'main',
      inputRunIds: ['w0', 'w1', 'w2'],
    });
    expect(texts(page).filter(([role]) => role === 'user')).toEqual(
      ['one', 'w0', 'w1', 'w2'].map((message) => ['user', message]),
    );
    expect(page.inputReceipts?.map(({ state }) => state)).toEqual(['consumed', 'consumed', 'consumed']);
    expect(page.pendingInputs.items.map(({ runId, state }) => [runId, state])).toEqual([['w3', 'cancelled']]);
    for (const runId of ['one', 'w0', 'w1', 'w2'])
      expect(await client.call('agent.wait', { runId })).toMatchObject({ status: 'error', stopReason: 'crash' });
    expect(await client.call('agent.wait', { runId: 'w0' })).toMatchObject({ answeredBy: 'one' });
    expect(await client.call('agent.wait', { runId: 'w3' })).toMatchObject({ status: 'error', error: 'aborted' });
    await client.call('chat.send', { sessionKey: 'main', message: 'again', idempotencyKey: 'again' });
    expect(await client.end('again')).toMatchObject({ state: 'final', message: { content: [{ text: 'here again' }] } });
    expect(await client.call<HistoryPage>('chat.history', { sessionKey: 'main' })).toMatchObject({
      pendingInputs: { total: 0 },
      sessionInfo: { hasActiveRun: false, status: 'done' },
    });
  });

  it('loses no accepted message and keeps none twice, whenever it comes', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('ok'));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    const accepted = new Set<string>();
    for (const round of [0, 1, 2]) {
      await using gateway = await spawnGateway(start);
      const client = await openSocket(gateway.url);
      const killAfter = 5 + round * 13;
      const killed = Promise.withResolvers<void>();
      let acknowledged = 0;
      client.socket.on('message', (raw) => {
        const frame = JSON.parse(String(raw));
        if (frame.type !== 'res' || frame.payload?.status !== 'started') return;
        accepted.add(frame.payload.runId);
        if (++acknowledged === killAfter) void gateway.kill().then(killed.resolve);
      });
      for (let i = 0; i < 60; i++) {
        const idempotencyKey = `round-${round}-${i}`;
        client.send('chat.send', { sessionKey: `s${i % 4}`, message: idempotencyKey, idempotencyKey });
      }
      await killed.promise;
    }
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url);
    const stored: string[] = [];
    for (const sessionKey of ['s0', 's1', 's2', 's3']) {
      const page = await client.call<HistoryPage>('chat.history', { sessionKey, limit: 1000 });
      stored.push(...texts(page).flatMap(([role, text]) => (role === 'user' && text ? [text] : [])));
    }
    expect(accepted.size).toBeGreaterThanOrEqual(5 + 18 + 31);
    expect(new Set(stored).size).toBe(stored.length);
    expect([...accepted].filter((id) => !stored.includes(id))).toEqual([]);
  });
});

describe('SIGTERM', () => {
  it('says goodbye to every client, ends what works as interrupted, and exits with 0', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('done in time'));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url, { scopes: ['nothing.at.all'] });
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      client.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    gateway.signal('SIGTERM');
    expect(await closed).toEqual({ code: 1012, reason: 'service restart' });
    expect(client.told('shutdown')).toEqual([{ reason: 'gateway stopping' }]);
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a second gateway', () => {
  it('is refused on the same port, and in the same state directory', { timeout: 90_000 }, async () => {
    await using folder = await scratch();
    await using other = await scratch();
    await using upstream = await startUpstream(reply('x'));
    const port = await findFreePort();
    const config = withUpstream(upstream.url);
    await using gateway = await spawnGateway({ stateDir: folder.path, port, config });
    // Another port in the file would be taken by the one that runs.
    const args = ['--port', String(await findFreePort())];
    // Both wait for what is taken, ten seconds and five.
    const starting = spawnGateway({ stateDir: folder.path, port, config, args, keepConfig: true });
    await using samePort = await spawnGateway({ stateDir: other.path, port, config });
    await using sameState = await starting;
    expect((await samePort.exited).code).toBe(1);
    expect(samePort.output()).toContain(`another gateway instance is already listening on ws://127.0.0.1:${port}`);
    expect((await sameState.exited).code).toBe(1);
    expect(sameState.output()).toContain(`gateway already running (pid ${gateway.pid}); lock timeout after 5000ms`);
    await using client = await openSocket(gateway.url);
    expect(await client.call('health')).toMatchObject({ ok: true });
  });
});
