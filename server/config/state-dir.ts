import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { makeFolder } from '../log/make-folder.ts';
import type { GatewaySettings } from './gateway.ts';
import type { LoadedConfig } from './load.ts';

/**
 * Makes the state directory, and makes sure that no other gateway works on it. One that has our port is left to `listen`,
 * which says so better.
 * @throws GatewayError INVALID_CONFIG when it cannot be made, UNAVAILABLE when another gateway uses it.
 */
export async function openStateDir(stateDir: string, port: number): Promise<void> {
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
  const other = await findRunningGateway(stateDir);
  if (!other || new URL(other.url).port === String(port)) return;
  throw stateDirInUse(stateDir, other);
}

/** The error of a second gateway on a state directory; the first is unknown as long as it is starting, too. */
export function stateDirInUse(stateDir: string, other?: RuntimeFile): GatewayError {
  const who = other ? `another gateway (pid ${other.pid}, ${other.url})` : 'another gateway';
  return new GatewayError(
    'UNAVAILABLE',
    `${who} is using the state directory ${stateDir}: stop it, or give this one its own with OPENCLAW_STATE_DIR or --profile`,
    { details: { code: 'STATE_DIR_IN_USE', pid: other?.pid, url: other?.url } },
  );
}

/** How clients on this machine find the running gateway: `<state dir>/gateway.json`, mode 0600, there while it runs. */
export interface RuntimeFile {
  url: string;
  pid: number;
  /** The secret in effect; only when the configuration file or the token file holds it anyway. */
  token?: string | undefined;
  password?: string | undefined;
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

/** Milliseconds that the other gateway has to answer. */
const answerMs = 500;

/** The gateway that works on a state directory right now: its process is alive, and it answers where it said it would. */
async function findRunningGateway(stateDir: string): Promise<RuntimeFile | undefined> {
  const found = await readRuntimeFile(stateDir);
  if (!found || found.pid === process.pid || !isAlive(found.pid)) return undefined;
  const probe = new URL('/healthz', found.url.replace(/^ws/, 'http'));
  // A process id is used again; only an answer proves that it is a gateway.
  const answer = await fetch(probe, { signal: AbortSignal.timeout(answerMs) }).catch(() => undefined);
  return answer?.ok ? found : undefined;
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
