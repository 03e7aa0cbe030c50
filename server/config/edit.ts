import JSON5 from 'json5';
import { GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import { resolveGateway } from './gateway.ts';
import { findTarget } from './include-edit.ts';
import { holdsInclude } from './includes.ts';
import { editJson5 } from './json5-edit.ts';
import { isPlainObject, valueAt } from './key-path.ts';
import type { LoadedConfig } from './load.ts';
import { mergePatch, mergePatchGuarded } from './merge-patch.ts';
import { restoreSecrets } from './restore.ts';
import { isTooDeep, parseSource } from './source.ts';
import type { Environment } from './substitute.ts';

/** A change of the configuration file; exactly one of `patch` and `raw`. */
export interface ConfigEdit {
  /** JSON merge patch (RFC 7396): null deletes. Comments and order of the file stay. */
  patch?: Record<string, unknown> | undefined;
  /** The whole file anew, in JSON5. A redaction mark keeps the secret that the file holds there. */
  raw?: string | undefined;
  /** The included file that `raw` is the text of, absolute. Default: the configuration file. */
  file?: string | undefined;
  /** Hash of the file that the change was made for; a file that has another one is not written. */
  baseHash?: string | undefined;
  /** True when `baseHash` may not be missing, as for callers from outside. It may where there is no file yet. */
  requiresBase?: boolean | undefined;
  /** Lists that a patch may take entries out of. Undefined: all of them, and lists replace each other. */
  replacePaths?: readonly string[] | undefined;
  /** True for an edit that may drop `gateway.mode`, or more than half of the file. */
  allowDestructive?: boolean | undefined;
  /** Who wants it, for the list of revisions. */
  by: string;
  note?: string | undefined;
}

/** What an edit leads to. */
export interface Draft {
  /** The file to write: the configuration file, or one that it includes. */
  path: string;
  /** Its text as it is; undefined when there is none. */
  raw: string | undefined;
  text: string;
  /** What the whole has to say then; undefined when only this file counts. */
  wanted: unknown;
}

/** The configuration file as it is, and what it says; undefined when that is not valid. */
interface Present {
  path: string;
  raw: string | undefined;
  before: LoadedConfig | undefined;
}

/**
 * The text that an edit leads to; secrets that were hidden from its author are those of the file.
 * @throws GatewayError INVALID_REQUEST
 */
export async function draftEdit(edit: ConfigEdit, present: Present): Promise<Draft> {
  const { path, raw, before } = present;
  if (edit.file !== undefined) return draftIncluded(edit, edit.file, before);
  const stored = before?.parsed ?? readBroken(raw, path) ?? {};
  if (edit.raw !== undefined) {
    const wanted = parseObject(edit.raw);
    const isSpread = before !== undefined && before.sources.length > 1;
    // What was read with its files in place is written back to them; what names files itself is the file.
    if (isSpread && !holdsInclude(wanted)) return draftSpread(before, restoreSecrets(wanted, stored));
    const own = isSpread && raw !== undefined ? JSON5.parse<unknown>(raw) : stored;
    return { path, raw, text: editJson5(edit.raw, restoreSecrets(wanted, own)), wanted: undefined };
  }
  if (!before && !readBroken(raw, path))
    throw refuse('the configuration file is not valid, so it cannot be patched: correct it, or write it as a whole', {
      code: 'INVALID_CONFIG',
    });
  const patch = restoreSecrets(edit.patch ?? {}, stored);
  const wanted = edit.replacePaths ? mergePatchGuarded(stored, patch, edit.replacePaths) : mergePatch(stored, patch);
  if (before && before.sources.length > 1) return draftSpread(before, wanted);
  return { path, raw, text: editJson5(raw ?? '{}\n', wanted), wanted: undefined };
}

/** A file that can be read and is not valid: single keys of it can be put right. Undefined for one that includes others. */
function readBroken(raw: string | undefined, path: string): Record<string, unknown> | undefined {
  const { value } = raw === undefined ? { value: undefined } : parseSource(raw, path);
  return isPlainObject(value) && !holdsInclude(value) ? value : undefined;
}

async function draftSpread(before: LoadedConfig, wanted: unknown): Promise<Draft> {
  const target = await findTarget(before, wanted);
  const { path, raw } = target ?? { path: before.path, raw: before.raw ?? '' };
  return { path, raw, text: target ? editJson5(raw, target.value) : raw, wanted };
}

/** The whole text of an included file, as when it goes back to an earlier one. */
function draftIncluded({ raw: text = '' }: ConfigEdit, path: string, before: LoadedConfig | undefined): Draft {
  const source = before?.sources.find((one) => one.path === path);
  if (source) return { path, raw: source.raw, text, wanted: undefined };
  throw refuse(`${path} is not an included file any more: write its text by hand`, { code: 'INCLUDED_ELSEWHERE' });
}

/** Reads the text of a request. @throws GatewayError INVALID_REQUEST when it is no object in JSON5. */
export function parseObject(raw: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON5.parse(raw);
  } catch (error) {
    // json5 is documented to throw a SyntaxError; it names the place and one character, never more of the text.
    if (!(error instanceof SyntaxError)) throw error;
    throw notAnObject(`raw is not valid JSON5 (${error.message.replace(/^JSON5: /, '')})`);
  }
  if (isTooDeep(value)) throw notAnObject('raw has more than 100 levels of nesting');
  if (isPlainObject(value)) return value;
  throw notAnObject('raw must be an object in JSON5, for example { gateway: { port: 18789 } }');
}

