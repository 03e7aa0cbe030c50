import type { Check } from './check.ts';
import { configFile, configValues, legacyConfig } from './checks/config-file.ts';
import { fileModes } from './checks/file-modes.ts';
import { gatewayAuth } from './checks/gateway-auth.ts';
import { gatewayConfig, gatewayStart } from './checks/gateway-config.ts';
import { staleLocks } from './checks/locks.ts';
import { port, reachable } from './checks/reachable.ts';
import { degradedSecrets, plaintextSecrets } from './checks/secrets.ts';
import { sessions } from './checks/sessions.ts';
import { stateDir } from './checks/state-dir.ts';
import { linger, severalServices, unitDrift } from './checks/supervised.ts';

/** Everything that doctor looks at, in the order of its numbers. A new check gets the next one. */
export const checks: readonly Check[] = [
  configFile,
  legacyConfig,
  configValues,
  gatewayConfig,
  gatewayStart,
  gatewayAuth,
  fileModes,
  plaintextSecrets,
  degradedSecrets,
  stateDir,
  staleLocks,
  port,
  reachable,
  unitDrift,
  severalServices,
  linger,
  sessions,
];
