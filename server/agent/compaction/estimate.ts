import type { ContentPart } from '../../../sdk/protocol/message.ts';
import type { ModelMessage } from '../../models/provider.ts';

/** Of a token, in languages with an alphabet. */
const charsPerToken = 4;
/** What providers count for a picture of usual size, about. */
const imageTokens = 1500;
/** What stands around each message. */
const messageTokens = 4;

/** Tokens of a text, about: a fourth of its letters, and every character of scripts without an alphabet. */
export function estimateText(text: string): number {
  const wide = text.match(/[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/g)?.length ?? 0;
  return Math.ceil((text.length - wide) / charsPerToken) + wide;
}

/** Tokens of messages or of rows of a transcript, about. */
export function estimateTokens(messages: readonly (ModelMessage | { content: readonly ContentPart[] })[]): number {
  return messages.reduce((sum, message) => sum + messageTokens + estimateMessage(message), 0);
}

/** Of a file, models read what is in it. */
const readText = (part: { text: string; file?: { content?: string | undefined } | undefined }) =>
  part.file?.content ?? part.text;

function estimateMessage(message: ModelMessage | { content: readonly ContentPart[] }): number {
  if ('text' in message) return estimateText(message.text);
  if ('output' in message) return estimateText(message.output);
  let tokens = 0;
  for (const part of message.content) {
    if (part.type === 'text') tokens += estimateText(readText(part));
    else if (part.type === 'image') tokens += imageTokens;
    else if (part.type === 'toolCall') tokens += estimateText(part.name) + estimateText(JSON.stringify(part.arguments));
  }
  return tokens;
}
