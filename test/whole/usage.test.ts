import { expect, it } from 'vitest';
import type { SessionsUsage } from '../../sdk/protocol/usage-report.ts';
import type { CostSummary } from '../../sdk/protocol/usage-sums.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from './process.ts';

it('kill -9 loses no tokens of a run that has ended, counts none twice, and leaves a half-made summary out', async () => {
  await using folder = await scratch();
  await using upstream = await startUpstream(reply('ok'));
  const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
  const ended = new Set<string>();
  for (const round of [0, 1, 2]) {
    upstream.answer(reply('ok'));
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url);
    for (const n of [0, 1, 2]) {
      const runId = `r${round}-${n}`;
      await client.call('chat.send', { sessionKey: 'main', message: runId, idempotencyKey: runId });
      await client.end(runId);
      ended.add(runId);
    }
    const called = Promise.withResolvers<void>();
    upstream.answer(begin('half a summary', () => called.resolve()));
    client.send('sessions.compact', { key: 'main' });
    await called.promise;
    await gateway.kill();
  }
  await using gateway = await spawnGateway(start);
  await using client = await openSocket(gateway.url);
  const { totals } = await client.call<CostSummary>('usage.cost');
  expect(totals.totalTokens).toBe(ended.size * 12);
  const { sessions } = await client.call<SessionsUsage>('sessions.usage');
  expect(sessions[0]?.usage).toMatchObject({ totalTokens: ended.size * 12, messageCounts: { total: ended.size * 2 } });
  expect(await client.call('chat.history', { sessionKey: 'main' })).toMatchObject({
    totalMessages: ended.size * 2,
    sessionInfo: { compactionCount: 0, hasActiveRun: false },
  });
  upstream.answer(reply('in short'));
  expect(await client.call('sessions.compact', { key: 'main' })).toMatchObject({ compacted: true });
});
