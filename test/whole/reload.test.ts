import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { ConfigReloaded, ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import { scratch } from '../scratch.ts';
import { agentIds, patience, startEdited } from './edited.ts';
import { findFreePort } from './process.ts';
import { closeOf, isOpen, openSoon } from './soon.ts';

describe('an invalid edit', () => {
  it('changes nothing, is told in the log, health and status, and is forgotten when the file is valid again', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, path } = setting;
    const good = await readFile(path, 'utf8');
    const bad = "{\n  gateway: { mode: 'local', nonsense: 1 },\n  agents: { entries: { second: {} } },\n}\n";
    await setting.write(bad);
    const fault = { ts: expect.any(Number), message: expect.stringContaining('openclaw.json:2:29 — gateway') };
    await expect.poll(setting.state, patience).toEqual({ hotReloadStatus: 'active', mode: 'hybrid', fault });
    expect(await client.call('health', { probe: true })).toMatchObject({ configReload: { fault } });
    expect(await agentIds(client)).toEqual(['main']);
    expect(await readFile(path, 'utf8')).toBe(bad);
    expect(await setting.log()).toContain(`config reload skipped (invalid config): ${path}:2:29 — gateway`);
    expect(client.told('health').at(-1)).toMatchObject({ configReload: { fault } });
    await setting.write(good);
    await expect.poll(setting.state, patience).toEqual({ hotReloadStatus: 'active', mode: 'hybrid' });
    await setting.change('agents', { entries: { second: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    expect(client.told('shutdown')).toEqual([]);
  });

  it('is also a file that is gone, or in which the gateway is none any more', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const good = await readFile(setting.path, 'utf8');
    const fault = async () => (await setting.state()).fault?.message;
    await unlink(setting.path);
    await expect.poll(fault, patience).toContain('not there any more');
    await writeFile(setting.path, good);
    await expect.poll(fault, patience).toBeUndefined();
    await setting.change('gateway', { mode: 'remote' });
    await expect.poll(fault, patience).toContain('set gateway.mode=local');
    await setting.change('gateway', { mode: 'local' });
    await expect.poll(fault, patience).toBeUndefined();
  });

  it('of an included file is told with its place, and a missing one is taken when it comes', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client } = setting;
    const part = join(folder.path, 'agents.json5');
    const file = JSON.parse(await readFile(setting.path, 'utf8'));
    await setting.write(JSON.stringify({ ...file, agents: { $include: './agents.json5' } }));
    const fault = async () => (await setting.state()).fault?.message;
    await expect.poll(fault, patience).toContain('agents.json5');
    await writeFile(part, "{ defaults: { model: 'up/one' }, entries: { second: {} } }");
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    await writeFile(part, "{\n  defaults: { nonsense: 'up/one' } }");
    await expect.poll(fault, patience).toMatch(/agents\.json5:2:\d+/);
    await writeFile(part, '{ entries: { third: {} } }');
    await expect.poll(() => agentIds(client), patience).toEqual(['third']);
    expect(await fault()).toBeUndefined();
  });
});

describe('an edit that names a log which cannot be written', () => {
  it('is refused, told in the log that goes on, and nothing of it is applied', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client } = setting;
    const before = await readFile(setting.path, 'utf8');
    const file = JSON.parse(before);
    // Neither is a place for a file, whoever asks.
    for (const wanted of [folder.path, join(setting.path, 'below', 'gateway.log')]) {
      await setting.write(JSON.stringify({ ...file, logging: { file: wanted }, agents: { entries: { second: {} } } }));
      const fault = async () => (await setting.state()).fault?.message;
      await expect.poll(fault, patience).toContain(`cannot write the log file ${wanted}`);
      expect(await setting.log()).toContain(
        `config reload skipped (invalid config): cannot write the log file ${wanted}`,
      );
    }
    expect(await agentIds(client)).toEqual(['main']);
    expect(await client.call('logs.tail')).toMatchObject({ file: join(folder.path, 'gateway.log') });
    await setting.write(before);
    await expect.poll(async () => (await setting.state()).fault, patience).toBeUndefined();
    expect(client.told('shutdown')).toEqual([]);
  });
});

