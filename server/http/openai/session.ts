import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentSpec } from '../../config/agents.ts';
import { parseSessionKey, reservedPrefixes, toSessionKey } from '../../sessions/key.ts';
import type { SessionStore } from '../../sessions/store.ts';
import { refuse } from '../failure.ts';
import { readHeader } from './agent.ts';

/** The conversation a request belongs to. */
export interface ChosenSession {
  /** Canonical. */
  key: string;
  /** True when nobody named it, so that it ends with the answer. */
  transient: boolean;
}

/** What a body says about its conversation. */
export interface SessionHints {
  user: string | undefined;
  /** `metadata.chat_id` is a conversation of Open WebUI. */
  metadata: unknown;
}

/** Characters, as everywhere where a session is named. */
const maxKeyLength = 512;

/**
 * Finds the conversation of a request: `x-openclaw-session-key`, a chat id of Open WebUI, `user`, else one of its own.
 * @throws GatewayError that leaves as 400 when the key is malformed, reserved or another agent's.
 */
export function chooseSession(
  req: IncomingMessage,
  hints: SessionHints,
  { agent, mainKey = 'main' }: { agent: AgentSpec; mainKey: string | undefined },
): ChosenSession {
  const named = readHeader(req, 'x-openclaw-session-key');
  if (named) {
    const { key, rest } = parseSessionKey(named, { agentId: agent.id, mainKey }, agent.id);
    refuseReserved(rest);
    if (key.length > maxKeyLength) throw refuseKey(`session keys have at most ${maxKeyLength} characters`);
    return { key, transient: false };
  }
  const chat = readHeader(req, 'x-openwebui-chat-id') ?? toChatId(hints.metadata);
  if (chat) return { key: toSessionKey(agent.id, `http:chat:${toKeyPart(chat)}`).key, transient: false };
  if (hints.user) return { key: toSessionKey(agent.id, `http:user:${toKeyPart(hints.user)}`).key, transient: false };
  return { key: toSessionKey(agent.id, `http:${randomUUID()}`).key, transient: true };
}

/** Tells the caller which conversation its request belongs to. A configured main key may have characters that no header has. */
export function tellSession(res: ServerResponse, { key }: ChosenSession): void {
  res.setHeader('x-openclaw-session-key', /^[ -~]*$/.test(key) ? key : encodeURI(key));
}

function refuseReserved(rest: string): void {
  const prefix = reservedPrefixes.find((reserved) => rest.toLowerCase().startsWith(reserved));
  if (prefix) throw refuseKey(`session keys that begin with "${prefix}" belong to the gateway; choose another name`);
}

const refuseKey = (message: string) => refuse(400, message, { param: 'x-openclaw-session-key' });

function toChatId(metadata: unknown): string | undefined {
  const id = (metadata as { chat_id?: unknown } | undefined)?.chat_id;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** Names that would not stand in a key or a header are replaced by their digest. */
function toKeyPart(name: string): string {
  return /^[!-~]{1,256}$/.test(name) ? name : createHash('sha256').update(name).digest('hex');
}

/** Finds which tool was called with an id among the newest rows of a session. */
export function findToolNameIn(
  sessions: Pick<SessionStore, 'history'>,
  key: string,
): (callId: string) => string | undefined {
  return (callId) => {
    const rows = sessions.history(key, { limit: rowsSearched, offset: 0 }).messages;
    const calls = rows.flatMap(({ content }) => content.filter((part) => part.type === 'toolCall'));
    return calls.findLast(({ id }) => id === callId)?.name;
  };
}

const rowsSearched = 100;
