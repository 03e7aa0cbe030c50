import { GatewayError } from '../../sdk/protocol/errors.ts';

/** What a session key says. */
export interface SessionKey {
  /** Canonical, `agent:<agentId>:<rest>`. */
  key: string;
  agentId: string;
  rest: string;
}

/** Prefixes of `rest` that only the gateway itself may choose. */
export const reservedPrefixes = ['subagent:', 'cron:', 'acp:'] as const;

export interface KeyDefaults {
  /** The agent of a key that names none. */
  agentId: string;
  /** What the alias `main` stands for. Default `main`. */
  mainKey: string;
}

/**
 * Reads a session key: canonical, the alias `main`, or a bare rest.
 * @throws GatewayError INVALID_REQUEST when the key is malformed or names another agent than `agentId`.
 */
export function parseSessionKey(text: string, defaults: KeyDefaults, agentId?: string): SessionKey {
  const trimmed = text.trim();
  // Half a surrogate pair is stored as a replacement character: two such keys would be one.
  const isPlain = text.isWellFormed() && !/\p{Cc}/u.test(trimmed);
  const canonical = /^agent:([^:\s]+):\s*(.+)$/s.exec(trimmed);
  if (canonical && isPlain) {
    const [, owner = '', rest = ''] = canonical;
    if (agentId && agentId !== owner)
      throw invalid(`session key "${text}" belongs to agent "${owner}", not "${agentId}"`);
    return toSessionKey(owner, rest);
  }
  if (trimmed === '' || trimmed.startsWith('agent:') || !isPlain)
    throw invalid(`session key "${text}" is malformed: use agent:<agentId>:<rest>, main, or a name of your own`);
  return toSessionKey(agentId ?? defaults.agentId, trimmed === 'main' ? defaults.mainKey : trimmed);
}

/** The key of an agent's conversation. */
export function toSessionKey(agentId: string, rest: string): SessionKey {
  return { key: `agent:${agentId}:${rest}`, agentId, rest };
}

function invalid(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'INVALID_SESSION_KEY' } });
}
