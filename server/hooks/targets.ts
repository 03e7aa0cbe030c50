import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { AgentSpec, Roster } from '../config/agents.ts';
import { parseSessionKey, reservedPrefixes, type SessionKey, toSessionKey } from '../sessions/key.ts';
import type { HookSettings, WakeMode } from './settings.ts';

/** Who is to answer, and in which conversation. */
export interface HookTarget {
  agent: AgentSpec;
  /** Canonical. */
  sessionKey: string;
}

export interface WantedTarget {
  agentId: string | undefined;
  sessionKey: string | undefined;
  /** True when whoever sent the request had a say in the key. */
  isKeySent: boolean;
}

export interface TargetDeps {
  agents: Roster;
  mainKey(): string;
}

/** The main conversation of an agent, or the one that a wake names. @throws GatewayError INVALID_REQUEST for what may not be reached. */
export function resolveWakeTarget(
  deps: TargetDeps,
  settings: HookSettings,
  { mode, ...wanted }: WantedTarget & { mode: WakeMode },
): HookTarget {
  if (wanted.sessionKey === undefined) {
    const agent = findAgent(deps, settings, wanted.agentId);
    return { agent, sessionKey: toSessionKey(agent.id, deps.mainKey()).key };
  }
  if (mode !== 'now')
    throw refuse('what is kept for later is for the main session: leave sessionKey out, or use mode "now"');
  const { agent, key } = resolveKey(deps, settings, { ...wanted, sessionKey: wanted.sessionKey });
  return { agent, sessionKey: key.key };
}

/**
 * The conversation of a run: one of its own for each run, or with `persistent` the one of that name.
 * @throws GatewayError INVALID_REQUEST for what may not be reached.
 */
export function resolveRunTarget(
  deps: TargetDeps,
  settings: HookSettings,
  { runId, isPersistent, ...wanted }: WantedTarget & { runId: string; isPersistent: boolean },
): HookTarget {
  const name = wanted.sessionKey ?? settings.defaultSessionKey;
  if (name === undefined) {
    if (isPersistent) throw refuse('sessionMode "persistent" needs a sessionKey, or hooks.defaultSessionKey');
    const agent = findAgent(deps, settings, wanted.agentId);
    requirePrefix(settings, toSessionKey(agent.id, `hook:${runId}`));
    return { agent, sessionKey: toSessionKey(agent.id, `hook:${runId}`).key };
  }
  const isKeySent = wanted.sessionKey !== undefined && wanted.isKeySent;
  if (isPersistent && isKeySent && !settings.prefixes)
    throw refuse('a session that persists and that senders choose needs hooks.allowedSessionKeyPrefixes');
  const { agent, key } = resolveKey(deps, settings, { ...wanted, sessionKey: name, isKeySent });
  return { agent, sessionKey: isPersistent ? key.key : `${key.key}:run:${runId}` };
}

// --- internal ---

const maxKeyChars = 512;

function resolveKey(deps: TargetDeps, settings: HookSettings, wanted: WantedTarget & { sessionKey: string }) {
  const { agentId, sessionKey, isKeySent } = wanted;
  if (isKeySent && !settings.allowRequestSessionKey)
    throw refuse('sessionKey is not for senders to choose: leave it out, or set hooks.allowRequestSessionKey');
  if (sessionKey.length > maxKeyChars) throw refuse(`sessionKey is longer than ${maxKeyChars} characters`);
  const defaults = { agentId: deps.agents.default().id, mainKey: deps.mainKey() };
  const key = parseSessionKey(sessionKey, defaults, agentId);
  const agent = findAgent(deps, settings, key.agentId);
  requirePrefix(settings, key);
  const reserved = reservedPrefixes.find((prefix) => key.rest.toLowerCase().startsWith(prefix));
  if (reserved) throw refuse(`session keys that begin with "${reserved}" belong to the gateway: choose another name`);
  return { agent, key };
}

function requirePrefix({ prefixes }: HookSettings, { key, rest }: SessionKey): void {
  if (!prefixes || prefixes.some((prefix) => [key, rest].some((text) => text.toLowerCase().startsWith(prefix)))) return;
  throw refuse(`session key "${rest}" begins with none of hooks.allowedSessionKeyPrefixes (${prefixes.join(', ')})`);
}

function findAgent({ agents }: TargetDeps, { agentIds }: HookSettings, id: string | undefined): AgentSpec {
  const agent = id === undefined ? agents.default() : agents.find(id);
  const reachable = agents.list().filter((one) => agentIds?.includes(one.id) ?? true);
  if (agent && reachable.includes(agent)) return agent;
  const named = id === undefined ? `the default agent "${agent?.id}"` : `agent "${id.slice(0, 100)}"`;
  const known = reachable.map((one) => one.id).join(', ') || 'none';
  throw refuse(`hooks do not reach ${named}; they reach: ${known}. hooks.allowedAgentIds says which`);
}

function refuse(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'HOOK_REFUSED' } });
}
