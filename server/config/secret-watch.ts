import type { Log } from '../log/log.ts';
import type { LiveConfig } from './live.ts';
import type { LoadedConfig } from './load.ts';
import { listSecrets } from './redact.ts';

export interface SecretWatch {
  live: Pick<LiveConfig, 'loaded' | 'onChange'>;
  log: Log;
  /** Hides one more secret from now on. */
  learn(secret: string): void;
}

/**
 * Looks at the secrets of each configuration that is put into effect: hides them, and says when some can no longer be read
 * (`SECRETS_RELOADER_DEGRADED`, once, with a line for each owner) and when all can be again (`SECRETS_RELOADER_RECOVERED`).
 */
export function watchSecrets({ live, log, learn }: SecretWatch): void {
  // Secrets that could not be read at the start were told of there.
  let isDegraded = live.loaded().unread.length > 0;
  let isTold = false;
  const hide = ({ config, secrets }: LoadedConfig) => {
    for (const secret of listSecrets(config)) learn(secret);
    for (const { value } of secrets.readings.values()) if (value !== undefined) learn(value);
  };
  const look = ({ secrets, unread }: LoadedConfig) => {
    const owners = secrets.degraded.map(({ owner, state, path }) => ({ owner: owner.key, state, path }));
    if (owners.length > 0 && !isTold) log.warn('SECRETS_RELOADER_DEGRADED', { owners });
    for (const { path, message } of unread) log.warn(`${path}: ${message}`);
    if (owners.length === 0 && isDegraded) log.info('SECRETS_RELOADER_RECOVERED');
    isDegraded = owners.length > 0;
    isTold = isDegraded;
  };
  hide(live.loaded());
  live.onChange(() => {
    hide(live.loaded());
    look(live.loaded());
  });
}
