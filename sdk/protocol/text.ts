import type { ChatMessage } from './message.ts';

/** The text of a message, its parts joined; empty when it has none. */
export function toText({ content }: Pick<ChatMessage, 'content'>): string {
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}
