import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChatMessage } from '../../../sdk/protocol/message.ts';
import type { RunInput } from '../../agent/runs.ts';
import type { AgentSpec } from '../../config/agents.ts';
import { firstWords } from '../../sessions/history.ts';
import { parseSessionKey, reservedPrefixes, toSessionKey } from '../../sessions/key.ts';
import { createOrderedId } from '../../sessions/ordered-id.ts';
import type { SessionStore } from '../../sessions/store.ts';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import { readHeader } from './agent.ts';

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
  isAside?: boolean;
}

/** Where a request is sorted in. */
export interface SessionPlace {
  agent: AgentSpec;
  mainKey: string | undefined;
  sessions: Pick<SessionStore, 'isToldHistory'>;
}

/** Characters, as everywhere where a session is named. */
const maxKeyLength = 512;

/**
 * Finds the conversation of a request: `x-openclaw-session-key`, a chat id, `user`, else one of its own.
 * @throws GatewayError that leaves as 400 when the key is malformed, reserved or another agent's.
 */
export function chooseSession(
  req: IncomingMessage,
  hints: SessionHints,
  { agent, mainKey = 'main', sessions }: SessionPlace,
): ChosenSession {
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

/** Where requests to an agent are sorted in, as it is configured now. */
export function toPlace({ config, sessions }: Pick<HttpDeps, 'config' | 'sessions'>, agent: AgentSpec): SessionPlace {
  return { agent, mainKey: config.current().session?.mainKey, sessions };
}

/** How a run goes on in its session: with what the caller tells of the conversation, or with what the session holds. */
export function toContinuation(
  { transient, isTold, name }: ChosenSession,
  told: Pick<RunInput, 'history' | 'content'>,
  commands: HttpDeps['commands'],
): Pick<RunInput, 'history' | 'follows' | 'name'> {
  const named = name && !transient && { name: toName(name, told) };
  if (!told.history && (transient || !isTold)) return { ...named };
  const history = commands.leaveOut(told.history ?? []);
  return { history, ...named, ...(!transient && { follows: 'history' as const }) };
}

const maxNameChars = 100;

/** A name by which a person knows the conversation again: who talks in it, and what was said first. */
function toName({ program, user }: NonNullable<ChosenSession['name']>, told: Pick<RunInput, 'history' | 'content'>) {
  const content = told.history?.find((message) => message.role === 'user')?.content ?? told.content;
  const text = user ?? content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
  return firstWords(`${program}: ${text}`, maxNameChars);
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

interface Chat {
  id: string;
  program: string;
  /** True when the program is known to tell all of the chat in each request. */
  isWhole: boolean;
}

/** The chat that a request names. Open WebUI says who asks together with the chat, and never sends `metadata`. */
function findChat(req: IncomingMessage, metadata: unknown): Chat | undefined {
  const own = readHeader(req, 'x-openclaw-chat-id');
  if (isNamed(own)) return { id: own, program: 'Chat', isWhole: true };
  const webUi = readHeader(req, 'x-openwebui-chat-id');
  const isWhole = ['x-openwebui-user-id', 'x-openwebui-user-jwt'].some((name) => readHeader(req, name) !== undefined);
  if (isNamed(webUi)) return { id: webUi, program: 'Open WebUI', isWhole };
  const told = (metadata as { chat_id?: unknown } | null | undefined)?.chat_id;
  const id = typeof told === 'string' ? told.trim() : undefined;
  return isNamed(id) ? { id, program: 'Chat', isWhole: false } : undefined;
}

/** False for what stands where a program has no id yet: `new`, or the name of the placeholder. */
function isNamed(id: string | undefined): id is string {
  return id !== undefined && !/^(|new|null|undefined|none|\{\{.*\}\})$/i.test(id);
}

/** True for what LibreChat sends as `user`: an account, which has many conversations. */
function isAccount(user: string): boolean {
  return /^[0-9a-f]{24}$/.test(user);
}

/** Names that would not stand in a key or a header are replaced by their digest. */
function toKeyPart(name: string): string {
  return /^[!-~]{1,256}$/.test(name) ? name : createHash('sha256').update(name).digest('hex');
}

/** Finds which tool was called with an id: in a response that is answered, else among the newest rows of a session. */
export function findToolNameIn(
  sessions: Pick<SessionStore, 'history' | 'ofRun'>,
  key: string,
  previous?: string | null,
): (callId: string) => string | undefined {
  return (callId) => {
    const answered = previous ? findCall(sessions.ofRun(key, previous), callId) : undefined;
    return answered ?? findCall(sessions.history(key, { limit: rowsSearched, offset: 0 }).messages, callId);
  };
}

const rowsSearched = 100;

function findCall(rows: readonly ChatMessage[], callId: string): string | undefined {
  const calls = rows.flatMap(({ content }) => content.filter((part) => part.type === 'toolCall'));
  return calls.findLast(({ id }) => id === callId)?.name;
}
