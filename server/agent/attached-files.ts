import type { AttachedFile } from '../../sdk/protocol/message.ts';
import type { ModelMessage, UserPart } from '../models/provider.ts';
import { markUntrusted } from './untrusted.ts';

/** A part as a model reads it. */
export function toReadPart(part: UserPart): UserPart {
  if (part.type !== 'text' || part.file?.content === undefined) return part;
  return { type: 'text', text: toReadText(part.file) };
}

/** What models read of a file: its name, and what is in it between markers. */
function toReadText({ name, content = '' }: AttachedFile): string {
  return markUntrusted(content, { source: `file ${name}` });
}

/** Messages as a model reads them. */
export function withFiles(messages: readonly ModelMessage[]): ModelMessage[] {
  return messages.map((message) =>
    message.role === 'user' && message.content.some((part) => part.type === 'text' && part.file)
      ? { role: 'user', content: message.content.map(toReadPart) }
      : message,
  );
}
