import { lstat, readFile } from 'node:fs/promises';

export type Environment = Record<string, string | undefined>;

/** What a place for a secret holds: a value, a reason why it cannot be had, or nothing. */
export interface SecretInput {
  value?: string | undefined;
  /** Why what is written there is no value; then nothing else may take its place. */
  fault?: string | undefined;
}

/** With what references are read. */
export interface SecretSources {
  env: Environment;
  /** The configuration that names the providers. */
  config: Record<string, unknown>;
}

/** Bytes of a file with secrets that are read at most. */
const maxFileBytes = 1_048_576;

/**
 * Reads a secret of a configuration file as a client may: a text, `${VAR}`, `$VAR`, or a reference to a variable or a file.
 * What programs and stores keep is the gateway's to read. Never rejects.
 */
export async function readSecretInput(written: unknown, { env, config }: SecretSources): Promise<SecretInput> {
  if (typeof written === 'string') return readText(written.trim(), env);
  if (typeof written !== 'object' || written === null) return {};
  const { source, provider = 'default', id } = written as Record<string, unknown>;
  if (source === 'env') return readVariable(String(id), env);
  const settings = memberOf(memberOf(memberOf(config, 'secrets'), 'providers'), String(provider));
  if (source === 'file') return readFromFile(memberOf(settings, 'path'), memberOf(settings, 'mode'), String(id));
  return { fault: `it is kept by the ${String(source)} provider "${String(provider)}", which only the gateway asks` };
}

// --- internal ---

function readText(text: string, env: Environment): SecretInput {
  if (text === '') return {};
  const alone = /^\$([A-Z_][A-Z0-9_]*)$/.exec(text)?.[1];
  if (alone !== undefined) return readVariable(alone, env);
  const missing: string[] = [];
  const value = text.replace(
    /\$(\$\{[A-Z_][A-Z0-9_]*\})|\$\{([A-Z_][A-Z0-9_]*)\}/g,
    (_, literal: string | undefined, name = '') => {
      if (literal !== undefined) return literal;
      if (!env[name]) missing.push(name);
      return env[name] ?? '';
    },
  );
  return missing.length > 0 ? { fault: `the environment variable ${missing[0]} is not set` } : { value };
}

function readVariable(name: string, env: Environment): SecretInput {
  return env[name] ? { value: env[name] } : { fault: `the environment variable ${name} is not set` };
}

async function readFromFile(path: unknown, mode: unknown, id: string): Promise<SecretInput> {
  if (typeof path !== 'string') return { fault: 'its provider names no file' };
  try {
    const found = await lstat(path);
    if (!found.isFile()) return { fault: `${path} is no regular file` };
    if (found.size > maxFileBytes) return { fault: `${path} is larger than ${maxFileBytes} bytes` };
    const text = await readFile(path, 'utf8');
    const value = mode === 'singleValue' ? text.replace(/\r?\n$/, '') : followPointer(JSON.parse(text), id);
    return typeof value === 'string' && value ? { value } : { fault: `${path} has nothing at ${id}` };
  } catch (error) {
    // Missing, unreadable or no JSON: told, never thrown, since another place may do.
    return { fault: `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'no JSON'})` };
  }
}

/** RFC 6901. */
function followPointer(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce((found, step) => memberOf(found, step.replaceAll('~1', '/').replaceAll('~0', '~')), value);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
