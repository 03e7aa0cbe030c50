import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { warnOfIdleKeys } from './acted-on.ts';
import { enterAgentList, findNameFaults, warnOfDefaults } from './agent-list.ts';
import type { Config } from './config.ts';
import { type Fault, findFaults } from './faults.ts';
import { findHookFaults } from './hook-faults.ts';
import { type Assembled, assemble } from './includes.ts';
import { isPlainObject } from './key-path.ts';
import { createPlaces, type Origin, type Place, type SourceFile } from './origins.ts';
import { findProxyFaults } from './proxy-faults.ts';
import { noSecrets, resolveSecretRefs, type SecretSnapshot, warnOfDegraded } from './secret-refs.ts';
import { isTooDeep, parseSource, readSource, type SourceFault } from './source.ts';
import { type Environment, substituteVariables } from './substitute.ts';
import { findToolFaults } from './tool-faults.ts';

/** A configuration file that was read and found valid. */
export interface LoadedConfig {
  /** Absolute path of the file. */
  path: string;
  /** False when there is no file: then everything below is empty. */
  exists: boolean;
  /** Text of the file. */
  raw: string | null;
  /** Every file that was read, absolute: the file itself, then those that it includes. Empty when there is none. */
  files: string[];
  /** The same with their texts. */
  sources: SourceFile[];
  /** Where each value stands in these files. */
  origin: Origin;
  /** The file parsed, its included files in place, before `${VAR}` substitution. */
  parsed: unknown;
  /** What the gateway runs with: substituted, agents as entries, without defaults. */
  config: Config;
  /** Keys without an effect yet, and secrets that are not available. */
  warnings: ConfigIssue[];
  /** Of these, the references to secrets that could not be read. */
  unread: ConfigIssue[];
  /** What the references stand for, and what could not be read. */
  secrets: SecretSnapshot;
}

/** A fault as `details.issues` of the error holds it. */
export type LocatedIssue = ConfigIssue & Place & { code: string };

/**
 * Reads the configuration file and those that it includes; never writes them.
 * @throws GatewayError INVALID_CONFIG with the text an operator needs, `details.issues`, a {@link LocatedIssue} each, and
 * `details.files`, every file that is wanted, also one that is missing.
 */
export async function loadConfig({ path, ...reading }: Reading): Promise<LoadedConfig> {
  return parseConfig(await readConfigText(path), { path, ...reading });
}

/** Whose words a text is read in. */
export interface Reading {
  /** Where the text is kept, for messages. */
  path: string;
  env: Environment;
  /** Texts that stand for included files as they are on disk, by absolute path. */
  texts?: ReadonlyMap<string, string> | undefined;
  /** The configuration in effect: a secret that cannot be read keeps the value it has there. Default: none. */
  previous?: Pick<LoadedConfig, 'secrets'> | undefined;
  /**
   * `left`: references stay as they are. `known`: they are those of `previous`. With both, no file is opened and no program
   * run for them. Default: they are read.
   */
  secrets?: 'left' | 'known' | undefined;
}

/**
 * What a text says, undefined for a file that is not there.
 * @throws GatewayError INVALID_CONFIG as {@link loadConfig}.
 */
export async function parseConfig(
  raw: string | undefined,
  { path, env, texts, previous, secrets }: Reading,
): Promise<LoadedConfig> {
  if (raw === undefined) return nothing(path);

  const whole = await assembleFile({ path, raw }, { env, texts });
  const { sources, origin } = whole;
  const file = whole.value;
  const { value, warnings } = substituteVariables(file, env);
  refuseFaults(findFaults(value, file), whole);
  refuseFaults(
    [...findNameFaults(value), ...findToolFaults(value), ...findHookFaults(value), ...findProxyFaults(value)],
    whole,
  );
  const entered = enterAgentList(value);
  const known = { env, previous: previous?.secrets, isKnownOnly: secrets === 'known' };
  const resolved =
    secrets === 'left' ? { value: entered, secrets: noSecrets } : await resolveSecretRefs(entered, known);
  const unread = warnOfDegraded(resolved.secrets);
  return {
    path,
    exists: true,
    raw,
    files: sources.map((source) => source.path),
    sources,
    origin,
    parsed: file,
    config: resolved.value,
    unread,
    secrets: resolved.secrets,
    warnings: [...warnings, ...unread, ...warnOfDefaults(resolved.value), ...warnOfIdleKeys(file)],
  };
}

/**
 * The configuration as it is written, its included files in place, whether its keys are right or not; undefined when there is
 * no file. @param raw stands for the file's text. @throws GatewayError INVALID_CONFIG for what cannot be read.
 */
