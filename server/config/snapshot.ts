import type { ConfigIssue, ConfigSnapshot } from '../../sdk/protocol/config-state.ts';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { createRedactor } from '../log/redact.ts';
import type { Config } from './config.ts';
import type { Fingerprint } from './fingerprint.ts';
import { type LoadedConfig, parseConfig, readConfigText } from './load.ts';
import { redactConfig } from './redact.ts';
import type { Environment } from './substitute.ts';

export interface SnapshotOptions {
  path: string;
  env: Environment;
  fingerprint: Fingerprint;
  /** The configuration in effect. */
  running: Config;
  /** Its secrets: none is read for an answer. Default: none is known. */
  previous?: Pick<LoadedConfig, 'secrets'> | undefined;
  /** Hash of the newest configuration that is in effect as a whole. */
  appliedHash: string;
}

/** Reads the file as it is now and says what it holds, secrets hidden; a file that has become invalid is an answer too. */
export async function readConfigSnapshot(options: SnapshotOptions): Promise<ConfigSnapshot> {
  let raw: string | undefined;
  try {
    raw = await readConfigText(options.path);
    return toConfigSnapshot(await parseConfig(raw, { ...options, secrets: 'known' }), options);
  } catch (error) {
    // An edit in progress is expected to be invalid at times: the caller is told what is wrong with it.
    if (!isGatewayError(error) || error.code !== 'INVALID_CONFIG') throw error;
    const issues = (error.details?.issues ?? []) as ConfigIssue[];
    const { path, running, fingerprint } = options;
    const loaded = await parseConfig(undefined, options);
    return {
      ...toConfigSnapshot({ ...loaded, path, exists: true, parsed: null, config: running }, options),
      valid: false,
      hash: raw === undefined ? null : fingerprint.text(raw),
      issues: issues.map(toIssue),
    };
  }
}

/** What `config.get` answers. */
export function toConfigSnapshot(
  { path, exists, raw, files, sources, parsed, config, warnings }: LoadedConfig,
  { fingerprint, running, appliedHash }: Omit<SnapshotOptions, 'path' | 'env'>,
): ConfigSnapshot {
  const source = redactConfig(config);
  return {
    path,
    exists,
    valid: true,
    raw: raw !== null && isHarmless(raw, parsed) ? raw : null,
    parsed: redactConfig(parsed),
    sourceConfig: source,
    resolved: source,
    config: source,
    runtimeConfig: redactConfig(running),
    hash: raw === null ? null : fingerprint.files(sources),
    configRevisionHash: fingerprint.config(config),
    appliedConfigHash: appliedHash,
    issues: [],
    warnings,
    legacyIssues: [],
    includedPaths: files.slice(1),
    includeProvenance: [],
  };
}

/** As clients know it, without what only the file's reader needs. */
function toIssue({ path, message, code, file, line, column, nearest }: ConfigIssue): ConfigIssue {
  return { path, message, code, file, line, column, ...(nearest !== undefined && { nearest }) };
}

/** True when a text shows no secret: neither under its keys, nor in its comments. */
function isHarmless(raw: string, parsed: unknown): boolean {
  if (JSON.stringify(redactConfig(parsed)) !== JSON.stringify(parsed)) return false;
  return createRedactor().text(raw) === raw;
}
