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
  const { fileName, content } = attachment;
  const name = fileName?.slice(0, 200).toWellFormed() ?? `attachment ${index + 1}`;
  if (typeof content !== 'string') throw unreadable(name, 'its content must be base64 text');
  const mimeType = attachment.mimeType || (/^data:([^;,]{1,100})/.exec(content)?.[1] ?? '');
  const data = toBase64(content);
  if (data === undefined) throw unreadable(name, 'its content must be base64 text');
  const bytes = Math.floor((data.length * 3) / 4);
  if (mimeType.startsWith('image/') || attachment.type === 'image') {
    if (bytes === 0) throw unreadable(name, 'it is empty');
    if (bytes > maxImageBytes) throw unreadable(name, `images may have ${maxImageBytes} bytes, this one has ${bytes}`);
    return { type: 'image', mimeType: mimeType || 'image/png', data };
  }
  if (bytes > maxAttachmentBytes) throw unreadable(name, `it may have ${maxAttachmentBytes} bytes, it has ${bytes}`);
  if (!/^text\/|[/+](json|xml|yaml|csv|markdown|javascript|typescript)$/.test(mimeType))
    throw unreadable(name, `only images and text files can be read, not "${mimeType || 'an unnamed type'}"`);
  return { type: 'text', text: `File ${name}:\n\n${Buffer.from(data, 'base64').toString('utf8')}` };
}

/** Standard base64 without line breaks, as models take it; undefined for what is none. */
function toBase64(content: string): string | undefined {
  const data = content
    .replace(/^data:[^,]*,/, '')
    .replace(/\s+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(data) ? data : undefined;
}

function unreadable(name: string, reason: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `cannot read ${name}: ${reason}`, {
    details: { code: 'ATTACHMENT_UNREADABLE', name },
  });
}
