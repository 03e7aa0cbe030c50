import type { ConfigIssue, ConfigSnapshot } from '../../sdk/protocol/config.ts';
import { isGatewayError } from '../../sdk/protocol/errors.ts';
import { createRedactor } from '../log/redact.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { redactConfig } from './redact.ts';
import type { Environment } from './substitute.ts';

/**
 * What `config.get` answers, secrets hidden.
 * @param appliedHash hash of the configuration that the gateway runs with.
 */
export function toConfigSnapshot(loaded: LoadedConfig, appliedHash: string | null): ConfigSnapshot {
  const { path, exists, raw, parsed, config, hash, warnings } = loaded;
  return {
    path,
    exists,
    valid: true,
    raw: raw !== null && isHarmless(raw, parsed) ? raw : null,
    parsed: redactConfig(parsed),
    config: redactConfig(config),
    hash,
    appliedConfigHash: appliedHash,
    issues: [],
    warnings,
  };
}

/** Reads the file as it is now and says what it holds; a file that has become invalid is an answer too. */
export async function readConfigSnapshot(
  { path, env }: { path: string; env: Environment },
  applied: LoadedConfig,
): Promise<ConfigSnapshot> {
  try {
    return toConfigSnapshot(await loadConfig({ path, env }), applied.hash);
  } catch (error) {
    // An edit in progress is expected to be invalid at times: the caller is told what is wrong with it.
    if (!isGatewayError(error) || error.code !== 'INVALID_CONFIG') throw error;
    const issues = (error.details?.issues ?? []) as ConfigIssue[];
    return {
      ...toConfigSnapshot({ ...applied, path, exists: true, raw: null, hash: null, warnings: [] }, applied.hash),
      valid: false,
      parsed: null,
      issues: issues.map(({ path: key, message }) => ({ path: key, message })),
    };
  }
}

/** True when a text shows no secret: neither under its keys, nor in its comments. */
function isHarmless(raw: string, parsed: unknown): boolean {
  if (JSON.stringify(redactConfig(parsed)) !== JSON.stringify(parsed)) return false;
  return createRedactor().text(raw) === raw;
}
