import type { ConfigHint } from '../../sdk/protocol/config-schema.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { hasEffect } from './acted-on.ts';
import { defaultOf } from './defaults.ts';
import { helpOf } from './hints.ts';
import type { Assembled } from './includes.ts';
import { formatKey, type KeyPath, mapTree, valueAt } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';
import { knownMembers, nearestKey } from './nearest.ts';
import { createPlaces, originOf } from './origins.ts';
import { redactConfig } from './redact.ts';
import { type ReloadKind, reloadKindOf } from './reload-kind.ts';
import { type Environment, substituteVariables } from './substitute.ts';

/** Everything that is known about one key on this machine. */
export interface ConfigExplained {
  path: string;
  /** What is in effect, secrets hidden; absent when it is the default. */
  value?: unknown;
  source: ConfigSource;
  /** What is in effect when nobody sets it, in words; absent where that is not known. */
  default?: string | undefined;
  /** What it may be, as the key table spells it. */
  type: string;
  /** What a change takes. */
  reloadKind: ReloadKind;
  /** False for a key that is accepted and has no effect yet. */
  actedOn: boolean;
  sensitive: boolean;
  help?: ConfigHint['help'];
  /** Variables in the text of the file. */
  variables: { name: string; set: boolean; envFile?: string | undefined }[];
  /** Names of what may stand below it. */
  members: string[];
}

/** Where a value comes from; the first that applies. */
export interface ConfigSource {
  /** `include`: an included file. `environment`: a variable that wins over the file. `flag`: of the running gateway. */
  kind: 'flag' | 'environment' | 'file' | 'include' | 'default';
  /** The flag. */
  flag?: string | undefined;
  /** The variable, and the env file that it was read from. */
  variable?: string | undefined;
  envFile?: string | undefined;
  /** Where the key is written, also when something else wins. */
  file?: string | undefined;
  line?: number | undefined;
  column?: number | undefined;
}

export interface Explaining {
  /** The files as they are written; undefined when there are none. */
  files: Assembled | undefined;
  env: Environment;
  /** The env file that a variable was read from. */
  envFileOf(variable: string): string | undefined;
  /** Keys that flags of the running gateway decided: the flag, and the value where it is known. */
  flags: Readonly<Record<string, { flag: string; value?: unknown }>>;
}

/** Explains one key. @throws GatewayError INVALID_REQUEST for one that is not known, with the nearest that is. */
export function explainKey(path: KeyPath, { files, env, envFileOf, flags }: Explaining): ConfigExplained {
  const node = findKey(path);
  if (!node) throw unknownKey(path);
  const key = formatKey(path);
  const written = valueAt(files?.value, path);
  const variable = overrides[key];
  const flag = flags[key];
  const override = flag ?? (variable !== undefined && env[variable]?.trim() ? { value: env[variable] } : undefined);
  const shown = redactConfig(nest(path, override ? override.value : valueAt(resolve(files?.value, env), path)));
  const value = valueAt(shown, path);
  const help = helpOf(node.path.replaceAll('<id>', '*'));
  const fallback = defaultOf(path);
  return {
    path: key,
    ...(value !== undefined && { value }),
    source: {
      ...toKind(flag, override && variable, { written, path, files }),
      ...(override && !flag && variable !== undefined && { envFile: envFileOf(variable) }),
      ...(written !== undefined && files && createPlaces(files.origin, files.sources)(path)),
    },
    ...(fallback !== undefined && { default: fallback }),
    type: node.type?.text.replace(/\bmap\b/g, 'object') || (node.type ? 'any' : 'object'),
    reloadKind: reloadKindOf(key),
    actedOn: hasEffect(path),
    sensitive: takesSecret(node),
    ...(help !== undefined && { help }),
    variables: listVariables(written).map((name) => ({ name, set: Boolean(env[name]), envFile: envFileOf(name) })),
    members: [...node.members.keys()],
  };
}

/** The refusal of a key that no table knows, with the nearest that is known. */
export function unknownKey(path: KeyPath): GatewayError {
  const key = formatKey(path);
  const near = nearestKey(path);
  const known = knownMembers(path.slice(0, -1)).slice(0, 12).join(', ');
  const advice = near ? `did you mean ${near}?` : known ? `known there: ${known}` : 'see openclaw config schema';
  return new GatewayError('INVALID_REQUEST', `unrecognized key "${key}"; ${advice}`, {
    details: { code: 'UNKNOWN_KEY', path: key, ...(near && { nearest: near }) },
  });
}

// --- internal ---

/** Keys that a variable of their own decides. */
const overrides: Readonly<Record<string, string>> = {
  'gateway.port': 'OPENCLAW_GATEWAY_PORT',
  'gateway.auth.token': 'OPENCLAW_GATEWAY_TOKEN',
  'gateway.auth.password': 'OPENCLAW_GATEWAY_PASSWORD',
};

function toKind(
  flag: { flag: string } | undefined,
  variable: string | undefined,
  { written, path, files }: { written: unknown; path: KeyPath; files: Assembled | undefined },
): ConfigSource {
  if (flag) return { kind: 'flag', flag: flag.flag };
  if (variable !== undefined) return { kind: 'environment', variable };
  if (written === undefined || !files) return { kind: 'default' };
  return { kind: originOf(files.origin, path).origin.file === files.sources[0]?.path ? 'file' : 'include' };
}

/** The same value at the same place of an otherwise empty configuration: what has to be hidden goes by the place. */
function nest(path: KeyPath, value: unknown): unknown {
  return path.reduceRight<unknown>((inside, step) => {
    if (typeof step === 'number') return Object.assign([], { [step]: inside });
    return { [step]: inside };
  }, value);
}

function resolve(value: unknown, env: Environment): unknown {
  return value === undefined ? undefined : substituteVariables(value, env).value;
}

function listVariables(written: unknown): string[] {
  const names = new Set<string>();
  mapTree(written, (text) => {
    if (typeof text === 'string')
      for (const [, name] of text.matchAll(/(?<!\$)\$\{([A-Z_][A-Z0-9_]*)\}/g)) if (name) names.add(name);
    return text;
  });
  return [...names];
}
