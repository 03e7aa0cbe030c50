import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Attachment } from '../../sdk/protocol/fields.ts';
import type { AttachedFile, ContentPart } from '../../sdk/protocol/message.ts';
import { attachmentLimits } from '../../sdk/protocol/version.ts';
import type { Config } from '../config/config.ts';
import { parseBase64, parseInlineUrl } from './inline-url.ts';
import type { Intake, Media } from './media.ts';
import { findMediaReason } from './refusal.ts';
import { toChatMedia } from './settings.ts';

/** What a message carries of an attachment. */
export type AttachedPart = Extract<ContentPart, { type: 'text' | 'image' }>;

/** Reads what came with a message over the socket. */
export interface Attachments {
  /** @throws GatewayError INVALID_REQUEST, `details.code: 'ATTACHMENT_UNREADABLE'`, with the attachment's name. */
  read(attachments: readonly Attachment[]): Promise<AttachedPart[]>;
  close(): void;
}

/** A file as a part of a message: people see its name, models read what is in it. */
export function toFilePart(file: AttachedFile): AttachedPart {
  return { type: 'text', text: `[file ${file.name}]`, file };
}

export function createAttachments({ media, config }: { media: Media; config(): Config }): Attachments {
  const closing = new AbortController();
  return {
    async read(attachments) {
      const { images, files, maxUrlParts } = toChatMedia(config());
      const settings = {
        images: { ...images, maxBytes: attachmentLimits.maxImageBytes, allowUrl: false },
        files: { ...files, maxBytes: attachmentLimits.maxBytes },
        maxUrlParts,
      };
      const intake = media.open(settings, closing.signal);
      try {
        return await Promise.all(attachments.map((each, index) => readOne(intake, each, index)));
      } finally {
        intake.close();
      }
    },
    close: () => closing.abort(new GatewayError('UNAVAILABLE', 'the gateway stops')),
  };
}

// --- internal ---

async function readOne(intake: Intake, attachment: Attachment, index: number): Promise<AttachedPart> {
  const { content, type } = attachment;
  const name = attachment.fileName?.slice(0, 200).toWellFormed() ?? `attachment ${index + 1}`;
  const inline =
    typeof content !== 'string' ? undefined : /^data:/i.test(content) ? parseInlineUrl(content) : bare(content);
  if (!inline) throw unreadable(name, 'its content must be base64 text');
  const mimeType = attachment.mimeType || inline.mimeType;
  const raw = { data: inline.base64, mimeType };
  try {
    if (!mimeType.startsWith('image/') && type !== 'image') {
      // Nothing to read is nothing to refuse: programs send empty notes.
      const isEmpty = inline.byteLength === 0 && mimeType.startsWith('text/');
      return toFilePart(isEmpty ? { name, mimeType, content: '' } : await intake.file({ raw, name }));
    }
    const image = await intake.image({ raw });
    return { type: 'image', mimeType: image.mimeType, data: image.data };
  } catch (error) {
    const reason = findMediaReason(error);
    throw reason ? unreadable(name, (error as Error).message, { reason, cause: error }) : error;
  }
}

const bare = (content: string) => {
  const parsed = parseBase64(content);
  return parsed && { ...parsed, mimeType: '' };
};

function unreadable(name: string, why: string, { reason, cause }: { reason?: string; cause?: unknown } = {}) {
  return new GatewayError('INVALID_REQUEST', `cannot read ${name}: ${why}`, {
    details: { code: 'ATTACHMENT_UNREADABLE', name, ...(reason && { reason }) },
    cause,
  });
}
