import { mkdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import { token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { agentIds, patience } from './edited.ts';
import { findFreePort, spawnGateway } from './process.ts';

/** A folder as Kubernetes mounts a ConfigMap: the file is a link through a link to the folder of the moment. */
async function mountConfigMap(folder: string) {
  const put = async (name: string, text: string) => {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'openclaw.json'), text);
    await symlink(name, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  const path = join(folder, 'openclaw.json');
  await mkdir(folder);
  await symlink('..data/openclaw.json', path);
  return { path, put };
}

it('starts with a configuration behind links that nobody here may write beside, and follows it', async () => {
  await using folder = await scratch();
  const { path, put } = await mountConfigMap(join(folder.path, 'config'));
  const stateDir = join(folder.path, 'state');
  await mkdir(stateDir, { mode: 0o700 });
  const port = await findFreePort();
  const config = {
    logging: { file: join(stateDir, 'gateway.log') },
    gateway: { mode: 'local', port, auth: { mode: 'token', token } },
  };
  const toText = (...agents: string[]) =>
    JSON.stringify({ ...config, agents: { entries: Object.fromEntries(agents.map((id) => [id, {}])) } });
  await put('..2026_11_23_one', toText('first'));
  // Stands for a folder that is read-only, also where root runs the tests.
  await mkdir(join(`${path}.last-good`, 'in the way'), { recursive: true });
  const env = { OPENCLAW_CONFIG_PATH: path };
  await using gateway = await spawnGateway({ stateDir, port, config: {}, keepConfig: true, env });
  await using client = await openSocket(gateway.url);
  expect(await agentIds(client)).toEqual(['first']);
  const log = () => readFile(join(stateDir, 'gateway.log'), 'utf8');
  await expect.poll(log, patience).toContain('could not be kept as the last good one');

  await put('..2026_11_23_two', toText('first', 'second'));
  await expect.poll(() => agentIds(client), patience).toEqual(['first', 'second']);
  await put('..2026_11_23_three', '{ gateway: ');
  const fault = async () =>
    (await client.call<{ configReload: ConfigReloadState }>('status')).configReload.fault?.message;
  await expect.poll(fault, patience).toContain('openclaw.json:1:');
  await put('..2026_11_23_four', toText('third'));
  await expect.poll(() => agentIds(client), patience).toEqual(['third']);
  expect(await fault()).toBeUndefined();
  expect(await client.call('status')).toMatchObject({ pid: gateway.pid });
  expect(client.told('shutdown')).toEqual([]);
  expect(await readlink(path)).toBe('..data/openclaw.json');
  gateway.signal('SIGTERM');
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
});
