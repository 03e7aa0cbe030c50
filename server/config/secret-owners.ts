import type { Config } from './config.ts';
import { formatKey, type KeyPath } from './key-path.ts';
import type { Environment } from './substitute.ts';

/** What cannot do without a secret: a key of the configuration, and a name for people. */
export interface SecretOwner {
  key: string;
  name: string;
}

/** Who needs the secret at a path. */
export function ownerOf(path: KeyPath): SecretOwner {
  const [first, second, third] = path;
  if (first === 'models' && second === 'providers')
    return { key: formatKey(path.slice(0, 3)), name: `model provider "${third}"` };
  if (first === 'gateway' && second === 'auth') return { key: 'gateway.auth', name: 'authentication of the gateway' };
  if (first === 'hooks' && second === 'mappings')
    return { key: formatKey(path.slice(0, 3)), name: `hook mapping ${third}` };
  if (first === 'hooks') return { key: 'hooks', name: 'hooks' };
  const key = formatKey(path.slice(0, -1));
  return { key, name: key };
}

/**
 * True for a secret that something would use as the configuration is. What is switched off, or decided elsewhere, is not
 * asked for: its provider may be away.
 */
export function isActive(config: Config, path: KeyPath, env: Environment): boolean {
  const [first, second, third] = path;
  if (first === 'hooks') return config.hooks?.enabled === true;
  if (first !== 'gateway') return true;
  if (second === 'remote') return config.gateway?.mode === 'remote';
  if (second !== 'auth') return true;
  const mode = config.gateway?.auth?.mode;
  if (third === 'token') return (mode === undefined || mode === 'token') && !isSet(env.OPENCLAW_GATEWAY_TOKEN);
  if (third === 'password') return mode !== 'token' && mode !== 'none' && !isSet(env.OPENCLAW_GATEWAY_PASSWORD);
  return true;
}

const isSet = (value: string | undefined) => Boolean(value?.trim());
