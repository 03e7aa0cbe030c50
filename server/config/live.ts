import type { Config } from './config.ts';
import type { LoadedConfig } from './load.ts';

/** The configuration in effect. What reads it at each use needs no restart after a change. */
export interface LiveConfig {
  current(): Config;
  /** The file that the configuration in effect was read from. */
  loaded(): LoadedConfig;
  /** Puts a configuration into effect, then tells those who build something out of it. */
  put(loaded: LoadedConfig): void;
  /** Called after every change, in the order of registration. Contract: a listener does not throw. */
  onChange(listener: (config: Config) => void): void;
}

export function createLiveConfig(first: LoadedConfig): LiveConfig {
  const listeners: ((config: Config) => void)[] = [];
  let loaded = first;
  return {
    current: () => loaded.config,
    loaded: () => loaded,
    put(next) {
      loaded = next;
      for (const listener of listeners) listener(next.config);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
