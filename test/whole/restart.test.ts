import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HealthSnapshot } from '../../sdk/protocol/health.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from './process.ts';
import { closeOf, openSoon } from './soon.ts';

async function start(folder: string) {
  const port = await findFreePort();
  const upstream = await startUpstream(begin('half', () => undefined));
  const gateway = await spawnGateway({ stateDir: folder, port, config: withUpstream(upstream.url) });
  const path = join(folder, 'openclaw.json');
  const change = async (edit: (config: Record<string, Record<string, unknown>>) => void) => {
    const config = JSON.parse(await readFile(path, 'utf8'));
    edit(config);
    await writeFile(path, JSON.stringify(config));
  };
  return {
    gateway,
    path,
    change,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe('a restart in the process', () => {
  it('tells every client, reads the configuration anew, also the port, and keeps the process and what is on disk', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { gateway } = setting;
    await using client = await openSocket(gateway.url);
    await using nobody = await openSocket(gateway.url, { scopes: [] });
    await client.call('sessions.create', { key: 'agent:main:kept' });
    const before = await client.call('gateway.identity.get');
    const port = await findFreePort();
    await setting.change((config) => {
      config.gateway = { ...config.gateway, port };
      config.agents = { ...config.agents, entries: { second: {} } };
    });
    const closed = Promise.all([closeOf(client), closeOf(nobody)]);
    const answer = await client.call('gateway.restart.request', { reason: 'a new port', delayMs: 0 });
    expect(answer).toMatchObject({
      ok: true,
      status: 'scheduled',
      preflight: { safe: true },
      restart: { ok: true, pid: gateway.pid, mode: 'in-process', coalesced: false, cooldownMsApplied: 0 },
    });
    expect(await closed).toEqual([
      { code: 1012, reason: 'service restart' },
      { code: 1012, reason: 'service restart' },
    ]);
    for (const each of [client, nobody])
      expect(each.told('shutdown')).toEqual([{ reason: 'gateway restarting', restartExpectedMs: 1500 }]);

    await using again = await openSoon(`ws://127.0.0.1:${port}`);
    expect(again.hello.server.bootId).not.toBe(client.hello.server.bootId);
    const health = await again.call<HealthSnapshot>('health');
    expect(health).toMatchObject({
      defaultAgentId: 'second',
      lastRestart: { kind: 'restart', status: 'ok', reason: 'a new port' },
    });
    expect(await again.call('status')).toMatchObject({ pid: gateway.pid });
    expect(await again.call('gateway.identity.get')).toEqual(before);
    expect(await again.call('sessions.describe', { key: 'agent:main:kept' })).toMatchObject({
      session: { key: 'agent:main:kept' },
    });
    // The next one comes no sooner than 30 s after this one.
    const next = await again.call<{ restart: { delayMs: number; cooldownMsApplied: number } }>(
      'gateway.restart.request',
    );
    expect(next.restart.cooldownMsApplied).toBeGreaterThan(0);
    expect(next.restart.delayMs).toBeLessThanOrEqual(30_000);
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });

  it('with a configuration that is invalid keeps the one from before, and says so', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { gateway } = setting;
    await using client = await openSocket(gateway.url);
    await writeFile(setting.path, "{ gateway: { mode: 'local', nonsense: 1 } }");
    const closed = closeOf(client);
    gateway.signal('SIGUSR2');
    expect((await closed).code).toBe(1012);
    await using again = await openSoon(gateway.url);
    const problem = { status: 'error', reason: 'SIGUSR2', message: expect.stringContaining('nonsense') };
    expect(await again.call('health')).toMatchObject({ lastRestart: problem });
    expect(await again.call('status')).toMatchObject({ pid: gateway.pid, lastRestart: problem });
    const { lines } = await again.call<{ lines: string[] }>('logs.tail');
    expect(lines.some((line) => line.includes('configuration from before') && line.includes('nonsense'))).toBe(true);
    const { events } = await again.call<{ events: object[] }>('diagnostics.stability', { type: 'gateway.restart' });
    expect(events).toMatchObject([{ reason: 'SIGUSR2', action: 'error' }]);
  });

  it('onto a port that somebody else has keeps the one from before', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { gateway } = setting;
    await using client = await openSocket(gateway.url);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await setting.change((config) => {
      config.gateway = { ...config.gateway, port };
    });
    const closed = closeOf(client);
    await client.call('gateway.restart.request', { delayMs: 0 });
    await closed;
    await using again = await openSoon(gateway.url);
    expect(await again.call('health')).toMatchObject({
      lastRestart: { status: 'error', message: expect.stringContaining(`${port}`) },
    });
    other.close();
  });

  it('says beforehand which run it would interrupt, and gives way to a signal to stop', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { gateway } = setting;
    await using client = await openSocket(gateway.url);
    expect(await client.call('gateway.restart.preflight')).toMatchObject({ safe: true });
    await client.call('chat.send', { sessionKey: 'main', message: 'go', idempotencyKey: 'k' });
    await client.until('the first words', () => client.told('agent').find(({ stream }) => stream === 'assistant'));
    expect(await client.call('gateway.restart.preflight')).toMatchObject({
      safe: false,
      counts: { embeddedRuns: 1, totalActive: 1 },
      blockers: [{ kind: 'embedded-run', count: 1 }],
    });
    await client.call('gateway.restart.request', { delayMs: 600_000 });
    gateway.signal('SIGTERM');
    await client.call('chat.abort', { sessionKey: 'main' });
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });
});
