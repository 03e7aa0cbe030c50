import { isPlainObject } from './key-path.ts';
import { findCommandFault, runSecretCommand } from './secret-command.ts';
import { readNothing, type SecretReading, type SecretRequest } from './secret-reading.ts';
import type { Environment } from './substitute.ts';

/** An entry of `secrets.providers` with the source `exec`. */
export interface SecretProgram {
  /** Absolute path of a file of this user that nobody else can write. */
  command?: string | undefined;
  args?: readonly string[] | undefined;
  /** Variables that the program gets. */
  env?: Record<string, string> | undefined;
  /** Names of the gateway's own variables that it gets besides; there are no others, not even PATH. */
  passEnv?: readonly string[] | undefined;
  /** Milliseconds. Default 5000. */
  timeoutMs?: number | undefined;
  /** Default 1 MiB. */
  maxOutputBytes?: number | undefined;
  /** False: a program that is asked for one secret may write it as it is. Default true. */
  jsonOnly?: boolean | undefined;
}

const protocolVersion = 1;

/**
 * Asks a program for secrets, all of them in one process: `{ protocolVersion, provider, ids }` goes to its standard input,
 * and `{ protocolVersion, values: { <id>: <secret> }, errors?: { <id>: { code } } }` comes from its standard output.
 * Never rejects. What is told of a failure holds nothing of what the program wrote, but for codes that are known.
 */
export async function askSecretProgram(
  request: SecretRequest,
  program: SecretProgram,
  env: Environment,
): Promise<Map<string, SecretReading>> {
  const { provider, ids } = request;
  const { command = '', args = [], passEnv = [], timeoutMs = 5000, maxOutputBytes = 1024 * 1024 } = program;
  const place = `secrets.providers.${provider}.command`;
  const fault = command === '' ? 'is not set' : await findCommandFault(command);
  if (fault) return readNothing(request, `${place}${command && ` (${command})`} ${fault}`);
  const askable = ids.filter(isId);
  const faulty = readNothing({ provider, ids: ids.filter((id) => !isId(id)) }, notAnId);
  if (askable.length === 0) return faulty;
  const ended = await runSecretCommand({
    command,
    args,
    env: { ...Object.fromEntries(passEnv.map((name) => [name, env[name]])), ...program.env },
    input: `${JSON.stringify({ protocolVersion, provider, ids: askable })}\n`,
    timeoutMs,
    maxOutputBytes,
  });
  const asked = { provider, ids: askable };
  const readings =
    'fault' in ended
      ? readNothing(asked, `${place} (${command}) ${ended.fault}`)
      : readOutput(asked, ended.output, { place: `${place} (${command})`, jsonOnly: program.jsonOnly !== false });
  return new Map([...faulty, ...readings]);
}

// --- internal ---

const notAnId = 'ids of programs are letters, digits and . _ : / # -, without the steps . and ..';

function isId(id: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,255}$/.test(id) && !id.split('/').some((step) => step === '.' || step === '..')
  );
}

/** Codes that are repeated; any other text of a program might be a secret. */
const knownCodes: readonly unknown[] = [
  'NOT_FOUND',
  'AMBIGUOUS_DUPLICATE_KEY',
  'ACCESS_DENIED',
  'PERMISSION_DENIED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'UNAVAILABLE',
  'TIMEOUT',
  'INTERNAL',
];

function readOutput(
  request: SecretRequest,
  output: string,
  { place, jsonOnly }: { place: string; jsonOnly: boolean },
): Map<string, SecretReading> {
  const { ids } = request;
  const [only = ''] = ids;
  const answer = parseObject(output);
  if (!answer && !jsonOnly && ids.length === 1) {
    const value = output.replace(/\r?\n$/, '');
    return new Map([[only, value === '' ? { fault: `${place} wrote nothing` } : { value }]]);
  }
  if (answer?.protocolVersion !== protocolVersion || !isPlainObject(answer.values))
    return readNothing(request, `${place} wrote something else than an answer of protocol version ${protocolVersion}`);
  const { values, errors } = answer;
  const read = (id: string): SecretReading => {
    const value = memberOf(values, id);
    if (typeof value === 'string' && value !== '') return { value };
    const error = memberOf(errors, id);
    if (error === undefined) return { fault: `${place} has no text for the id ${id}` };
    const code = isPlainObject(error) && knownCodes.includes(error.code) ? `the error ${error.code}` : 'an error';
    return { fault: `${place} answered ${code} for the id ${id}` };
  };
  return new Map(ids.map((id) => [id, read(id)]));
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined; // the message of the fault would quote the output
  }
}

function memberOf(value: unknown, name: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
