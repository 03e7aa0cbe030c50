import type { QueueDrop, QueueMode } from '../../sdk/protocol/queue.ts';
import type { QueueConfig } from '../config/config.ts';

/** What becomes of a message that comes while its session is at work. */
export interface QueueSettings {
  mode: QueueMode;
  /** Messages that may wait in one session before `drop` applies. */
  cap: number;
  drop: QueueDrop;
  /** Milliseconds without a further message before those that were collected are answered. */
  debounceMs: number;
}

/** What a session has chosen for itself. */
export interface QueueOverride {
  queueMode?: QueueMode | undefined;
  queueCap?: number | undefined;
  queueDrop?: QueueDrop | undefined;
  queueDebounceMs?: number | undefined;
}

const defaults: QueueSettings = { mode: 'steer', cap: 20, drop: 'summarize', debounceMs: 500 };

/**
 * The settings in effect: the mode of the request, else the session's, else that of the channel, else the configured one,
 * else `steer`.
 */
export function resolveQueue(options: {
  config: QueueConfig | undefined;
  override: QueueOverride | undefined;
  requested: QueueMode | undefined;
  channel: 'webchat';
}): QueueSettings {
  const { config = {}, override = {}, requested, channel } = options;
  const { cap } = config;
  return {
    mode: requested ?? override.queueMode ?? config.byChannel?.[channel] ?? config.mode ?? defaults.mode,
    cap: override.queueCap ?? (cap !== undefined && cap >= 1 ? cap : defaults.cap),
    drop: override.queueDrop ?? config.drop ?? defaults.drop,
    debounceMs: override.queueDebounceMs ?? config.debounceMsByChannel?.[channel] ?? defaults.debounceMs,
  };
}
