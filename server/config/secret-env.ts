import type { SecretReading, SecretRequest } from './secret-reading.ts';
import type { Environment } from './substitute.ts';

/** An entry of `secrets.providers` with the source `env`. */
export interface SecretVariables {
  /** The only variables that may be read; an empty list allows none. Default: all. */
  allowlist?: readonly string[] | undefined;
}

/** Names of variables that references may have. */
const variableName = /^[A-Z][A-Z0-9_]{0,127}$/;

/** Reads secrets from the environment. A variable that is missing or empty is none. */
export function readVariables(
  { provider, ids }: SecretRequest,
  { allowlist }: SecretVariables,
  env: Environment,
): Map<string, SecretReading> {
  const read = (id: string): SecretReading => {
    if (!variableName.test(id)) return { fault: `"${id}" cannot be the name of an environment variable` };
    if (allowlist && !allowlist.includes(id))
      return { fault: `"${id}" is not in secrets.providers.${provider}.allowlist` };
    const value = env[id];
    return value ? { value } : { fault: `environment variable ${id} is not set` };
  };
  return new Map(ids.map((id) => [id, read(id)]));
}
