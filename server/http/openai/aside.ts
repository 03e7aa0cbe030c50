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
  /** Messages, or items; `instructions` stand before them as a system message. */
  messages: readonly object[];
}

/** True for a request about a conversation: marked as one, or known by what the programs write into it unless told otherwise. */
export function isAside(req: IncomingMessage, { stream, metadata, messages }: Asked): boolean {
  if (readHeader(req, 'x-openwebui-task') || toTask(metadata)) return true;
  const [first, ...others] = messages as readonly Said[];
  const isInstructed = first?.role === 'system' || first?.role === 'developer';
  if (isInstructed && systemShapes.some((shape) => shape.test(toText(first)))) return true;
  const only = isInstructed ? others[0] : first;
  if (stream || messages.length > (isInstructed ? 2 : 1) || only?.role !== 'user') return false;
  return shapes.some((shape) => shape.test(toText(only).trimStart()));
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

/** LobeChat says in the instructions what it wants, and streams the answer: titles, summaries, emoji, translations, queries. */
const systemShapes: readonly RegExp[] = [
  /^You are a professional conversation summarizer\. Generate a concise title/,
  /^You're an assistant who's good at extracting key takeaways from conversations/,
  /^You are an emoji expert who selects/,
  /^You are a professional translator\. Translate the input text to /,
  /^Given the following conversation and a follow-up question[\s\S]*<chatHistory>/,
  /^你是一名(?:精通全世界语言的语言专家|擅长起名的起名大师|擅长技能总结的助理|擅长会话标签总结的助理)/,
];

interface Said {
  role?: string;
  content?: string | readonly { text?: string }[] | null;
}

/** The text of a message that has nothing else; empty for others. */
function toText({ content }: Said): string {
  if (typeof content === 'string') return content;
  const texts = content?.map(({ text }) => text) ?? [];
  return texts.includes(undefined) ? '' : texts.join('\n');
}

function toTask(metadata: unknown): boolean {
  const task = (metadata as { task?: unknown } | null | undefined)?.task;
  return typeof task === 'string' && task !== '';
}
