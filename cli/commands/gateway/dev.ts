import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import type { Paths } from '../../../server/config/paths.ts';

const devConfig = `// Made by "openclaw gateway --dev": a gateway to try things out, apart from the ordinary one, on port 19001.
{
  gateway: { mode: 'local', bind: 'loopback' },
}
`;

/** Makes the configuration and the workspace of a gateway for development, where there are none. Says what was made. */
export async function makeDevGateway(paths: Paths, say: (line: string) => void): Promise<void> {
  if (await isThere(paths.configPath)) return;
  const { createWorkspaces } = await import('../../../server/workspace/starter.ts');
  await asWritable(paths.configPath, async () => {
    await mkdir(paths.stateDir, { recursive: true, mode: 0o700 });
    await mkdir(dirname(paths.configPath), { recursive: true, mode: 0o700 });
    await writeFile(paths.configPath, devConfig, { mode: 0o600, flag: 'wx' });
  });
  const workspace = join(paths.stateDir, 'workspace', 'main');
  const workspaces = createWorkspaces(paths.stateDir, [paths.configPath]);
  await workspaces.prepare(workspace, { name: 'Dev', without: ['BOOTSTRAP.md'] });
  say(`made the configuration ${paths.configPath} and the workspace ${workspace}`);
}

/**
 * Puts all that a gateway for development has aside: configuration, credentials, conversations, workspaces.
 * @throws GatewayError UNAVAILABLE while it runs.
 */
export async function resetDevGateway(paths: Paths, say: (line: string) => void): Promise<void> {
  if (!(await isThere(paths.stateDir)) && !(await isThere(paths.configPath))) return;
  const { takeGatewayLock } = await import('../../../server/database/gateway-lock.ts');
  const lock = await takeGatewayLock({ ...paths, port: 0 });
  try {
    const aside = join(paths.stateDir, 'trash', `reset-${new Date().toISOString().replace(/[:.]/g, '-')}`);
    await asWritable(aside, () => moveAll(paths, aside));
    say(`put what was there aside, in ${aside}`);
  } finally {
    await lock.release();
  }
}

// --- internal ---

/** What stays: the locks, one of which is held right now, and what was put aside before. */
const staying = new Set(['tmp', 'trash']);

async function moveAll({ stateDir, configPath }: Paths, aside: string): Promise<void> {
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const names = (await readdir(stateDir)).filter((name) => !staying.has(name));
  for (const name of names) await rename(join(stateDir, name), join(aside, name));
  // One that lies elsewhere may be on another disk: it stays beside where it was.
  if (await isThere(configPath)) await rename(configPath, `${configPath}.${basename(aside)}`);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function asWritable(path: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: NodeJS.ErrnoException) => {
    const message = `cannot write ${path} (${error.code}): correct the owner and mode of ${dirname(path)}`;
    throw new GatewayError('INVALID_CONFIG', message, { details: { path, errno: error.code }, cause: error });
  });
}
