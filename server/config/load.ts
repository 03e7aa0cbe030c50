import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import JSON5 from 'json5';
import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { warnOfIdleKeys } from './acted-on.ts';
import { enterAgentList, findNameFaults, warnOfDefaults } from './agent-list.ts';
import type { Config } from './config.ts';
import { type Fault, findFaults, findIncludes } from './faults.ts';
import { findHookFaults } from './hook-faults.ts';
import { isPlainObject } from './key-path.ts';
import { locateKeys, type Position } from './positions.ts';
import { type Environment, resolveSecretRefs, substituteVariables } from './substitute.ts';
import { findToolFaults } from './tool-faults.ts';

/** A configuration file that was read and found valid. */
export interface LoadedConfig {
  /** Absolute path of the file. */
  path: string;
  /** False when there is no file: then everything below is empty. */
  exists: boolean;
  raw: string | null;
  /** The file parsed, before `${VAR}` substitution. */
  parsed: unknown;
  /** What the gateway runs with: substituted, agents as entries, without defaults. */
  config: Config;
  /** Keys without an effect yet, and secrets that are not available. */
  warnings: ConfigIssue[];
  /** Of these, the references to secrets that could not be read. */
  unread: ConfigIssue[];
}

/** A fault as `details.issues` of the error holds it. */
export type LocatedIssue = ConfigIssue & Position;

/**
 * Reads the configuration file; never writes it.
 * @throws GatewayError INVALID_CONFIG with the text an operator needs, and `details.issues`, a {@link LocatedIssue} each.
 */
export async function loadConfig({ path, ...reading }: Omit<Reading, 'previous'>): Promise<LoadedConfig> {
  return parseConfig(await readConfigText(path), { path, ...reading });
}

/** Whose words a text is read in. */
export interface Reading {
  /** Where the text is kept, for messages. */
  path: string;
  env: Environment;
  /** The configuration in effect: a secret that cannot be read keeps the value it has there. Default: none. */
  previous?: Config | undefined;
  /** `left`: references stay as they are, no file is opened and no program run for them. Default: they are resolved. */
  secrets?: 'left' | undefined;
}

/**
 * What a text says, undefined for a file that is not there.
 * @throws GatewayError INVALID_CONFIG as {@link loadConfig}.
 */
export async function parseConfig(
  raw: string | undefined,
  { path, env, previous, secrets }: Reading,
): Promise<LoadedConfig> {
  if (raw === undefined) return { path, exists: false, raw: null, parsed: {}, config: {}, warnings: [], unread: [] };

  const file = parseText(raw, path);
  refuseDepth(file, path);
  refuseFaults(findIncludes(file), raw, path);
  const { value, warnings } = substituteVariables(file, env);
  refuseFaults(findFaults(value, file), raw, path);
  refuseFaults([...findNameFaults(value), ...findToolFaults(value), ...findHookFaults(value)], raw, path);
  const entered = enterAgentList(value);
  const resolved =
    secrets === 'left' ? { value: entered, warnings: [] } : await resolveSecretRefs(entered, { env, previous });
  return {
    path,
    exists: true,
    raw,
    parsed: file,
    config: resolved.value,
    unread: resolved.warnings,
    warnings: [...warnings, ...resolved.warnings, ...warnOfDefaults(resolved.value), ...warnOfIdleKeys(file)],
  };
}

/** The text of a configuration file; undefined when there is none. @throws GatewayError INVALID_CONFIG when it cannot be read. */
export async function readConfigText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path);
  if (bytes === undefined || isUtf8(bytes)) return bytes?.toString();
  throw toError(path, [{ path: '', message: 'the file is not UTF-8 text: save it as UTF-8', line: 1, column: 1 }]);
}

async function readBytes(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    // A gateway without a file is an ordinary one: it runs with the defaults.
    if (errno === 'ENOENT') return undefined;
    throw new GatewayError(
      'INVALID_CONFIG',
      `Invalid config at ${path}:\n  the file cannot be read (${errno}). It has to be a file that this user may read: ls -l ${path}`,
      {
        details: {
          path,
          errno,
          issues: [{ path: '', message: `the file cannot be read (${errno})`, line: 1, column: 1 }],
        },
      },
    );
  }
}

function parseText(raw: string, path: string): Record<string, unknown> {
  const value = parseJson5(raw, path);
  if (isPlainObject(value)) return value;
  const message = 'the file has to hold an object: { gateway: { ... }, agents: { ... } }';
  throw toError(path, [{ path: '', message, line: 1, column: 1 }]);
}

function parseJson5(raw: string, path: string): unknown {
  try {
    return JSON5.parse(raw);
  } catch (error) {
    // json5 is documented to throw a SyntaxError with the place, which it repeats in the message.
    if (!(error instanceof SyntaxError)) throw error;
    const { lineNumber = 1, columnNumber = 1 } = error as { lineNumber?: number; columnNumber?: number };
    const message = `not valid JSON5: ${error.message.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '')}`;
    throw toError(path, [{ path: '', message, line: lineNumber, column: columnNumber }]);
  }
}

/** Levels of objects and lists; no key is deeper than a dozen. */
const maxDepth = 100;

/** What looks at the tree goes into itself for each level, and would end in the middle of nowhere. */
function refuseDepth(file: unknown, path: string): void {
  if (isTooDeep(file))
    throw toError(path, [{ path: '', message: `more than ${maxDepth} levels of nesting`, line: 1, column: 1 }]);
}

/** True for a tree that what looks at it could not look to the end of. */
export function isTooDeep(tree: unknown): boolean {
  let level = [tree];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}

function refuseFaults(faults: Fault[], raw: string, path: string): void {
  if (faults.length === 0) return;
  const locate = locateKeys(raw);
  const issues = faults.map(({ steps, path: key, message }) => ({ path: key, message, ...locate(steps) }));
  throw toError(
    path,
    issues.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

/** Faults that the text of an error lists; all of them are in its details. */
const maxListed = 40;

function toError(path: string, issues: LocatedIssue[]): GatewayError {
  const lines = issues
    .slice(0, maxListed)
    .map(({ path: key, message, line, column }) => `  ${path}:${line}:${column} — ${key ? `${key}: ` : ''}${message}`);
  if (issues.length > maxListed) lines.push(`  ... and ${issues.length - maxListed} more`);
  const next = `Correct ${issues.length === 1 ? 'this line' : 'these lines'}, then start again. docs/configuration.md describes the keys.`;
  return new GatewayError('INVALID_CONFIG', [`Invalid config at ${path}:`, ...lines, next].join('\n'), {
    details: { path, issues },
  });
}
