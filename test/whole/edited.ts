import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import type { Config } from '../../server/config/config.ts';
import { openSocket } from '../socket.ts';
import { reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from './process.ts';
import type { Client } from './soon.ts';

/** For what comes when it comes. */
export const patience = { timeout: 15_000 };

/** A gateway in a process of its own, and its configuration file in the hands of an editor. */
export async function startEdited(folder: string, more: Config = {}, env?: Record<string, string>) {
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

/** The agents that it has now. */
export const agentIds = async (client: Client) =>
  (await client.call<{ agents: { id: string }[] }>('agents.list')).agents.map(({ id }) => id);
