import type { Publish } from '../../sdk/protocol/events.ts';
import type { Log } from '../log/log.ts';
import type { ConfigEdited } from './config-file.ts';

export interface AnnounceOptions {
  publish: Publish;
  /** Default: the log is not told. */
  log: Log | undefined;
}

/** Keys of which the lists of models and commands are made. */
const metadataKeys = /^(?:models|agents|commands|skills)\b/;

/** Keys of one write that the log names. */
const maxLogged = 50;

/** Says that the configuration is another one: to the log, and without any of its content to clients. */
export function announceConfig(
  { hash, loaded, changedPaths, requiresRestart }: Omit<ConfigEdited, 'noop'>,
  options: AnnounceOptions,
): void {
  const { publish, log } = options;
  log?.info('configuration written', { keys: changedPaths.slice(0, maxLogged), requiresRestart });
  publish('config.changed', { path: loaded.path, hash, ts: Date.now() });
  if (changedPaths.some((key) => metadataKeys.test(key))) publish('chat.metadata.changed', {});
}
