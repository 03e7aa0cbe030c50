import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { GatewayConfig } from '../config/config.ts';
import { expandHome } from '../config/home-path.ts';
import type { Paths } from '../config/paths.ts';

/** Which certificate the gateway answers with. All paths are absolute. */
export interface TlsSettings {
  certPath: string;
  keyPath: string;
  caPath: string | undefined;
  /** Make a certificate of our own where there is none. */
  autoGenerate: boolean;
  /** True when the files are where the gateway keeps its own. */
  isOwn: boolean;
}

/**
 * Reads `gateway.tls`; undefined when it is not enabled. Paths are relative to the configuration file's folder; without
 * any, the files are `gateway/tls/gateway-cert.pem` and `gateway-key.pem` in the state directory.
 * @throws GatewayError INVALID_CONFIG for half a pair.
 */
export function readTlsSettings(
  tls: GatewayConfig['tls'],
  { stateDir, configPath }: Pick<Paths, 'stateDir' | 'configPath'>,
): TlsSettings | undefined {
  if (!tls?.enabled) return undefined;
  const { certPath, keyPath, caPath, autoGenerate = true } = tls;
  if (!certPath !== !keyPath) throw halfPair(certPath ? 'keyPath' : 'certPath');
  const toAbsolute = (path: string) => resolve(dirname(configPath), expandHome(path, process.env.HOME || homedir()));
  const own = join(stateDir, 'gateway', 'tls');
  return {
    certPath: certPath ? toAbsolute(certPath) : join(own, 'gateway-cert.pem'),
    keyPath: keyPath ? toAbsolute(keyPath) : join(own, 'gateway-key.pem'),
    caPath: caPath ? toAbsolute(caPath) : undefined,
    autoGenerate,
    isOwn: !certPath,
  };
}

// --- internal ---

function halfPair(missing: string): GatewayError {
  return new GatewayError(
    'INVALID_CONFIG',
    `gateway.tls.${missing} is not set: a certificate and its key belong together; name both files, or none to have the gateway make its own`,
    { details: { path: `gateway.tls.${missing}` } },
  );
}
