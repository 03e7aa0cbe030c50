import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { makeFolder } from '../log/make-folder.ts';
import type { GatewaySettings } from './gateway.ts';
import type { LoadedConfig } from './load.ts';

/** Makes the state directory. @throws GatewayError INVALID_CONFIG when it cannot be made. */
export async function openStateDir(stateDir: string): Promise<void> {
  await makeFolder(stateDir).catch((error: NodeJS.ErrnoException) => {
    const isInTheWay = error.code === 'EEXIST' || error.code === 'ENOTDIR';
    const next = isInTheWay
      ? 'a file is in its place or above it, move that'
      : 'correct the owner and mode of its parent';
    throw new GatewayError(
      'INVALID_CONFIG',
      `cannot make the state directory ${stateDir} (${error.code}): ${next}, or name another one with OPENCLAW_STATE_DIR`,
      { details: { path: stateDir, errno: error.code }, cause: error },
    );
  });
}

/** How clients on this machine find the running gateway: `<state dir>/gateway.json`, mode 0600, there while it runs. */
export interface RuntimeFile {
  url: string;
  pid: number;
  /** The secret in effect; only when the configuration file or the token file holds it anyway. */
  token?: string | undefined;
  password?: string | undefined;
  /** SHA-256 of the certificate that it answers with; undefined without TLS. Clients on this machine pin it. */
  tlsFingerprint?: string | undefined;
  /** Keys of the configuration that flags decided, with their values unless they are secrets. */
  flags?: Record<string, { flag: string; value?: unknown }> | undefined;
}

/** The keys that flags of this start decided. */
export function toFlagged(settings: GatewaySettings): NonNullable<RuntimeFile['flags']> {
  const { port, portSource, auth, flagged } = settings;
  const keys = {
    bind: ['gateway.bind', settings.bind],
    auth: ['gateway.auth.mode', auth.mode],
    tailscale: ['gateway.tailscale.mode', settings.tailscale],
  } as const;
  return {
    ...Object.fromEntries(flagged.map((name) => [keys[name][0], { flag: `--${name}`, value: keys[name][1] }])),
    ...(portSource === '--port' && { 'gateway.port': { flag: portSource, value: port } }),
    ...(auth.source === '--token' && { 'gateway.auth.token': { flag: auth.source, value: '(secret)' } }),
    ...(auth.source === '--password' && { 'gateway.auth.password': { flag: auth.source, value: '(secret)' } }),
  };
}

const pathIn = (stateDir: string) => join(stateDir, 'gateway.json');

/** Writes the file atomically. @throws GatewayError UNAVAILABLE */
export async function writeRuntimeFile(stateDir: string, content: RuntimeFile): Promise<void> {
  const path = pathIn(stateDir);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new GatewayError(
      'UNAVAILABLE',
      `cannot write ${path} (${code}), by which clients find the gateway: make space, or move away what is in its place`,
      { details: { path, errno: code }, cause: error },
    );
  }
}

/** The secret for the runtime file: none that is only in the environment or on the command line. */
export function toShareableSecret(
  { token, password }: Pick<RuntimeFile, 'token' | 'password'>,
  { loaded, settings }: { loaded: LoadedConfig; settings: GatewaySettings },
): Pick<RuntimeFile, 'token' | 'password'> {
  const file = loaded.parsed as { gateway?: { auth?: { token?: unknown; password?: unknown } } };
  const written = file.gateway?.auth ?? {};
  if (settings.auth.source === 'gateway.token' || (token && written.token === token)) return { token };
  return password && written.password === password ? { password } : {};
}

/** What the last gateway of this state directory left; undefined when there is nothing to read. */
async function readRuntimeFile(stateDir: string): Promise<RuntimeFile | undefined> {
  try {
    const content = JSON.parse(await readFile(pathIn(stateDir), 'utf8')) as Partial<RuntimeFile> | null;
    const isWhole = Number.isInteger(content?.pid) && URL.canParse(String(content?.url));
    return isWhole ? (content as RuntimeFile) : undefined;
  } catch {
    return undefined; // none, half of one, or somebody's scribble: as good as none
  }
}

/** Removes the file, unless another gateway has written it since. */
export async function removeRuntimeFile(stateDir: string): Promise<void> {
  if ((await readRuntimeFile(stateDir))?.pid === process.pid) await rm(pathIn(stateDir), { force: true });
}

/** Whether a process with that id runs, of whomever. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive as well.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
