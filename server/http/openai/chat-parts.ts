import { type SentPart, toFileContent } from './attachments.ts';
import type { ChatBody } from './chat-body.ts';

/** The images and files of a body, to be read before its input is made. */
export function listChatParts({ messages }: ChatBody): SentPart[] {
  return messages.flatMap(({ role, content }, at) => {
    if (role !== 'user' || typeof content === 'string') return [];
    return content.flatMap((part, index): SentPart[] => {
      const param = `messages[${at}].content[${index}]`;
      if (part.type === 'image_url')
        return [{ kind: 'image', param, member: 'image_url.url', url: part.image_url.url }];
      if (part.type !== 'file') return [];
      const { file_data = '', filename } = part.file;
      return [{ kind: 'file', param, member: 'file.file_data', name: filename, ...toFileContent(file_data) }];
    });
  });
}