export async function readAsWritten(
  path: string,
  { raw, ...assembly }: Pick<Reading, 'env' | 'texts'> & { raw?: string | undefined },
): Promise<Assembled | undefined> {
  const text = raw ?? (await readConfigText(path));
  return text === undefined ? undefined : assembleFile({ path, raw: text }, assembly);
}

/** The text of a configuration file; undefined when there is none. @throws GatewayError INVALID_CONFIG when it cannot be read. */
export async function readConfigText(path: string): Promise<string | undefined> {
  const text = await readSource(path);
  if (typeof text === 'string') return text;
  // A gateway without a file is an ordinary one: it runs with the defaults.
  if (text.code === 'FILE_MISSING') return undefined;
  const message = `the file ${text.message}`;
  const error = toError([{ path: '', code: text.code, message, file: path, line: 1, column: 1 }], [path]);
  if (text.errno === undefined) throw error;
  throw new GatewayError(
    'INVALID_CONFIG',
    `Invalid config at ${path}:\n  ${message}. It has to be a file that this user may read: ls -l ${path}`,
    { details: { ...error.details, errno: text.errno } },
  );
}

/** The answer for a file that is not there. */
function nothing(path: string): LoadedConfig {
  const origin = { file: path, steps: [] };
  return {
    path,
    exists: false,
    raw: null,
    files: [],
    sources: [],
    origin,
    parsed: {},
    config: {},
    warnings: [],
    unread: [],
    secrets: noSecrets,
  };
}

type Whole = Assembled & { value: Record<string, unknown> };

/** A file with those that it includes in place. @throws GatewayError INVALID_CONFIG */
async function assembleFile(source: SourceFile, { env, texts }: Pick<Reading, 'env' | 'texts'>): Promise<Whole> {
  const parsed = parseSource(source.raw, source.path);
  if (parsed.fault) throw toSourceError([parsed.fault], [source]);
  const whole = await assemble(parsed.value, source, { env, texts });
  if (whole.faults.length > 0) throw toSourceError(whole.faults, whole.sources, whole.files);
  const { value } = whole;
  const fault = { file: source.path, steps: [], path: '' };
  if (isTooDeep(value))
    throw toSourceError(
      [{ ...fault, code: 'TOO_DEEP', message: 'more than 100 levels of nesting' }],
      [source],
      whole.files,
    );
  if (isPlainObject(value)) return { ...whole, value };
  const message = 'the file has to hold an object: { gateway: { ... }, agents: { ... } }';
  throw toSourceError([{ ...fault, code: 'NOT_AN_OBJECT', message }], [source], whole.files);
}

function toSourceError(
  faults: readonly SourceFault[],
  sources: readonly SourceFile[],
  files = sources.map(({ path }) => path),
): GatewayError {
  const issues = faults.map(({ file, steps, position, ...issue }): LocatedIssue => {
    const { line, column } = position ?? createPlaces({ file, steps: [] }, sources)(steps);
    return { ...issue, file, line, column };
  });
  return toError(issues, files);
}

function refuseFaults(faults: Fault[], { origin, sources, files }: Whole): void {
  if (faults.length === 0) return;
  const locate = createPlaces(origin, sources);
  const issues = faults.map(({ steps, kind: _, code = 'INVALID_VALUE', ...issue }) => ({
    ...issue,
    code,
    ...locate(steps),
  }));
  const order = (one: Place) => files.indexOf(one.file);
  throw toError(
    issues.sort((a, b) => order(a) - order(b) || a.line - b.line || a.column - b.column),
    files,
  );
}

/** Faults that the text of an error lists; all of them are in its details. */
const maxListed = 40;

/** @param files every one that is wanted, the active one first. */
function toError(issues: LocatedIssue[], files: readonly string[]): GatewayError {
  const [path] = files;
  const lines = issues
    .slice(0, maxListed)
    .map((issue) => `  ${issue.file}:${issue.line}:${issue.column} — ${toWords(issue)}`);
  if (issues.length > maxListed) lines.push(`  ... and ${issues.length - maxListed} more`);
  const which = issues.length === 1 ? 'this line' : 'these lines';
  const next = `Run "openclaw doctor --fix", or correct ${which}, then start again. docs/configuration.md describes the keys.`;
  return new GatewayError('INVALID_CONFIG', [`Invalid config at ${path}:`, ...lines, next].join('\n'), {
    details: { path, issues, files: [...files] },
  });
}

/** A fault as the lines of a start say it: of a key that may not stand there, what it stands in. */
function toWords({ path, code, message }: ConfigIssue): string {
  const place = code === 'UNKNOWN_KEY' ? path.replace(/(^|\.)("(\\.|[^"\\])*"|[^."]+)$/, '') || '<root>' : path;
  const words = message
    .replace(/^unrecognized key /, 'Unrecognized key: ')
    .replace(/^expected /, 'Invalid input: expected ');
  return place ? `${place}: ${words}` : words;
}
