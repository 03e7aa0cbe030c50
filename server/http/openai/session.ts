import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentSpec } from '../../config/agents.ts';
import { parseSessionKey, reservedPrefixes, toSessionKey } from '../../sessions/key.ts';
import { createOrderedId } from '../../sessions/ordered-id.ts';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import { readHeader } from './agent.ts';
import { findChat, isAccount } from './chat-id.ts';

/** The conversation a request belongs to. */
export interface ChosenSession {
  /** Canonical. */
  key: string;
  /** True when nobody named it, so that it ends with the answer. */
  transient: boolean;
  /** True when the caller tells all of it in each request, so that what the session holds is not put before that. */
  isTold: boolean;
  /** Who talks in it, for people. */
  name?: { program: string; user?: string | undefined } | undefined;
}

/** What a body says about its conversation. */
export interface SessionHints {
  user: string | undefined;
  /** `metadata.chat_id` is a conversation of Open WebUI. */
  metadata: unknown;
  /** True for a request about a conversation, which is no part of it. */
  isAside: boolean;
}

/**
 * Finds the conversation of a request: `x-openclaw-session-key`, a chat id, `user`, else one of its own.
 * @throws GatewayError that leaves as 400 when the key is malformed, reserved or another agent's.
 */
export function chooseSession(
  { config, sessions }: Pick<HttpDeps, 'config' | 'sessions'>,
  { req, agent }: { req: IncomingMessage; agent: AgentSpec },
  hints: SessionHints,
): ChosenSession {
  const { mainKey = 'main' } = config.current().session ?? {};
  const named = readHeader(req, 'x-openclaw-session-key');
  const parsed = named ? parseSessionKey(named, { agentId: agent.id, mainKey }, agent.id) : undefined;
  if (parsed) refuseReserved(parsed.rest);
  if (parsed && parsed.key.length > maxKeyLength)
    throw refuseKey(`session keys have at most ${maxKeyLength} characters`);
  const own = (): ChosenSession => {
    const { key } = toSessionKey(agent.id, `http:${createOrderedId()}`);
    return { key, transient: true, isTold: true };
  };
  if (hints.isAside) return own();
  if (parsed) return { key: parsed.key, transient: false, isTold: sessions.isToldHistory(parsed.key) };

  const chat = findChat(req, hints.metadata);
  // A temporary chat of Open WebUI is one that is not to be kept.
  if (chat?.id.startsWith('local:')) return own();
  if (chat) {
    const { key } = toSessionKey(agent.id, `http:chat:${toKeyPart(chat.id)}`);
    return { key, transient: false, isTold: chat.isWhole || sessions.isToldHistory(key), name: chat };
  }
  if (!hints.user) return own();
  const { key } = toSessionKey(agent.id, `http:user:${toKeyPart(hints.user)}`);
  const isTold = isAccount(hints.user) || sessions.isToldHistory(key);
  return { key, transient: false, isTold, name: { program: 'HTTP', user: hints.user } };
}

/** Tells the caller which conversation its request belongs to. A configured main key may have characters that no header has. */
export function tellSession(res: ServerResponse, { key }: ChosenSession): void {
  res.setHeader('x-openclaw-session-key', /^[ -~]*$/.test(key) ? key : encodeURI(key));
}

// --- internal ---

/** Characters, as everywhere where a session is named. */
const maxKeyLength = 512;

function refuseReserved(rest: string): void {
  const prefix = reservedPrefixes.find((reserved) => rest.toLowerCase().startsWith(reserved));
  if (prefix) throw refuseKey(`session keys that begin with "${prefix}" belong to the gateway; choose another name`);
}

const refuseKey = (message: string) => refuse(400, message, { param: 'x-openclaw-session-key' });

/** Names that would not stand in a key or a header are replaced by their digest. */
function toKeyPart(name: string): string {
  // What looks like a digest is none: whoever is called so would be in the conversation of somebody else.
  return /^(?![0-9a-f]{64}$)[!-~]{1,256}$/.test(name) ? name : createHash('sha256').update(name).digest('hex');
}
