import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { replaceFile } from '../../server/config/replace-file.ts';
import { readIfThere } from '../local/file-text.ts';

/** Who reads the file: systemd (`EnvironmentFile`), or Node (`--env-file-if-exists`), which knows no backslashes. */
export type Reader = 'systemd' | 'node';

/**
 * The variables with secrets that a gateway would find in this shell and not with its supervisor: its own, those that the
 * configuration names, and the keys of providers that are known by name.
 */
export async function collectSecrets(
  env: NodeJS.ProcessEnv,
  { configPath, stateDir }: { configPath: string; stateDir: string },
): Promise<Record<string, string>> {
  const text = (await readIfThere(configPath)) ?? '';
  // What stands there the gateway reads by itself; a copy would win over every later edit.
  const dotEnv = (await readIfThere(join(stateDir, '.env'))) ?? '';
  const known = new Set([
    ...ordinary,
    ...[...dotEnv.matchAll(/^\s*(?:export\s+)?(\w+)\s*=/gm)].map(([, name]) => name),
  ]);
  const names = new Set([...ownVariables, ...namedIn(text)].filter((name) => !known.has(name)));
  const found = [...names].sort().flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  return Object.fromEntries(found);
}

/**
 * The text of an owner-only file of variables. Those of the file from before that are not given now stay: a command that is run
 * from another shell must not lose them.
 * @param before the file as it is, by the same reader.
 * @throws GatewayError INVALID_REQUEST naming the variable whose value such a file cannot hold.
 */
export function renderSecrets(secrets: Readonly<Record<string, string>>, reader: Reader, before = ''): string {
  const nameOf = (line: string) => /^(\w+)=/.exec(line)?.[1];
  const kept = before.split('\n').filter((line) => !Object.hasOwn(secrets, nameOf(line) ?? '') && nameOf(line));
  const given = Object.entries(secrets).map(([name, value]) => `${name}=${quoteValue(name, value, reader)}`);
  const lines = [...kept, ...given];
  return `# Written by "openclaw gateway install": secrets of the gateway's process.\n${lines.map((line) => `${line}\n`).join('')}`;
}

/**
 * Writes an owner-only file of variables for that reader, with what it holds from before.
 * @throws GatewayError as {@link renderSecrets}, before anything is written.
 */
export async function writeSecrets(
  path: string,
  secrets: Readonly<Record<string, string>>,
  reader: Reader,
): Promise<void> {
  await replaceFile(path, renderSecrets(secrets, reader, await readIfThere(path)));
}

// --- internal ---

const ownVariables = [
  'OPENCLAW_GATEWAY_TOKEN',
  'OPENCLAW_GATEWAY_PASSWORD',
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'OPENROUTER_API_KEY',
];

/** Variables of every process, which its supervisor gives it. */
const ordinary = new Set(['HOME', 'PATH', 'USER', 'SHELL', 'TMPDIR', 'PWD', 'NODE_OPTIONS']);

/** `${NAME}`, `$NAME` as a whole value, and references with `source: "env"`: what is no variable is set nowhere. */
function namedIn(text: string): string[] {
  const inline = [...text.matchAll(/\$\{?([A-Z_][A-Z0-9_]*)\}?/g)].map(([, name]) => name as string);
  const ids = [...text.matchAll(/["']?\bid["']?\s*:\s*["']([A-Z][A-Z0-9_]{0,127})["']/g)].map(([, id]) => id as string);
  return [...inline, ...ids];
}

function quoteValue(name: string, value: string, reader: Reader): string {
  if (/[\r\n\0]/.test(value)) throw unfit(name, 'has a line break in it');
  if (reader === 'systemd') return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
  const quote = ["'", '`'].find((mark) => !value.includes(mark));
  if (quote === undefined) throw unfit(name, 'has quotation marks of two kinds in it');
  return `${quote}${value}${quote}`;
}

function unfit(name: string, why: string): GatewayError {
  const next = 'keep it in a file and refer to it from the configuration with source "file"';
  return new GatewayError(
    'INVALID_REQUEST',
    `the value of ${name} ${why}, which a file of variables cannot hold: ${next}`,
    {
      details: { variable: name },
    },
  );
}
