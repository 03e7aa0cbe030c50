import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConfigReloaded, ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import type { Config } from '../../server/config/config.ts';
import { token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from './process.ts';
import { type Client, closeOf, isOpen, openSoon } from './soon.ts';

const patience = { timeout: 15_000 };

/** A gateway in a process of its own, and its configuration file in the hands of an editor. */
async function start(folder: string, more: Config = {}, env?: Record<string, string>) {
  const port = await findFreePort();
  const upstream = await startUpstream(reply('hello'));
  const upConfig = withUpstream(upstream.url);
  const config: Config = { ...upConfig, ...more };
  const gateway = await spawnGateway({ stateDir: folder, port, config, ...(env && { env }) });
  const path = join(folder, 'openclaw.json');
  const write = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  const client = await openSocket(gateway.url);
  return {
    gateway,
    port,
    path,
    client,
    write,
    /** Changes a section of the file as a person does. */
    async change(section: keyof Config, value: object) {
      const file = JSON.parse(await readFile(path, 'utf8'));
      await write(JSON.stringify({ ...file, [section]: { ...file[section], ...value } }));
    },
    log: () => readFile(join(folder, 'gateway.log'), 'utf8'),
    state: async () => (await client.call<{ configReload: ConfigReloadState }>('status')).configReload,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const agentIds = async (client: Client) =>
  (await client.call<{ agents: { id: string }[] }>('agents.list')).agents.map(({ id }) => id);

describe('a hot change of the file', () => {
  it('is applied without a socket closed, a shutdown, or another process', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { client, gateway } = setting;
    await setting.change('agents', { entries: { second: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    await setting.change('agents', { entries: { second: {}, third: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second', 'third']);
    expect(client.told('shutdown')).toEqual([]);
    expect(await client.call('status')).toMatchObject({ pid: gateway.pid });
    expect(await setting.state()).toEqual({ hotReloadStatus: 'active', mode: 'hybrid' });
    const log = await setting.log();
    expect(log).toContain('config change detected; evaluating reload (agents.entries.second)');
    expect(log).not.toContain('requires gateway restart');
  });

  it('of the model is what the next run is answered with', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { client } = setting;
    await setting.change('agents', { defaults: { model: 'up/two' } });
    const model = async () =>
      (await client.call<{ models: { model: string }[] }>('status')).models.map((one) => one.model);
    await expect.poll(model, patience).toEqual(['up/two']);
  });

  it('that the gateway itself has written is not taken a second time', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { client } = setting;
    const { hash } = await client.call<{ hash: string }>('config.get');
    await client.call('config.patch', { raw: "{ session: { mainKey: 'home' } }", baseHash: hash });
    await setting.change('agents', { entries: { later: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['later']);
    const lines = (await setting.log()).split('\n').filter((line) => line.includes('config change detected'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('(agents.entries.later)');
  });

  it('of the log is in the next record: its level, and its file', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { client } = setting;
    const other = join(folder.path, 'other.log');
    await setting.change('logging', { level: 'debug', file: other });
    await expect.poll(() => readFile(other, 'utf8').catch(() => ''), patience).toContain('config change applied');
    await using second = await openSocket(setting.gateway.url);
    second.socket.close();
    await expect.poll(() => readFile(other, 'utf8'), patience).toContain('socket closed');
    expect(await client.call('logs.tail')).toMatchObject({ file: other });
  });

  it('of the token lets the new one in and cuts who came with the old one, but not the others', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
    const { client, gateway } = setting;
    const closed = closeOf(client);
    await setting.change('gateway', { auth: { mode: 'token', token: 'another-token-for-tests' } });
    expect(await closed).toEqual({ code: 4001, reason: 'auth changed' });
    await using again = await openSocket(gateway.url, { secret: 'another-token-for-tests' });
    expect(await again.call('status')).toMatchObject({ pid: gateway.pid });
    await expect(openSocket(gateway.url)).rejects.toThrow('token mismatch');
    const runtime = JSON.parse(await readFile(join(folder.path, 'gateway.json'), 'utf8'));
    expect(runtime).toMatchObject({ token: 'another-token-for-tests', pid: gateway.pid });
    const log = await setting.log();
    expect(log).not.toContain('another-token-for-tests');
    expect(log).not.toContain(token);
  });
});

describe('an invalid edit', () => {
  it('changes nothing, is told in the log, health and status, and is forgotten when the file is valid again', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
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
    await using setting = await start(folder.path);
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
    await using setting = await start(folder.path);
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

describe('a change that takes a restart', { timeout: 90_000 }, () => {
  it('restarts in the process, with the new port, in mode hybrid', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path);
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

  it('is left alone in mode hot, and told, while the rest of the edit is applied', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path, { gateway: { reload: { mode: 'hot' } } });
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
    await using setting = await start(folder.path, { gateway: { reload: { mode: 'restart' } } });
    const { client } = setting;
    await setting.change('agents', { entries: { second: {} } });
    await expect.poll(() => agentIds(client), patience).toEqual(['second']);
    const closed = closeOf(client);
    await setting.change('gateway', { port: await findFreePort() });
    expect((await closed).code).toBe(1012);
  });

  it('ends the process with 0 where a supervisor starts the next one', async () => {
    await using folder = await scratch();
    await using setting = await start(folder.path, {}, { OPENCLAW_SERVICE_MARKER: 'openclaw' });
    const { client, gateway } = setting;
    await setting.change('gateway', { port: await findFreePort() });
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(client.told('shutdown')).toEqual([{ reason: 'gateway restarting', restartExpectedMs: 7000 }]);
  });

  it('restarts in the process in a container, whose engine has a supervisor that the gateway has not', async () => {
    await using folder = await scratch();
    const env = { INVOCATION_ID: '5d4b8f0e', KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    await using setting = await start(folder.path, {}, env);
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
    await using other = await start(taken.path);
    await using setting = await start(folder.path);
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
    await using setting = await start(folder.path, { gateway: { reload: { mode: 'off' } } });
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