describe('a change that takes a restart', { timeout: 90_000 }, () => {
  it('restarts in the process, with the new port, in mode hybrid', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway } = setting;
    const port = await findFreePort();
    const closed = closeOf(client);
    await setting.change('gateway', { port });
    expect(await closed).toEqual({ code: 1012, reason: 'service restart' });
    expect(client.told('shutdown')).toEqual([{ reason: 'gateway restarting', restartExpectedMs: 1500 }]);
    await using again = await openSoon(`ws://127.0.0.1:${port}`);
    expect(await again.call('status')).toMatchObject({
      pid: gateway.pid,
      lastRestart: { status: 'ok', reason: 'config' },
      configReload: { hotReloadStatus: 'active', mode: 'hybrid' },
    });
    expect(await isOpen(gateway.url)).toBe(false);
    expect(await setting.log()).toContain('config change requires gateway restart (gateway.port)');
  });

  // Elsewhere loopback has one address only.
  it.runIf(process.platform === 'linux')('restarts with the new bind, of which the port is open by then', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway, port } = setting;
    const elsewhere = `ws://127.0.0.2:${port}`;
    expect(await isOpen(elsewhere)).toBe(false);
    const closed = closeOf(client);
    await setting.change('gateway', { bind: 'custom', customBindHost: '127.0.0.2' });
    expect((await closed).code).toBe(1012);
    await using again = await openSoon(elsewhere);
    expect(await again.call('status')).toMatchObject({ pid: gateway.pid, lastRestart: { status: 'ok' } });
    expect(await isOpen(gateway.url)).toBe(true);
    expect(await setting.log()).toMatch(/requires gateway restart \(gateway\.bind, gateway\.customBindHost\)/);
  });

  it('restarts with TLS, and without it the port answers nobody any more', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path);
    const { client, gateway, port } = setting;
    const closed = closeOf(client);
    await setting.change('gateway', { tls: { enabled: true } });
    expect((await closed).code).toBe(1012);
    const certificate = () =>
      new Promise<string | undefined>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
        socket.once('error', () => resolve(undefined));
      });
    await expect.poll(certificate, patience).toBeDefined();
    const runtime = JSON.parse(await readFile(join(folder.path, 'gateway.json'), 'utf8'));
    expect(runtime).toMatchObject({ pid: gateway.pid, url: `wss://127.0.0.1:${port}` });
    expect(runtime.tlsFingerprint).toBe(await certificate());
    expect(await isOpen(gateway.url)).toBe(false);
  });

  it('is left alone in mode hot, and told, while the rest of the edit is applied', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path, { gateway: { reload: { mode: 'hot' } } });
    const { client, port } = setting;
    const other = await findFreePort();
    const file = JSON.parse(await readFile(setting.path, 'utf8'));
    const edited = { ...file, gateway: { ...file.gateway, port: other }, agents: { entries: { second: {} } } };
    await setting.write(JSON.stringify(edited));
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    expect(await setting.state()).toEqual({
      hotReloadStatus: 'active',
      mode: 'hot',
      restartPending: ['gateway.port'],
    });
    expect(await client.call('config.get')).toMatchObject({
      config: { gateway: { port: other } },
      runtimeConfig: { gateway: { port } },
    });
    expect(await setting.log()).toContain('config change requires gateway restart (gateway.port)');
    await setting.write(JSON.stringify({ ...edited, gateway: file.gateway }));
    await expect.poll(setting.state, patience).toEqual({ hotReloadStatus: 'active', mode: 'hot' });
    expect(client.told('shutdown')).toEqual([]);
  });

  it('restarts in mode restart too, where what is hot is applied', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path, { gateway: { reload: { mode: 'restart' } } });
    const { client } = setting;
    await setting.change('agents', { entries: { second: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    const closed = closeOf(client);
    await setting.change('gateway', { port: await findFreePort() });
    expect((await closed).code).toBe(1012);
  });

  it('ends the process with 0 where a supervisor starts the next one', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path, {}, { OPENCLAW_SERVICE_MARKER: 'openclaw' });
    const { client, gateway } = setting;
    await setting.change('gateway', { port: await findFreePort() });
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(client.told('shutdown')).toEqual([{ reason: 'gateway restarting', restartExpectedMs: 7000 }]);
  });

  it('restarts in the process in a container, whose engine has a supervisor that the gateway has not', async () => {
    await using folder = await scratch();
    const env = { INVOCATION_ID: '5d4b8f0e', KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    await using setting = await startEdited(folder.path, {}, env);
    const { client, gateway } = setting;
    const port = await findFreePort();
    const closed = closeOf(client);
    await setting.change('gateway', { port });
    expect((await closed).code).toBe(1012);
    await using again = await openSoon(`ws://127.0.0.1:${port}`);
    expect(await again.call('status')).toMatchObject({ pid: gateway.pid });
  });

  it('that leads to a port which somebody else has is tried once, and told as long as the file says so', async () => {
    await using folder = await scratch();
    await using taken = await scratch();
    await using other = await startEdited(taken.path);
    await using setting = await startEdited(folder.path);
    const { client, gateway } = setting;
    const closed = closeOf(client);
    await setting.change('gateway', { port: other.port });
    expect((await closed).code).toBe(1012);
    await using again = await openSoon(gateway.url);
    const state = async () => (await again.call<{ configReload: ConfigReloadState }>('status')).configReload;
    await expect.poll(async () => (await state()).fault?.message, patience).toContain(String(other.port));
    await setting.change('gateway', { port: setting.port });
    await expect.poll(async () => (await state()).fault, patience).toBeUndefined();
    expect(again.told('shutdown')).toEqual([]);
  });
});

describe('mode off', () => {
  it('applies nothing, says what differs, and takes all of it when it is asked to', async () => {
    await using folder = await scratch();
    await using setting = await startEdited(folder.path, { gateway: { reload: { mode: 'off' } } });
    const { client } = setting;
    await setting.change('agents', { entries: { second: {} } });
    await expect.poll(setting.state, patience).toEqual({
      hotReloadStatus: 'disabled',
      mode: 'off',
      restartPending: ['agents.entries.second'],
    });
    expect(await agentIds(client)).toEqual(['main']);
    const plan = { mode: 'off', hot: ['agents.entries.second'], restart: [], none: [] };
    expect(await client.call<ConfigReloaded>('config.reload', { dryRun: true })).toMatchObject({
      dryRun: true,
      ...plan,
    });
    expect(await agentIds(client)).toEqual(['main']);
    expect(await client.call<ConfigReloaded>('config.reload')).toMatchObject({ dryRun: false, ...plan });
    expect(await agentIds(client)).toEqual(['second']);
    expect(await client.call<ConfigReloaded>('config.reload')).toMatchObject({ paths: [] });
  });
});