/** @throws GatewayError INVALID_REQUEST when the edit was made for another state of the file, or for none although it has to be. */
export function requireCurrent({ baseHash, requiresBase }: ConfigEdit, hash: string | undefined): void {
  if (baseHash === undefined) {
    if (requiresBase && hash !== undefined)
      throw refuse('config base hash required; re-run config.get and retry', { code: 'BASE_HASH_REQUIRED' });
    return;
  }
  if (baseHash !== hash)
    throw refuse('config changed since last load; re-run config.get and retry', { code: 'BASE_HASH_STALE', hash });
}

interface Outcome {
  raw: string | undefined;
  text: string;
  before: LoadedConfig | undefined;
  loaded: LoadedConfig;
}

/** @throws GatewayError INVALID_REQUEST for an edit that looks like an accident. */
export function requireWhole({ allowDestructive }: ConfigEdit, { raw, text, before, loaded }: Outcome): void {
  if (allowDestructive || raw === undefined) return;
  const had = valueAt(before?.parsed, ['gateway', 'mode']) !== undefined;
  const lost = had && valueAt(loaded.parsed, ['gateway', 'mode']) === undefined;
  const shrunk = Buffer.byteLength(text) * 2 < Buffer.byteLength(raw);
  if (!lost && !shrunk) return;
  const what = lost ? 'drop gateway.mode' : 'take out more than half of the file';
  throw refuse(`this write would ${what}, and nothing was written: if it is meant, send allowDestructive: true`, {
    code: 'DESTRUCTIVE_WRITE',
    reason: lost ? 'gateway-mode' : 'size',
  });
}

/** @throws GatewayError INVALID_REQUEST for an edit after which the gateway could not start, unless it could not before. */
export function requireStart({
  env,
  before,
  loaded,
}: {
  env: Environment;
  before: LoadedConfig | undefined;
  loaded: LoadedConfig;
}): void {
  const fault = findStartFault(loaded, env);
  if (!fault || (before && findStartFault(before, env))) return;
  const path = String(fault.details?.path ?? '');
  throw refuse(`invalid config: the gateway could not start with it: ${fault.message}. Nothing was written.`, {
    code: 'INVALID_CONFIG',
    issues: [{ path, message: fault.message }],
  });
}

/** @throws GatewayError UNAVAILABLE for secrets that were read anew and that the gateway could not start with. */
export function requireUsable({
  env,
  before,
  loaded,
}: {
  env: Environment;
  before: LoadedConfig;
  loaded: LoadedConfig;
}): void {
  const fault = findStartFault(loaded, env);
  if (!fault || findStartFault(before, env)) return;
  throw new GatewayError('UNAVAILABLE', `the secrets that are in effect stay: ${fault.message}`, {
    details: { code: 'SECRETS_RELOAD_FAILED', path: fault.details?.path },
  });
}

function findStartFault({ config, unread }: LoadedConfig, env: Environment): GatewayError | undefined {
  try {
    resolveGateway({ config, unread, env });
    return undefined;
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
}

function notAnObject(message: string): GatewayError {
  return refuse(message, { code: 'INVALID_CONFIG', issues: [{ path: '', message }] });
}

function refuse(message: string, details: Record<string, unknown>): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details });
}
