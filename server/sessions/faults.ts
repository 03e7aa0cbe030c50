import { GatewayError } from '../../sdk/protocol/errors.ts';
import { parseSessionKey, toSessionKey } from './key.ts';

/** The refusal of what names a session that there is not. @param what `parent session`, for example. */
export function sessionNotFound(key: string, what = 'session'): GatewayError {
  return new GatewayError('INVALID_REQUEST', `${what} not found: ${key}. List them with: openclaw sessions list`, {
    details: { code: 'SESSION_NOT_FOUND', key },
  });
}

/** The refusal of what was asked for another state of a session. @param details with what has changed as `reason`. */
export function sessionChanged(key: string, details: { reason: string; sessionId?: string }): GatewayError {
  const message = `session ${key} has changed since it was read: read it again, then retry`;
  return new GatewayError('INVALID_REQUEST', message, { details: { ...details, key } });
}

/** @throws GatewayError INVALID_REQUEST, `details.code: 'MAIN_SESSION'`, for the main session of an agent, also where it is not there yet. */
export function requireNotMain(key: string, mainKey: string, what: string): void {
  const { agentId } = parseSessionKey(key, { agentId: '', mainKey });
  if (key !== toSessionKey(agentId, mainKey).key) return;
  throw new GatewayError('INVALID_REQUEST', `the main session ${key} cannot be ${what}`, {
    details: { code: 'MAIN_SESSION' },
  });
}
