import type { IncomingMessage } from 'node:http';
import { readHeader } from './agent.ts';

/*
 * Chat programs ask for more than answers: for a title of the chat, for tags, for questions that could follow. They send such
 * requests to the same route, under the same user or chat, and some before the answer is through. They are about a
 * conversation and no part of it: they are answered beside it, and stand in no transcript.
 */

/** The part of a body that tells. */
export interface Asked {
  stream: boolean | undefined;
  metadata: unknown;
  /** The text of each message; undefined for one that has more than text. */
  messages: readonly { role: string; text: string | undefined }[];
}

/** True for a request about a conversation: marked as one, or known by what the programs write into it unless told otherwise. */
export function isAside(req: IncomingMessage, { stream, metadata, messages }: Asked): boolean {
  if (readHeader(req, 'x-openwebui-task') || toTask(metadata)) return true;
  const last = messages.at(-1)?.text;
  const told = messages.filter(({ role }) => role !== 'system' && role !== 'developer');
  if (told.length !== 1 || told[0]?.role !== 'user' || last === undefined) return false;
  if (messages.some(({ role, text = '' }) => role === 'system' && systemShapes.some((shape) => shape.test(text))))
    return true;
  return !stream && shapes.some((shape) => shape.test(last.trimStart()));
}

// --- internal ---

/** How such requests begin, as the programs have them in their sources. */
const shapes: readonly RegExp[] = [
  // Open WebUI: title, tags, follow-ups, queries, completion of what is typed. Its request with found documents has no history.
  /^### Task:[\s\S]*<chat_history>/,
  // Open WebUI: the emoji of a call.
  /^Your task is to reflect the speaker's likely facial expression/,
  // LibreChat: `titleMethod` completion and structured.
  /^Provide a concise, 5-word-or-less title for the conversation/,
  /^Analyze this conversation and provide:\s*1\. The detected language/,
];

/** LobeChat says in the instructions what it wants, and streams the answer. */
const systemShapes: readonly RegExp[] = [
  /^You are a professional conversation summarizer\. Generate a concise title/,
  /^You're an assistant who's good at extracting key takeaways from conversations/,
];

function toTask(metadata: unknown): boolean {
  const task = (metadata as { task?: unknown } | null | undefined)?.task;
  return typeof task === 'string' && task !== '';
}
