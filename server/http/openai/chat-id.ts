import type { IncomingMessage } from 'node:http';
import { readHeader } from './agent.ts';

/** A conversation as the caller's program names it. */
export interface Chat {
  id: string;
  /** Of the program, for people. */
  program: string;
  /** True when the program is known to tell all of the chat in each request. */
  isWhole: boolean;
}

/** The chat that a request names. Open WebUI says who asks together with the chat, and never sends `metadata`. */
export function findChat(req: IncomingMessage, metadata: unknown): Chat | undefined {
  const own = readHeader(req, 'x-openclaw-chat-id');
  if (isNamed(own)) return { id: own, program: 'Chat', isWhole: true };
  const webUi = readHeader(req, 'x-openwebui-chat-id');
  const isWhole = ['x-openwebui-user-id', 'x-openwebui-user-jwt'].some((name) => readHeader(req, name) !== undefined);
  if (isNamed(webUi)) return { id: webUi, program: 'Open WebUI', isWhole };
  const told = (metadata as { chat_id?: unknown } | null | undefined)?.chat_id;
  const id = typeof told === 'string' ? told.trim() : undefined;
  return isNamed(id) ? { id, program: 'Chat', isWhole: false } : undefined;
}

/** True for what LibreChat sends as `user`: an account, which has many conversations. */
export function isAccount(user: string): boolean {
  return /^[0-9a-f]{24}$/.test(user);
}

// --- internal ---

/** False for what stands where a program has no id yet: `new`, or the name of the placeholder. */
function isNamed(id: string | undefined): id is string {
  return id !== undefined && !/^(|new|null|undefined|none|\{\{.*\}\})$/i.test(id);
}
