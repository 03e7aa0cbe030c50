import type { ChatMessage, ContentPart } from './message.ts';

/** The text of a message, its parts joined; empty when it has none. */
export function toText({ content }: Pick<ChatMessage, 'content'>): string {
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

/** A message's content as people read it: of files only what they are called. */
export function toShownContent(content: readonly ContentPart[]): ContentPart[] {
  return content.map((part) => {
    if (part.type !== 'text' || !part.file) return part;
    const { name, mimeType } = part.file;
    return { ...part, file: { name, mimeType } };
  });
}
