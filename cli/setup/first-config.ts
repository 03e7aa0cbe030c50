import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { keepBackup } from '../../server/config/backups.ts';
import { editJson5 } from '../../server/config/json5-edit.ts';
import { membersOf, valueAt, withKey } from '../../server/config/key-path.ts';
import { parseConfig } from '../../server/config/load.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { newToken } from '../../server/config/token.ts';
import { readIfThere } from '../local/file-text.ts';
import type { GatewayHere } from '../local/gateway-here.ts';

/** What a first configuration says. */
export interface Wishes {
  port: number;
  /** `<provider>/<model>`; undefined leaves the choice to the gateway. */
  model: string | undefined;
  workspace: string | undefined;
}

/** What was written. */
export interface Written {
  path: string;
  how: 'created' | 'edited' | 'unchanged';
  /** Keys that were added. Their values may be secret. */
  added: string[];
}

/**
 * Writes the configuration where there is none, with comments and a new token. To one that is there, only what is missing is
 * added; the file as it was is kept as `.bak`.
 * @throws GatewayError INVALID_CONFIG for a file that is not valid, or that is about a gateway elsewhere.
 */
export async function writeFirstConfig(here: GatewayHere, wishes: Wishes, env: NodeJS.ProcessEnv): Promise<Written> {
  const { path, exists, valid, fault, mode } = here.config;
  if (!exists) {
    await write(path, toText(wishes), { was: undefined, env });
    const added = ['gateway.mode', 'gateway.port', 'gateway.bind', 'gateway.auth.token'];
    return { path, how: 'created', added: [...added, ...listAgentKeys(wishes)] };
  }
  if (!valid)
    throw new GatewayError('INVALID_CONFIG', `${fault}\nOr have it mended: openclaw doctor --fix`, {
      details: { path },
    });
  if (mode === 'remote')
    throw new GatewayError(
      'INVALID_CONFIG',
      `${path} is about a gateway elsewhere (gateway.mode is remote), and setup is for one on this machine. Take another profile: openclaw --profile local setup`,
      { details: { path } },
    );
  return addMissing(here, wishes, env);
}

/** Puts variables into `.env` of the state directory, mode 0600; those that it holds already stay. @returns the file. */
export async function keepVariables(
  stateDir: string,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const path = join(stateDir, '.env');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const isThere = (name: string) => new RegExp(`^(?:export )?${name}=`, 'm').test(text);
  const lines = names.filter((name) => !isThere(name)).map((name) => `${name}=${JSON.stringify(env[name] ?? '')}\n`);
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  await replaceFile(path, start + lines.join(''));
  await chmod(path, 0o600);
  return path;
}

// --- internal ---

function listAgentKeys({ model, workspace }: Wishes): string[] {
  return [...(model ? ['agents.defaults.model'] : []), ...(workspace ? ['agents.defaults.workspace'] : [])];
}

function toText({ port, model, workspace }: Wishes): string {
  return `// The configuration of this gateway. Every key: docs/configuration.md; what is wrong with it: openclaw doctor
{
  gateway: {
    // local: the gateway runs on this machine. remote: it runs elsewhere, at gateway.remote.url.
    mode: 'local',
    port: ${port},
    // loopback: only this machine reaches it. lan: so does everybody in the network.
    bind: 'loopback',
    auth: {
      mode: 'token',
      // Whoever has the token may do everything. Programs of this user on this machine find it here by themselves.
      token: '${newToken()}',
    },
  },
  agents: {
    defaults: {
      // The model that answers, as <provider>/<model>: openclaw models list
      ${model ? `model: ${JSON.stringify(model)},` : "// model: 'ollama/llama3.2',"}
      // The folder where agents keep their files.
      ${workspace ? `workspace: ${JSON.stringify(workspace)},` : "// workspace: '~/agents',"}
    },
  },
}
`;
}

async function addMissing(here: GatewayHere, { model, workspace }: Wishes, env: NodeJS.ProcessEnv): Promise<Written> {
  const { path } = here.config;
  const was = await readFile(path, 'utf8');
  const { default: JSON5 } = await import('json5');
  const file = membersOf(JSON5.parse(was));
  const value = here.config.value;
  const wanted: [string, unknown][] = [
    ['gateway.mode', here.config.mode === undefined ? 'local' : undefined],
    ['gateway.auth.token', (await needsToken(here)) ? newToken() : undefined],
    ['agents.defaults.model', value.agents?.defaults?.model === undefined ? model : undefined],
    ['agents.defaults.workspace', value.agents?.defaults?.workspace === undefined ? workspace : undefined],
  ];
  const missing = wanted.filter(([, one]) => one !== undefined);
  if (missing.length === 0) return { path, how: 'unchanged', added: [] };
  const after = missing.reduce((tree, [key, one]) => withKey(tree, key.split('.'), one), file);
  await keepBackup(path, was);
  await write(path, editJson5(was, after), { was, env });
  return { path, how: 'edited', added: missing.map(([key]) => key) };
}

/** A gateway that has a secret, or has made one for itself, keeps it: whoever knows it would be locked out. */
async function needsToken({ auth, paths, config }: GatewayHere): Promise<boolean> {
  const chosen = valueAt(config.value, ['gateway', 'auth', 'token']);
  if (auth.mode !== 'token' || auth.source !== 'gateway.token' || chosen !== undefined) return false;
  return !(await readIfThere(paths.tokenPath));
}

/** @throws GatewayError INVALID_CONFIG when it could not be read back, UNAVAILABLE when somebody else writes the file. */
async function write(
  path: string,
  text: string,
  { was, env }: { was: string | undefined; env: NodeJS.ProcessEnv },
): Promise<void> {
  await parseConfig(text, { path, env, secrets: 'left' });
  const isAsSeen = async () => (await readIfThere(path)) === was;
  if ((await isAsSeen()) && (await replaceFile(path, text, isAsSeen))) return;
  throw new GatewayError(
    'UNAVAILABLE',
    `${path} was changed by somebody else meanwhile, and was left alone: try again`,
  );
}
