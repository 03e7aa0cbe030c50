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

/** What a message asks for. */
export interface QueueRequest {
  /** Wins over what the session and the configuration say. */
  mode?: QueueMode | undefined;
  /** What holds where nobody has said anything: the message is steered, or stays alone. */
  otherwise: 'steer' | 'alone';
}

const defaults = { cap: 20, drop: 'summarize', debounceMs: 500 } as const;
/** Where messages of the gateway's own clients come from, as the configuration names it. */
const channel = 'webchat';

/**
 * The settings in effect: the mode of the request, else the session's, else the channel's, else the configured one.
 * @returns undefined for a message that stays alone.
 */
export function resolveQueue(
  request: QueueRequest | undefined,
  config: QueueConfig = {},
  session: QueueOverride = {},
): QueueSettings | undefined {
  if (!request) return undefined;
  const chosen = request.mode ?? session.queueMode ?? config.byChannel?.[channel] ?? config.mode;
  const mode = chosen ?? (request.otherwise === 'alone' ? undefined : request.otherwise);
  const { cap } = config;
  return (
    mode && {
      mode,
      cap: session.queueCap ?? (cap !== undefined && cap >= 1 ? cap : defaults.cap),
      drop: session.queueDrop ?? config.drop ?? defaults.drop,
      debounceMs: session.queueDebounceMs ?? config.debounceMsByChannel?.[channel] ?? defaults.debounceMs,
    }
  );
}
