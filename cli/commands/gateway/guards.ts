import { GatewayError, isGatewayError } from '../../../sdk/protocol/errors.ts';
import { valueAt } from '../../../server/config/key-path.ts';
import { type LoadedConfig, loadConfig, type Reading, readAsWritten } from '../../../server/config/load.ts';
import type { Environment } from '../../../server/config/substitute.ts';

/*
 * Before anything listens, in this order, each with exit code 78:
 * no file -> another mode than local -> no mode at all -> an invalid file -> (resolveGateway) exposed without auth
 */

export interface GuardedReading extends Pick<Reading, 'path' | 'env' | 'previous'> {
  /** Skips all guards but that of an invalid file. */
  allowUnconfigured: boolean;
}

/**
 * Reads the configuration that a gateway may start with.
 * @throws GatewayError INVALID_CONFIG
 */
export async function loadGuarded({ allowUnconfigured, ...reading }: GuardedReading): Promise<LoadedConfig> {
  const { path, env } = reading;
  try {
    const loaded = await loadConfig(reading);
    if (!allowUnconfigured) guardMode(loaded.exists, loaded.config.gateway?.mode, path);
    return loaded;
  } catch (error) {
    // A file that is invalid may be of another kind of gateway altogether: that is said first.
    if (!allowUnconfigured && isGatewayError(error) && error.details?.issues) await guardModeOfInvalid(path, env);
    throw error;
  }
}

/** What only a configuration for a gateway may say. @throws GatewayError INVALID_CONFIG */
export function guardMode(exists: boolean, mode: unknown, path: string): void {
  const allow = 'pass --allow-unconfigured';
  if (!exists)
    throw refusal(
      `Missing config. Run openclaw setup or set gateway.mode=local (or ${allow}).\nLooked for ${path}.`,
      path,
    );
  if (mode === 'local') return;
  throw refusal(
    mode === undefined
      ? `Gateway start blocked: existing config is missing gateway.mode. Was ${path} overwritten? Set gateway.mode=local or ${allow}.`
      : `Gateway start blocked: set gateway.mode=local (current: ${String(mode)}) or ${allow}.`,
    path,
  );
}

// --- internal ---

async function guardModeOfInvalid(path: string, env: Environment): Promise<void> {
  const file = await readAsWritten(path, { env }).catch((error: unknown) => {
    if (isGatewayError(error)) return undefined; // Unreadable altogether: the fault that was found says so.
    throw error;
  });
  if (file) guardMode(true, valueAt(file.value, ['gateway', 'mode']), path);
}

function refusal(message: string, path: string): GatewayError {
  return new GatewayError('INVALID_CONFIG', message, { details: { path } });
}
