import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { methods } from '../../sdk/protocol/contract.ts';
import type { HealthSnapshot } from '../../sdk/protocol/health.ts';
import { handledMethods } from '../../server/methods/table.ts';
import { startTestGateway, token, upstreamKey } from '../gateway.ts';
import { openSocket } from '../socket.ts';

describe('the gateway', () => {
  it('handles exactly what the contract declares', () => {
    expect([...handledMethods].sort()).toEqual([...methods.keys()].sort());
  });

  it('says how it is, to everybody who may ask', async () => {
    const models = [{ id: 'one', name: 'One', contextWindow: 100_000 }];
    await using gateway = await startTestGateway({
      config: {
        models: { providers: { up: { baseUrl: 'http://127.0.0.1:1/v1', api: 'openai-completions', models } } },
      },
    });
    await using client = await openSocket(gateway.url);
    expect(await client.call<HealthSnapshot>('health')).toMatchObject({
      ok: true,
      defaultAgentId: 'main',
      agents: [{ agentId: 'main', isDefault: true }],
    });
    expect(await client.call('status')).toMatchObject({
      runtimeVersion: '0.0.0-test',
      pid: process.pid,
      models: [{ agentId: 'main', model: 'up/one' }],
      runs: { active: 0, queued: 0 },
      sessions: { defaults: { model: 'up/one', contextTokens: 100_000 } },
    });
    expect(await client.call('system-presence')).toMatchObject([{ mode: 'gateway', reason: 'self' }]);
    expect(await client.call('agents.list')).toMatchObject({
      defaultId: 'main',
      mainKey: 'main',
      scope: 'per-sender',
      agents: [{ id: 'main', model: { primary: 'up/one' } }],
    });
    expect(await client.call('models.list', { provider: 'up' })).toMatchObject({
      models: [{ id: 'one', provider: 'up', available: true }],
    });
    await using nobody = await openSocket(gateway.url, { scopes: ['something.else'] });
    expect(nobody.hello.auth.scopes).toEqual(['something.else']);
    expect(await nobody.call('health')).toMatchObject({ ok: true });
    expect((await nobody.refused('status')).code).toBe('FORBIDDEN');
  });

  it('shows its configuration and its log without a secret', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const config = await client.call('config.get');
    expect(config).toMatchObject({
      exists: true,
      valid: true,
      raw: null,
      config: { gateway: { auth: { token: '__OPENCLAW_REDACTED__' } } },
    });
    expect(config.configRevisionHash).toBe(config.appliedConfigHash);
    expect(config.hash).toMatch(/^hmac-sha256:v1:[\w-]{43}$/);
    const log = await client.call<{ lines: string[]; cursor: number; file: string }>('logs.tail', { limit: 50 });
    expect(log.lines.some((line) => JSON.parse(line).message.includes('ready'))).toBe(true);
    expect(log.file).toBe(gateway.logFile);
    for (const text of [JSON.stringify(config), log.lines.join('\n')])
      for (const secret of [token, upstreamKey]) expect(text).not.toContain(secret);
  });

  it('keeps its state to itself', async () => {
    await using gateway = await startTestGateway({ config: { gateway: {} } });
    for (const name of ['openclaw.db', 'gateway.json'])
      expect((await stat(`${gateway.paths.stateDir}/${name}`)).mode & 0o077, name).toBe(0);
  });
});
