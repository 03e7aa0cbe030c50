import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { AgentSpec } from '../config/agents.ts';
import { sessionChanged } from '../sessions/faults.ts';
import { parseSessionKey, reservedPrefixes, type SessionKey } from '../sessions/key.ts';
import type { Context } from './context.ts';

/** The agent with that id, or the default one. @throws GatewayError INVALID_REQUEST, `details.code: 'UNKNOWN_AGENT_ID'`. */
export function findAgent(ctx: Pick<Context, 'agents'>, id: string | undefined): AgentSpec {
  const agent = id === undefined ? ctx.agents.default() : ctx.agents.find(id);
  if (agent) return agent;
  const known = ctx.agents
    .list()
    .map((candidate) => candidate.id)
    .join(', ');
  throw new GatewayError('INVALID_REQUEST', `unknown agent "${id}". There are: ${known}`, {
    details: { code: 'UNKNOWN_AGENT_ID', agentId: id },
  });
}

/** The agent with that id. @throws GatewayError INVALID_REQUEST `agent "x" not found`, `details.code: 'UNKNOWN_AGENT_ID'`. */
export function requireAgent(ctx: Pick<Context, 'agents'>, id: string): AgentSpec {
  const agent = ctx.agents.find(id);
  if (agent) return agent;
  throw new GatewayError('INVALID_REQUEST', `agent "${id}" not found`, {
    details: { code: 'UNKNOWN_AGENT_ID', agentId: id },
  });
}

/** A session key in its canonical form, as a caller may write it. */
export function resolveKey(ctx: Pick<Context, 'agents' | 'mainKey'>, text: string, agentId?: string): SessionKey {
  const defaults = { agentId: findAgent(ctx, undefined).id, mainKey: ctx.mainKey() };
  return parseSessionKey(text, defaults, agentId);
}

/** @throws GatewayError INVALID_REQUEST with `details.reason: 'session-changed'` when the session has another id by now. */
export function requireSameSession(ctx: Pick<Context, 'sessions'>, key: string, sessionId: string | undefined): void {
  const now = sessionId === undefined ? undefined : ctx.sessions.find(key)?.sessionId;
  if (now === undefined || now === sessionId) return;
  throw sessionChanged(key, { reason: 'session-changed', sessionId: now });
}

/** @throws GatewayError INVALID_REQUEST, `details.code: 'INVALID_SESSION_KEY'`, for a new session that only the gateway may make. */
export function requireOpenKey(ctx: Pick<Context, 'sessions'>, key: string): void {
  const [, , ...rest] = key.split(':');
  const name = rest.join(':').toLowerCase();
  const prefix = reservedPrefixes.find((reserved) => name.startsWith(reserved));
  if (!prefix || ctx.sessions.find(key)) return;
  const message = `session keys that begin with "${prefix}" belong to the gateway; choose another name`;
  throw new GatewayError('INVALID_REQUEST', message, { details: { code: 'INVALID_SESSION_KEY' } });
}

/** A session key together with the agent that answers in it. */
export function resolveSession(ctx: Pick<Context, 'agents' | 'mainKey'>, text: string, agentId?: string) {
  const { key, agentId: owner } = resolveKey(ctx, text, agentId);
  return { key, agent: findAgent(ctx, owner) };
}

/** Who asks, for the list of revisions. */
export function authorOf({ principal }: Pick<Context, 'principal'>): string {
  const { deviceId, method, id } = principal;
  return deviceId ? `device ${deviceId}` : `${method} ${id}`;
}
