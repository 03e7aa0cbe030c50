import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Attachment } from '../../sdk/protocol/fields.ts';
import type { UserPart } from '../models/provider.ts';

/** Bytes of one attachment, and of one image; told to clients in `hello-ok.policy.attachments`. */
export const maxAttachmentBytes = 19_464_192;
export const maxImageBytes = 6_291_456;

/**
 * What the model reads of a message and its attachments: images as they are, text files as quoted text.
 * @throws GatewayError INVALID_REQUEST for a message without content, and for attachments that cannot be read.
 */
export function toUserParts(message: string, attachments: readonly Attachment[] = []): UserPart[] {
  if (message.trim() === '' && attachments.length === 0)
    throw new GatewayError('INVALID_REQUEST', 'message or attachment required');
  const files = attachments.map(toPart);
  return message.trim() === '' ? files : [{ type: 'text', text: message }, ...files];
}

function toPart(attachment: Attachment, index: number): UserPart {
  const { mimeType = '', fileName, content } = attachment;
  const name = fileName ?? `attachment ${index + 1}`;
  if (typeof content !== 'string') throw unreadable(name, 'its content must be base64 text');
  const data = content.replace(/^data:[^,]*,/, '');
  const bytes = Math.floor((data.length * 3) / 4);
  if (mimeType.startsWith('image/') || attachment.type === 'image') {
    if (bytes > maxImageBytes) throw unreadable(name, `images may have ${maxImageBytes} bytes, this one has ${bytes}`);
    return { type: 'image', mimeType: mimeType || 'image/png', data };
  }
  if (bytes > maxAttachmentBytes) throw unreadable(name, `it may have ${maxAttachmentBytes} bytes, it has ${bytes}`);
  if (!/^text\/|[/+](json|xml|yaml|csv|markdown|javascript|typescript)$/.test(mimeType))
    throw unreadable(name, `only images and text files can be read, not "${mimeType || 'an unnamed type'}"`);
  return { type: 'text', text: `File ${name}:\n\n${Buffer.from(data, 'base64').toString('utf8')}` };
}

function unreadable(name: string, reason: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `cannot read ${name}: ${reason}`, {
    details: { code: 'ATTACHMENT_UNREADABLE', name },
  });
}
